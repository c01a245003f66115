import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";

import { serializeEvent } from "../../src/domain/event.ts";
import { FeedLog } from "../../src/objects/feed-log.ts";
import { Journal } from "../../src/objects/station-journal.ts";
import { Database } from "../../src/store/database.ts";
import { objectId } from "../support/webhooks.ts";

afterEach(() => reset());

/** Storage of an object that nobody else uses. */
function withStorage(run: (db: Database) => void): Promise<void> {
  return runInDurableObject(env.STATION.getByName(`t/${objectId()}`), (_, { storage }) =>
    run(new Database(storage)),
  );
}

/** An event received at that time. */
const incoming = (atMs: number, id = objectId()) => ({
  id,
  type: "session.updated",
  source: "src",
  createdAtMs: atMs,
  receivedAtMs: atMs,
  body: `{"at":${atMs}}`,
  replayable: false,
});

function fillJournal(db: Database, count: number): Journal {
  const journal = new Journal(db, "cs");
  const events = Array.from({ length: count }, (_, i) => incoming(i + 1));
  journal.append(events, () => []);
  return journal;
}

describe("Journal.clearBefore", () => {
  it.each([
    ["nothing", 1, 0],
    ["the first", 2, 1],
    ["half", 6, 5],
    ["all but the newest", 10, 9],
    ["all", 11, 10],
    ["all, long ago", 1_000, 10],
  ])("lets go of %s, and of nothing else, also after a restart", async (_name, beforeMs, count) => {
    await withStorage((db) => {
      const filled = fillJournal(db, 10);
      const rows = db.rowsWritten;
      expect(filled.clearBefore(beforeMs)).toBe(count);
      // One per event, and the head; nothing when there is nothing.
      expect(db.rowsWritten - rows).toBe(count === 0 ? 0 : count + 1);
      for (const journal of [filled, new Journal(db, "cs")]) {
        expect(journal.extent()).toMatchObject({ oldest: count, head: 10 });
        expect(journal.oldestSeq).toBe(count + 1);
        const seqs = journal.read(0, 100).map(({ seq }) => seq);
        expect(seqs).toEqual(Array.from({ length: 10 - count }, (_, i) => count + 1 + i));
      }
      expect(filled.clearBefore(beforeMs)).toBe(0);
    });
  });

  it("forgets no id, and gives no number twice", async () => {
    await withStorage((db) => {
      const ids = Array.from({ length: 100 }, () => objectId());
      const filled = new Journal(db, "cs");
      filled.append(
        ids.map((id, i) => incoming(i + 1, id)),
        () => [],
      );
      filled.clearBefore(1_000);
      const journal = new Journal(db, "cs");
      const again = ids.map((id, i) => incoming(i + 1, id));
      const outcomes = journal.append([...again, incoming(2_000)], () => []);
      expect(new Set(outcomes.slice(0, -1).map(({ status }) => status))).toEqual(
        new Set(["duplicate"]),
      );
      expect(outcomes.at(-1)).toMatchObject({ status: "accepted", event: { seq: 101 } });
      expect(journal.read(0, 10).map(({ seq }) => seq)).toEqual([101]);
    });
  });
});

function feedEntry(offset: number, bodyChars: number) {
  const event = {
    ...{ id: `e${offset}`, type: "session.updated", source: "src", station: "cs", seq: offset },
    ...{ late: false, occurredAtMs: offset, receivedAtMs: offset },
  };
  const json = serializeEvent({ ...event, body: `"${"x".repeat(bodyChars)}"` });
  return { station: "cs", seq: offset, type: "session.updated", json };
}

/** The offset is also the time received. */
function fillFeed(db: Database, count: number, bodyChars: number, slots?: number): FeedLog {
  const log = new FeedLog(db, slots);
  for (let offset = 1; offset <= count; offset += 1) appendTo(log, offset, bodyChars);
  return log;
}

function appendTo(log: FeedLog, offset: number, bodyChars: number): void {
  const retained = new Map([["cs", { lastSeq: offset, state: `{"seq":${offset}}` }]]);
  log.append([feedEntry(offset, bodyChars)], retained);
}

function offsetsOf(log: FeedLog): number[] {
  const offsets: number[] = [];
  for (let position = log.extent().oldest; position < log.extent().head; ) {
    const { records, offset } = log.read(position);
    offsets.push(...records.map((record) => record.offset));
    position = offset;
  }
  return offsets;
}

function offsetsBack(log: FeedLog): number[] {
  const offsets: number[] = [];
  for (let position = log.extent().head; position > log.extent().oldest; ) {
    const { records, offset } = log.readBack(position);
    offsets.unshift(...records.map((record) => record.offset));
    position = offset;
  }
  return offsets;
}

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe("FeedLog.clearBefore", () => {
  // Segments of four events.
  const CHARS = 4_000;

  it.each([0, 1, 3, 4, 5, 8, 10, 19, 20, 21, 22])(
    "lets go of the first %i of 22, and goes on after them, also after a restart",
    async (count) => {
      await withStorage((db) => {
        const filled = fillFeed(db, 22, CHARS);
        expect(filled.clearBefore(count + 1, 100)).toBe(false);
        const check = (log: FeedLog, head: number) => {
          expect(log.extent()).toMatchObject({ oldest: count, head });
          expect(offsetsOf(log)).toEqual(range(count + 1, head));
          expect(offsetsBack(log)).toEqual(range(count + 1, head));
          expect(log.lastSeq("cs")).toBe(head);
        };
        check(filled, 22);
        const restarted = new FeedLog(db);
        check(restarted, 22);
        appendTo(restarted, 23, CHARS);
        check(restarted, 23);
        check(new FeedLog(db), 23);
      });
    },
  );

  it("takes a row per segment and one more, and none when there is nothing", async () => {
    await withStorage((db) => {
      const log = fillFeed(db, 22, CHARS);
      const rows = db.rowsWritten;
      log.clearBefore(14, 100);
      expect(db.rowsWritten - rows).toBe(5);
      log.clearBefore(14, 100);
      expect(db.rowsWritten - rows).toBe(5);
    });
  });

  it("stops after so many segments, and says that there may be more", async () => {
    await withStorage((db) => {
      const log = fillFeed(db, 22, CHARS);
      expect(log.clearBefore(1_000, 2)).toBe(true);
      expect(log.extent().oldest).toBe(8);
      expect(log.clearBefore(1_000, 2)).toBe(true);
      expect(log.clearBefore(1_000, 2)).toBe(false);
      expect(offsetsOf(log)).toEqual([]);
    });
  });

  it("keeps its place when the ring comes round", async () => {
    await withStorage((db) => {
      const log = fillFeed(db, 22, CHARS, 6);
      log.clearBefore(18, 100);
      for (let offset = 23; offset <= 80; offset += 1) {
        appendTo(log, offset, CHARS);
        const { oldest } = log.extent();
        expect(oldest).toBeGreaterThanOrEqual(17);
        expect(offsetsOf(new FeedLog(db, 6))).toEqual(range(oldest + 1, offset));
      }
    });
  });

  it("leaves no event's text behind", async () => {
    await withStorage((db) => {
      const log = fillFeed(db, 22, CHARS);
      log.clearBefore(1_000, 100);
      expect(db.all("SELECT events FROM segments WHERE events <> ''")).toEqual([]);
    });
  });
});
