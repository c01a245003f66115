import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";

import { EventPage } from "../../src/domain/event-answers.ts";
import { feedName } from "../../src/env.ts";
import { type FeedEntry, FeedLog } from "../../src/objects/feed-log.ts";
import { Database } from "../../src/store/database.ts";
import { webhook } from "../support/webhooks.ts";
import { eventsOf, newTenant, subscribe } from "./support.ts";

afterEach(() => reset());

function withStorage<T>(name: string, run: (db: Database) => T): Promise<T> {
  return runInDurableObject(env.FEED.getByName(name), (_instance, { storage }) =>
    run(new Database(storage)),
  );
}

function entry(station: string, seq: number, size = 20): FeedEntry {
  const type = "session.updated";
  const head = JSON.stringify({ id: `${station}-${seq}`, type, station, seq });
  return { station, seq, type, json: `${head.slice(0, -1)},"body":{"x":"${"x".repeat(size)}"}}` };
}

const stateOf = (station: string, seq: number) => JSON.stringify({ station, seq });

function appendOne(log: FeedLog, station: string, seq: number, size = 20): void {
  const retained = new Map([[station, { lastSeq: seq, state: stateOf(station, seq) }]]);
  log.append([entry(station, seq, size)], retained);
}

/** Everything after `offset`, as the log hands it out segment by segment. */
function readAll(log: FeedLog, offset: number): string[] {
  const all: string[] = [];
  for (let position = offset; position < log.extent().head; ) {
    const { records, offset: next } = log.read(position);
    expect(records[0]?.offset).toBe(position + 1);
    all.push(...records.map(({ json }) => json));
    position = next;
  }
  return all;
}

describe("FeedLog", () => {
  it("holds the same after a restart at any point, and reads on from any offset", async () => {
    await withStorage("t/model", (db) => {
      const model: string[] = [];
      const seqs = new Map<string, number>();
      let log = new FeedLog(db);
      for (let round = 0; round < 120; round += 1) {
        const entries: FeedEntry[] = [];
        const retained = new Map<string, { lastSeq: number; state: string }>();
        // Sizes from one small event to more than a segment holds.
        for (let i = 0; i < 1 + ((round * 7) % 23); i += 1) {
          const station = `cs${(round * 13 + i * 5) % 17}`;
          const seq = (seqs.get(station) ?? 0) + 1;
          seqs.set(station, seq);
          entries.push(entry(station, seq, round % 11 === 0 ? 40_000 : 200));
          retained.set(station, { lastSeq: seq, state: stateOf(station, seq) });
        }
        log.append(entries, retained);
        model.push(...entries.map(({ json }) => json));
        if (round % 10 === 3) log = new FeedLog(db);
      }
      log = new FeedLog(db);
      expect(log.extent()).toMatchObject({ oldest: 0, head: model.length });
      for (let offset = 0; offset < model.length; offset += 37) {
        expect(readAll(log, offset)).toEqual(model.slice(offset));
      }
      for (const [station, seq] of seqs) {
        expect([log.lastSeq(station), log.state(station)]).toEqual([seq, stateOf(station, seq)]);
      }
    });
  });

  it("writes one row per flush, and the states in full only now and then", async () => {
    await withStorage("t/rows", (db) => {
      const log = new FeedLog(db);
      for (let i = 0; i < 600; i += 1) appendOne(log, `cs${i}`, 1);
      const before = db.rowsWritten;
      for (let seq = 2; seq <= 401; seq += 1) appendOne(log, "cs1", seq, 1_000);
      expect(db.rowsWritten - before).toBe(400);
      for (let seq = 402; seq <= 1_425; seq += 1) appendOne(log, "cs1", seq);
      // 1,024 flushes more, and in them one checkpoint: two chunks and its place.
      expect(db.rowsWritten - before).toBe(400 + 1_024 + 3);
    });
  });

  it("keeps a station out of its snapshots after it was removed, also after a restart", async () => {
    await withStorage("t/removed", (db) => {
      const log = new FeedLog(db);
      for (const station of ["a", "b"]) appendOne(log, station, 1);
      log.remove("a");
      const again = new FeedLog(db);
      expect(again.snapshot(() => true, true)).toEqual([stateOf("b", 1)]);
      expect([again.state("a"), again.lastSeq("a")]).toEqual([null, 1]);
    });
  });
});

