import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { FeedLog } from "../../src/objects/feed-log.ts";
import type { GivenUp } from "../../src/objects/station-lane-reports.ts";
import { Audit } from "../../src/objects/tenant-audit.ts";
import { DeadLetters } from "../../src/objects/tenant-dead-letters.ts";
import { Database } from "../../src/store/database.ts";
import {
  deadLetterFill,
  insertDeadLetter,
  MAX_DEAD_LETTER_BYTES,
  MAX_DEAD_LETTERS,
} from "../../src/store/dead-letter-store.ts";
import { insertQuarantined, MAX_QUARANTINED_BYTES } from "../../src/store/quarantine-store.ts";
import { insertRefusals, listRefusals } from "../../src/store/tenant-store.ts";
import wrangler from "../../wrangler.toml?raw";
import { TEST_LIMIT } from "../support/limits.ts";
import { webhook } from "../support/webhooks.ts";
import { newTenant, worker } from "./support.ts";

afterEach(() => reset());

const withTenant = <T>(id: string, run: (db: Database) => T): Promise<T> =>
  runInDurableObject(env.TENANT.getByName(id), (_instance, { storage }) =>
    run(new Database(storage)),
  );

const letter = (seq: number, body = "{}"): GivenUp => ({
  routeId: "rt_1",
  event: {
    id: `e${seq}`,
    type: "session.updated",
    source: "src_1",
    station: "cs1",
    seq,
    late: false,
    occurredAtMs: seq,
    receivedAtMs: seq,
    body,
  },
  attempts: 1,
  lastAnswer: "HTTP 500",
  snippet: "",
});

describe("what is kept", () => {
  it("is 10,000 dead letters, the newest, each once", async () => {
    const { id } = await newTenant();
    await withTenant(id, (db) => {
      const letters = new DeadLetters(db, new Audit(db));
      for (let seq = 1; seq <= MAX_DEAD_LETTERS; seq += 1) letters.keep(letter(seq), seq);
      letters.keep(letter(1), 1);
      const kept = () =>
        db.first<{ rows: number; first: number }>(
          "SELECT count(*) AS rows, min(seq) AS first FROM dead_letters",
        );
      expect(kept()).toEqual({ rows: MAX_DEAD_LETTERS, first: 1 });
      letters.keep(letter(MAX_DEAD_LETTERS + 1), 1);
      expect(kept()).toEqual({ rows: MAX_DEAD_LETTERS, first: 2 });
      // Nothing is counted anew, and the next one still finds the oldest.
      letters.keep(letter(MAX_DEAD_LETTERS + 2), 1);
      expect(kept()).toEqual({ rows: MAX_DEAD_LETTERS, first: 3 });
    });
  });

  it("is 256 MiB of dead letters, the newest", async () => {
    const { id } = await newTenant();
    await withTenant(id, (db) => {
      const letters = new DeadLetters(db, new Audit(db));
      const large = (seq: number, size: number) =>
        insertDeadLetter(db, { ...letter(seq), size, atMs: 1 });
      const seqs = () => db.all<{ seq: number }>("SELECT seq FROM dead_letters").map((r) => r.seq);
      large(1, 2);
      large(2, MAX_DEAD_LETTER_BYTES - 4);
      letters.keep(letter(3, "é"), 1);
      expect(deadLetterFill(db)).toEqual({ letters: 3, bytes: MAX_DEAD_LETTER_BYTES });
      letters.keep(letter(4, "é"), 1);
      expect([seqs(), deadLetterFill(db).bytes]).toEqual([[2, 3, 4], MAX_DEAD_LETTER_BYTES]);
      letters.keep(letter(5, "e"), 1);
      expect(seqs()).toEqual([3, 4, 5]);
    });
  });

  it("is 500 refusals per source, the newest", async () => {
    const { id } = await newTenant();
    await withTenant(id, (db) => {
      const refusal = (atMs: number) => ({ atMs, reason: "r", count: 1, samples: "[]" });
      for (let at = 1; at <= 500; at += 1) insertRefusals(db, "src_1", [refusal(at)]);
      insertRefusals(db, "src_2", [refusal(1)]);
      expect(listRefusals(db, "src_1", 1e9, 1000)).toHaveLength(500);
      insertRefusals(db, "src_1", [refusal(501)]);
      const kept = listRefusals(db, "src_1", 1e9, 1000);
      expect([kept.length, kept[0]?.atMs, kept.at(-1)?.atMs]).toEqual([500, 501, 2]);
      expect(listRefusals(db, "src_2", 1e9, 1000)).toHaveLength(1);
    });
  });

  it("is never what would overfill the quarantine: the sender is told to come back", async () => {
    const tenant = await newTenant();
    const { path, id } = await tenant.source();
    const body = "not JSON";
    await withTenant(tenant.id, (db) => {
      const row = { id: "q_full", sourceId: id, reason: "not_json", receivedAtMs: 1 };
      const size = MAX_QUARANTINED_BYTES - body.length;
      insertQuarantined(db, { ...row, size }, new ArrayBuffer(1));
    });
    expect((await tenant.send(path, body)).status).toBe(200);
    const refused = await tenant.send(path, `${body}!`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "60"]);
    // What is kept already is acknowledged again, and events are not held up.
    expect((await tenant.send(path, body)).status).toBe(200);
    expect((await tenant.send(path, webhook())).status).toBe(200);
  });

  it("is a ring of segments in the feed, whose oldest goes when it turns", async () => {
    await runInDurableObject(env.FEED.getByName("t/ring"), (_instance, { storage }) => {
      const db = new Database(storage);
      const slots = 8;
      let log = new FeedLog(db, slots);
      for (let seq = 1; seq <= 50; seq += 1) {
        // Each event fills a segment.
        const json = `{"type":"t","station":"a","seq":${seq},"body":"${"x".repeat(17_000)}"}`;
        const retained = new Map([["a", { lastSeq: seq, state: "{}" }]]);
        log.append([{ station: "a", seq, type: "t", json }], retained);
        if (seq % 7 === 0) log = new FeedLog(db, slots);
        const oldest = Math.max(0, seq - slots);
        expect(log.extent()).toMatchObject({ oldest, head: seq });
        expect(log.read(oldest).records).toMatchObject([{ offset: oldest + 1 }]);
      }
    });
  });
});

