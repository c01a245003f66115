import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";

import { FeedLog } from "../../src/objects/feed-log.ts";
import { Database } from "../../src/store/database.ts";
import { feedMigrations } from "../../src/store/feed-schema.ts";
import { readMetrics, SEGMENT_SLOTS } from "../../src/store/feed-store.ts";
import { migrate } from "../../src/store/migrate.ts";

afterEach(() => reset());

const MINUTE_MS = 60_000;
const START_MS = Date.parse("2026-11-25T12:00:10Z");

function withStorage<T>(name: string, run: (db: Database) => T): Promise<T> {
  return runInDurableObject(env.FEED.getByName(name), (_instance, { storage }) =>
    run(new Database(storage)),
  );
}

/** A flush of one event of that many characters, so many minutes after the start. */
class Flushes {
  #seq = 0;
  log: FeedLog;

  constructor(log: FeedLog) {
    this.log = log;
  }

  add(minute: number, size = 20): void {
    this.#seq += 1;
    const [seq, type] = [this.#seq, "session.updated"];
    const nowMs = START_MS + minute * MINUTE_MS;
    const json = `{"type":"${type}","station":"cs1","seq":${seq},"body":{"x":"${"x".repeat(size)}"}}`;
    const attempt = { route: "rt_a", endedMs: nowMs, isDelivered: true, deliveryMs: 30 };
    this.log.metrics.count([{ class: "network", receivedAtMs: nowMs - 12 }], [attempt], nowMs);
    const state = { lastSeq: seq, state: "{}" };
    this.log.append([{ station: "cs1", seq, type, json }], new Map([["cs1", state]]));
  }
}

/** What the log tells of the last minutes, `minute` minutes after the start. */
async function report(log: FeedLog, minutes: number, minute: number) {
  const { from, items, total } = await log.reportMetrics(minutes, START_MS + minute * MINUTE_MS);
  return { from, items, total, counts: items.map(({ events }) => events.network) };
}

describe("metrics in the feed's log", () => {
  it("are whole across segments and restarts", async () => {
    await withStorage("t/whole", async (db) => {
      const flushes = new Flushes(new FeedLog(db));
      // Segments of two events at first, then of several minutes.
      for (let minute = 0; minute < 6; minute += 1) {
        for (let count = 0; count <= minute; count += 1) flushes.add(minute, 9_000);
        flushes.log = new FeedLog(db);
      }
      for (let minute = 6; minute < 12; minute += 1) flushes.add(minute);
      const expected = [1, 2, 3, 4, 5, 6, 1, 1, 1, 1, 1, 1];
      for (const log of [flushes.log, new FeedLog(db)]) {
        const { counts, total } = await report(log, 12, 11);
        expect(counts).toEqual(expected);
        expect(total).toMatchObject({
          events: { network: 27 },
          relayMs: { count: 27, p50: 12, max: 12 },
          routes: [{ route: "rt_a", attempts: 27, deliveryMs: { count: 27, p99: 30 } }],
        });
        expect((await report(log, 3, 11)).counts).toEqual([1, 1, 1]);
      }
    });
  });

  it("cost no row", async () => {
    await withStorage("t/rows", async (db) => {
      const flushes = new Flushes(new FeedLog(db));
      flushes.add(0);
      const before = db.rowsWritten;
      for (let minute = 1; minute <= 200; minute += 1) flushes.add(minute, 1_000);
      await report(flushes.log, 200, 200);
      expect(db.rowsWritten - before).toBe(200);
    });
  });

  it("are read from one row per minute, however many segments there are", async () => {
    await withStorage("t/reads", async (db) => {
      const flushes = new Flushes(new FeedLog(db));
      for (let count = 0; count < 300; count += 1) flushes.add(Math.floor(count / 60), 20_000);
      let readCount = 0;
      const readRow = (segment: number) => {
        readCount += 1;
        return readMetrics(db, SEGMENT_SLOTS, segment);
      };
      const nowMs = START_MS + 4 * MINUTE_MS;
      const { items } = await flushes.log.metrics.report(5, nowMs, readRow);
      expect(items.map(({ events }) => events.network)).toEqual([60, 60, 60, 60, 60]);
      expect(readCount).toBe(4);
    });
  });

  it("begin later when the segments before have been written over", async () => {
    await withStorage("t/ring", async (db) => {
      const flushes = new Flushes(new FeedLog(db, 8));
      for (let minute = 0; minute < 20; minute += 1) flushes.add(minute, 20_000);
      const { from, counts } = await report(flushes.log, 60, 19);
      expect([from, counts]).toEqual(["2026-11-25T12:12:00.000Z", Array(8).fill(1)]);
    });
  });

  it("stay in the minute of the newest when the clock is set back", async () => {
    await withStorage("t/clock", async (db) => {
      const flushes = new Flushes(new FeedLog(db));
      flushes.add(5);
      flushes.add(4);
      expect((await report(flushes.log, 3, 6)).counts).toEqual([0, 2, 0]);
      // And are seen by who asks before that minute has come again.
      expect((await report(flushes.log, 3, 4)).counts).toEqual([0, 0, 2]);
    });
  });

  it("begin with the version that counts them", async () => {
    await withStorage("t/before", async (db) => {
      migrate(db, feedMigrations.slice(0, 2));
      db.run("INSERT INTO meta (key, value) VALUES ('epoch', 'e')");
      const json = '{"type":"session.updated","station":"cs1","body":{}}';
      db.run(
        "INSERT INTO segments (slot, number, first, last, states, events) VALUES (0, 0, 1, 1, '[]', ?)",
        json,
      );
      const flushes = new Flushes(new FeedLog(db));
      expect((await report(flushes.log, 2, 0)).counts).toEqual([0, 0]);
      flushes.add(0);
      expect((await report(new FeedLog(db), 2, 0)).counts).toEqual([0, 1]);
    });
  });
});
