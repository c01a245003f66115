import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";

import { PROJECT_DIR } from "../../cli/relay/relay.ts";
import type { Release } from "./releases.ts";

const ListedEvent = z.looseObject({
  id: z.string(),
  type: z.string(),
  class: z.string(),
  station: z.string(),
  seq: z.int(),
  body: z.unknown(),
});
export type ListedEvent = z.infer<typeof ListedEvent>;

const Listed = z.array(z.looseObject({}));

/** What a version said of its state when it was stopped. */
export const Facts = z.object({
  madeAtMs: z.int(),
  adminKey: z.string(),
  readerKey: z.string(),
  deletedKey: z.string(),
  /** A subscriber's, from 0.3.0 on. */
  token: z.string().nullable(),
  removedTenant: z.object({ apiKey: z.string(), ingestPath: z.string() }),
  ingestPath: z.string(),
  /** By the host of their destinations. */
  routes: z.record(z.string(), z.object({ id: z.string(), secret: z.string() })),
  /** As `GET /v1/events` listed them. */
  events: z.array(ListedEvent),
  stations: z.array(z.looseObject({ station: z.string() })),
  quarantine: Listed,
  deadLetters: Listed,
  /** Of a subscriber that had taken the first so many of the events. */
  cursor: z.object({ text: z.string(), eventCount: z.int() }),
});
export type Facts = z.infer<typeof Facts>;

const FACTS = "facts.json";
const pathOf = (release: Release) =>
  join(PROJECT_DIR, `test/fixtures/state/${release}/state.tar.gz`);

/** Keeps what a release has stored in that directory, as a kill left it, and what is known of it. */
export function pack(release: Release, directory: string, facts: Facts): void {
  const path = pathOf(release);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(join(directory, FACTS), JSON.stringify(facts));
  // SQLite makes these files anew from the logs beside them.
  execFileSync("tar", ["-czf", path, "--exclude=*-shm", "-C", directory, "."]);
}

/** Puts what a release has stored into an empty directory. */
export function unpack(release: Release, directory: string): Facts {
  execFileSync("tar", ["-xzf", pathOf(release), "-C", directory]);
  const path = join(directory, FACTS);
  const facts = Facts.parse(JSON.parse(readFileSync(path, "utf8")));
  rmSync(path);
  return facts;
}
