import { existsSync, readFileSync } from "node:fs";
import * as z from "zod";

import { parseJson } from "../../../src/domain/webhook.ts";
import { UsageError } from "../../simulator/command-line.ts";
import { writePrivately } from "../private-file.ts";

const Gap = z.strictObject({ first: z.int(), last: z.int() });

/** How far one station's events are settled, which was delivered last, and what is missing since. */
const StationPlace = z.strictObject({
  settledSeq: z.int(),
  prevSeq: z.int().nullable(),
  gap: Gap.nullable(),
});
export type StationPlace = z.infer<typeof StationPlace>;

/** Where a forwarder stands, so that the next one goes on from there. */
const ForwardState = z.strictObject({
  relay: z.string(),
  tenant: z.string().nullable(),
  /** The local server that has got what lies before the cursor. */
  to: z.string(),
  /** The `whsec_…` that signs: the local server knows it. */
  secret: z.string(),
  /** Everything before it is delivered, or was refused for good. Null before the first connection. */
  cursor: z.string().nullable(),
  /** What is settled beyond the cursor, by station: what comes again is passed over. */
  stations: z.record(z.string(), StationPlace),
});
export type ForwardState = z.infer<typeof ForwardState>;

/** Null when there is no file yet. A file of another relay, tenant or server is not gone on with. */
export function readState(
  file: string,
  expected: Pick<ForwardState, "relay" | "tenant" | "to">,
): ForwardState | null {
  if (!existsSync(file)) return null;
  const parsed = ForwardState.safeParse(parseJson(readFileSync(file, "utf8")));
  if (!parsed.success) throw new UsageError(`${file} is not what \`chargewire forward\` writes.`);
  for (const name of ["relay", "tenant", "to"] as const) {
    if (parsed.data[name] !== expected[name]) {
      throw new UsageError(
        `${file} belongs to another ${name}, ${parsed.data[name]}: give another file.`,
      );
    }
  }
  return parsed.data;
}

export function writeState(file: string, state: ForwardState): void {
  writePrivately(file, JSON.stringify(state));
}