/** Local windows start at every tenth second; a test must not straddle two. */
const freshWindow = () =>
  expect.poll(() => Date.now() % 10_000, { timeout: 10_000, interval: 100 }).toBeLessThan(3_000);

describe("rate limits", () => {
  it("are those that the contract names", () => {
    const limits = [...wrangler.matchAll(/name = "(\w+_LIMIT)"[^[]*?simple = (\{.*\})/g)];
    expect(limits.map(([, name, simple]) => [name, simple])).toEqual([
      ["INGEST_LIMIT", "{ limit = 20000, period = 10 }"],
      ["REFUSAL_LIMIT", "{ limit = 1000, period = 10 }"],
    ]);
  });

  it("let the last webhook below the limit through, and not one more", async () => {
    const tenant = await newTenant();
    const { path, id } = await tenant.source();
    await freshWindow();
    for (let used = 1; used < TEST_LIMIT; used += 1) await env.INGEST_LIMIT.limit({ key: id });
    expect((await tenant.send(path, webhook())).status).toBe(200);
    const refused = await tenant.send(path, webhook());
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
    expect(await refused.json()).toMatchObject({ code: "rate_limited" });
    const other = await tenant.source();
    expect((await tenant.send(other.path, webhook())).status).toBe(200);
  });

  it("turn refusals into 429 after the limit from one address, and never stand in a signed request's way", async () => {
    const tenant = await newTenant();
    const { path, id } = await tenant.source();
    const forge = (address: string) =>
      worker(
        new Request(tenant.origin + path, {
          method: "POST",
          headers: { "cf-connecting-ip": address },
          body: "{}",
        }),
      );
    await freshWindow();
    for (let used = 1; used < TEST_LIMIT; used += 1) {
      await env.REFUSAL_LIMIT.limit({ key: `${id} 192.0.2.1` });
    }
    expect((await forge("192.0.2.1")).status).toBe(401);
    expect((await forge("192.0.2.1")).status).toBe(429);
    expect((await forge("192.0.2.2")).status).toBe(401);
    expect((await tenant.send(path, webhook())).status).toBe(200);
  });

  it("count requests for unknown sources per address, apart from all others", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await freshWindow();
    for (let used = 1; used < TEST_LIMIT; used += 1) {
      await env.REFUSAL_LIMIT.limit({ key: "unknown 192.0.2.9" });
    }
    const probe = (target: string) =>
      worker(
        new Request(tenant.origin + target, {
          method: "POST",
          headers: { "cf-connecting-ip": "192.0.2.9" },
        }),
      );
    expect((await probe("/ingest/src_none")).status).toBe(404);
    expect((await probe("/ingest/src_none")).status).toBe(429);
    expect((await probe(path)).status).toBe(401);
  });
});