describe("FeedObject", () => {
  it("drops what it has, and asks for what is missing", async () => {
    const tenant = await newTenant();
    const feed = env.FEED.getByName(feedName(tenant.id));
    const push = (seqs: number[], oldestSeq = 1) =>
      feed.push({
        station: "a",
        oldestSeq,
        events: seqs.map((seq) => entry("a", seq)),
        state: "{}",
        removed: false,
      });
    expect(await push([1, 2])).toMatchObject({ lastSeq: 2, gone: false });
    expect(await push([1, 2, 3])).toMatchObject({ lastSeq: 3 });
    expect(await push([5])).toMatchObject({ lastSeq: 3 });
    expect(await push([])).toMatchObject({ lastSeq: 3 });
    expect(await push([4, 5])).toMatchObject({ lastSeq: 5 });
    expect(await tenant.items("/v1/events")).toHaveLength(5);
  });

  it("announces a hole that cannot be filled, and ends all cursors", async () => {
    const tenant = await newTenant();
    const feed = env.FEED.getByName(feedName(tenant.id));
    const batch = { station: "a", state: stateOf("a", 9), removed: false };
    await feed.push({ ...batch, oldestSeq: 1, events: [entry("a", 1)] });
    const subscriber = await subscribe(tenant);
    await expect.poll(() => subscriber.frames.length).toBe(1);
    await feed.push({ ...batch, oldestSeq: 9, events: [entry("a", 9)] });
    await expect
      .poll(() => subscriber.frames.map(({ op }) => op))
      .toEqual(["hello", "gap", "snapshot"]);
    await feed.push({ ...batch, oldestSeq: 9, events: [entry("a", 10)] });
    await expect.poll(() => eventsOf(subscriber.frames).map(({ seq }) => seq)).toEqual([10]);
    const after = String(subscriber.frames[0]?.cursor);
    expect((await tenant.call("GET", `/v1/events?after=${after}`)).body).toMatchObject({
      status: 410,
      code: "cursor_expired",
    });
  });

  it("keeps no subscriber as live, should it sleep, that waits for the states after a hole", async () => {
    const tenant = await newTenant();
    const feed = env.FEED.getByName(feedName(tenant.id));
    const batch = { station: "a", state: stateOf("a", 1), removed: false };
    await feed.push({ ...batch, oldestSeq: 1, events: [entry("a", 1)] });
    const subscriber = await subscribe(tenant);
    const areLive = () =>
      runInDurableObject(feed, (_instance, ctx) =>
        ctx.getWebSockets().map((socket) => socket.deserializeAttachment().live),
      );
    await expect.poll(areLive).toEqual([true]);
    // More is to follow, so there is no state yet that snapshots could show.
    await feed.push({ ...batch, state: null, oldestSeq: 9, events: [entry("a", 9)] });
    expect(await areLive()).toEqual([false]);
    await expect.poll(() => subscriber.frames.map(({ op }) => op)).toEqual(["hello", "gap"]);
    await feed.push({ ...batch, state: stateOf("a", 10), oldestSeq: 9, events: [entry("a", 10)] });
    await expect.poll(areLive).toEqual([true]);
    expect(subscriber.frames.map(({ op }) => op)).toEqual(["hello", "gap", "snapshot"]);
  });

  it("pages events by cursor, filtered by type and station", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    for (const [station, type] of [
      ["a", "session.started"],
      ["b", "session.started"],
      ["a", "chargestation.connector_status.updated"],
      ["a", "session.ended"],
    ] as const) {
      await tenant.send(path, webhook({ station, type }));
    }
    const first = await tenant.call("GET", "/v1/events?types=session.*&station=a&limit=1");
    expect(first.body).toMatchObject({ items: [{ type: "session.started", station: "a" }] });
    const after = String(Object(first.body).next);
    expect(
      (await tenant.call("GET", `/v1/events?types=session.*&station=a&limit=1&after=${after}`))
        .body,
    ).toMatchObject({ items: [{ type: "session.ended" }], next: null });
    expect((await tenant.call("GET", "/v1/events?after=junk")).body).toMatchObject({
      status: 400,
      code: "invalid_cursor",
    });
  });

  it("pages back from a cursor or from now, newest first, to the oldest event and no further", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const types = ["session.started", "session.updated", "session.updated", "session.ended"];
    for (const type of types) await tenant.send(path, webhook({ station: "a", type }));
    const back = async (query: string) => {
      const { body } = await tenant.call("GET", `/v1/events?${query}`);
      const { items, next } = EventPage.parse(body);
      return { seqs: items.map(({ seq }) => seq), next };
    };
    const newest = await back("before=now&limit=3");
    expect(newest.seqs).toEqual([4, 3, 2]);
    // What comes meanwhile moves nothing.
    await tenant.send(path, webhook({ station: "a", type: "session.started" }));
    expect(await back(`before=${newest.next}&limit=3`)).toEqual({ seqs: [1], next: null });
    expect((await back(`before=${newest.next}&types=session.ended`)).seqs).toEqual([]);
    expect((await back("before=now&types=session.updated")).seqs).toEqual([3, 2]);
    // Forward from where the page back ended: the same events, the other way round.
    expect((await back(`after=${newest.next}`)).seqs).toEqual([2, 3, 4, 5]);
  });

  it("refuses a place to page back from that is none, or two at once", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.send(path, webhook());
    const ask = async (query: string) => (await tenant.call("GET", `/v1/events?${query}`)).body;
    expect(await ask("before=junk")).toMatchObject({ status: 400, code: "invalid_cursor" });
    expect(await ask("before=aaaaaaaaaaaa.1")).toMatchObject({ code: "cursor_expired" });
    expect(await ask("before=now&after=aaaaaaaaaaaa.1")).toMatchObject({
      status: 400,
      issues: [{ path: "before" }],
    });
  });
});
