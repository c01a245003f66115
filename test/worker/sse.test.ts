import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import { FeedLog } from "../../src/objects/feed-log.ts";
import { Database } from "../../src/store/database.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { askForEvents, type EventReader, openEvents, socketCount } from "./sse-support.ts";
import { eventsOf, feedOf, newTenant, ops, seqs } from "./support.ts";
import { ask, inSeconds, mint, newKey, send, statesOf, until } from "./token-support.ts";

afterEach(() => reset());

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

async function start() {
  const tenant = await newTenant();
  const { path } = await tenant.source();
  return { tenant, path };
}

const greeted = ({ messages }: EventReader) => messages.length > 0;
const has = (count: number) => (reader: EventReader) => seqs(reader.frames).length >= count;

describe("Accept", () => {
  it.each([
    ["text/event-stream", 200],
    ["text/html, text/event-stream;q=0.9, */*;q=0.1", 200],
    ["TEXT/EVENT-STREAM", 200],
    ["application/json", 426],
    ["*/*", 426],
    ["", 426],
  ])("is answered: %s, %i", async (accept, status) => {
    const { tenant } = await start();
    expect((await ask(tenant, "/v1/stream", tenant.key, { accept })).status).toBe(status);
  });

  it("of events is not what a WebSocket is asked for", async () => {
    const { tenant } = await start();
    const headers = { accept: "text/event-stream", upgrade: "websocket" };
    expect((await ask(tenant, "/v1/stream", tenant.key, headers)).status).toBe(101);
  });
});

describe("server-sent events", () => {
  it("are a stream that nobody may keep, hold back or change", async () => {
    const { tenant } = await start();
    const { headers } = (await openEvents(tenant)).response;
    expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(headers.get("cache-control")).toBe("no-store, no-transform");
    expect(headers.get("x-accel-buffering")).toBe("no");
    expect(headers.get("sec-websocket-protocol")).toBeNull();
  });

  it.each(["/v1/stream", "/v1/stations/a/stream"])(
    "of %s are the frames that a WebSocket gets, each with its place as its id",
    async (stream) => {
      const { tenant, path } = await start();
      await send(tenant, path, "a");
      const reader = await openEvents(tenant, stream);
      await reader.until(greeted);
      expect(reader.retries).toEqual(["1000"]);
      await send(tenant, path, "a");
      await reader.until(has(1));
      expect(ops(reader.frames)).toEqual(["hello", "events"]);
      expect(reader.frames).toMatchObject([{ recovered: null }, { events: [{ seq: 2 }] }]);
      expect(reader.ids).toEqual(reader.frames.map(({ cursor }) => cursor));
    },
  );

  it("go by the filter of the query, and refuse what is not known", async () => {
    const { tenant, path } = await start();
    const reader = await openEvents(tenant, "/v1/stream?stations=b&types=session.*");
    await reader.until(greeted);
    for (const station of ["a", "b"]) await send(tenant, path, station);
    await reader.until(has(1));
    expect(eventsOf(reader.frames)).toMatchObject([{ station: "b" }]);
    expect((await askForEvents(tenant, "/v1/stream?type=x")).status).toBe(400);
    expect((await askForEvents(tenant, "/v1/stream", { key: null })).status).toBe(401);
    expect((await askForEvents(tenant, "/v1/stations/none/stream")).status).toBe(404);
  });

  it.each([
    ["\\n", "\n"],
    ["\\r\\n", "\r\n"],
    ["\\r", "\r"],
  ])("carry bodies with line breaks %s as equal JSON", async (_name, lineBreak) => {
    const { tenant, path } = await start();
    const reader = await openEvents(tenant);
    await reader.until(greeted);
    const text = "two\u2028lines\u2029 \u0085 \u000b: data: x\nid: 7\n\nevent: y";
    const data = { chargestation: "a", text, list: [1, { deep: [] }], ":": "data:" };
    const body = webhook({ data });
    const pretty = JSON.stringify(body, null, 2).replaceAll("\n", lineBreak);
    expect((await tenant.send(path, pretty)).status).toBe(200);
    await reader.until(has(1));
    expect(eventsOf(reader.frames)).toMatchObject([{ seq: 1, body }]);
    expect(reader.lastId).toMatch(/^[a-z2-7]{12}\.1$/);
  });

  it("go on exactly where they were broken off, at any place", async () => {
    const { tenant, path } = await start();
    const first = await openEvents(tenant);
    await first.until(greeted);
    for (let i = 0; i < 5; i += 1) {
      await send(tenant, path, "a");
      await first.until(has(i + 1));
    }
    await first.close();
    for (const [index, lastEventId] of first.ids.entries()) {
      // What the URL says is older than what the browser knows.
      const reader = await openEvents(tenant, "/v1/stream?from=snapshot", { lastEventId });
      await reader.until(index === 5 ? greeted : has(5 - index));
      expect(reader.frames[0]).toMatchObject({ op: "hello", recovered: true, behind: 5 - index });
      expect(seqs(reader.frames)).toEqual(range(index + 1, 5));
      await reader.close();
    }
  });

  it("say so when they cannot go on, and begin anew with a snapshot", async () => {
    const { tenant, path } = await start();
    await send(tenant, path, "a");
    for (const lastEventId of ["junk", "x".repeat(5_000), "aaaaaaaaaaaa.1"]) {
      const reader = await openEvents(tenant, "/v1/stream", { lastEventId });
      await reader.until(({ messages }) => messages.length === 3);
      expect(ops(reader.frames)).toEqual(["hello", "gap", "snapshot"]);
      expect(reader.frames[0]).toMatchObject({ recovered: false });
      // Until the snapshot is there, coming back means asking for it again.
      const [hello, gap, snapshot] = reader.ids;
      expect([hello, gap]).toEqual([`snapshot.${snapshot}`, `snapshot.${snapshot}`]);
      await reader.close();
    }
  });

  it("that are broken off in a snapshot begin with the snapshot again", async () => {
    const { tenant, path } = await start();
    await fillStations(tenant, 450);
    await evictDurableObject(feedOf(tenant));
    const whole = await openEvents(tenant, "/v1/stream?from=snapshot");
    await whole.until(({ frames }) => frames.at(-1)?.done === true);
    expect(ops(whole.frames)).toEqual(["hello", "snapshot", "snapshot", "snapshot"]);
    const cursor = String(whole.frames.at(-1)?.cursor);
    expect(whole.ids).toEqual([...range(1, 3).map(() => `snapshot.${cursor}`), cursor]);
    await whole.close();
    await send(tenant, path, "later");
    for (const lastEventId of whole.ids.slice(0, 3)) {
      const again = await openEvents(tenant, "/v1/stream?from=now", { lastEventId });
      await again.until(({ frames }) => frames.at(-1)?.done === true);
      expect(statesOf(again.frames, "snapshot")).toHaveLength(451);
      expect(ops(again.frames)).not.toContain("gap");
      await again.close();
    }
    const after = await openEvents(tenant, "/v1/stream", { lastEventId: cursor });
    await after.until(has(1));
    expect(ops(after.frames)).toEqual(["hello", "events"]);
  });

  it("take an empty Last-Event-ID for none", async () => {
    const { tenant, path } = await start();
    await send(tenant, path, "a");
    const reader = await openEvents(tenant, "/v1/stream?from=start", { lastEventId: "" });
    await reader.until(has(1));
    expect(seqs(reader.frames)).toEqual([1]);
  });

  it("go on after the feed has slept", async () => {
    const { tenant, path } = await start();
    const reader = await openEvents(tenant);
    await reader.until(greeted);
    for (let seq = 1; seq <= 3; seq += 1) {
      await evictDurableObject(feedOf(tenant));
      await send(tenant, path, "a");
      await reader.until(has(seq));
    }
    expect(seqs(reader.frames)).toEqual([1, 2, 3]);
  });

  it("end when the stream ends them, after all that came before has been taken", async () => {
    const { tenant, path } = await start();
    const { id, apiKey } = await newKey(tenant);
    const reader = await openEvents(tenant, "/v1/stream", { key: apiKey });
    await reader.until(greeted);
    const other = await openEvents(tenant);
    await other.until(greeted);
    for (let i = 0; i < 3; i += 1) await send(tenant, path, "a");
    await other.until(has(3));
    await tenant.call("DELETE", `/v1/keys/${id}`);
    await expect.poll(() => socketCount(tenant)).toBe(1);
    await reader.takeAll();
    expect(seqs(reader.frames)).toEqual([1, 2, 3]);
  });

  it("say goodbye when their token ends, even to one who has yet to take what came before", async () => {
    const { tenant, path } = await start();
    const key = await mint(tenant, { untilMs: inSeconds(2) });
    const reader = await openEvents(tenant, "/v1/stream", { key });
    await reader.until(greeted);
    for (let i = 0; i < 3; i += 1) await send(tenant, path, "a");
    await expect.poll(() => socketCount(tenant), { timeout: 15_000 }).toBe(0);
    await reader.takeAll();
    expect(seqs(reader.frames)).toEqual([1, 2, 3]);
    expect(reader.frames.at(-1)).toMatchObject({ op: "bye", code: 4401 });
    expect(reader.lastId).toMatch(/\.3$/);
    expect((await askForEvents(tenant, "/v1/stream", { key })).status).toBe(401);
  });

  it("let go of their socket once the response is closed", async () => {
    const { tenant } = await start();
    const readers = [await openEvents(tenant), await openEvents(tenant)];
    for (const reader of readers) await reader.until(greeted);
    expect(await socketCount(tenant)).toBe(2);
    await readers[0]?.close();
    await expect.poll(() => socketCount(tenant), { timeout: 5_000 }).toBe(1);
  });

  it("show that both sides are there: by comments to the reader, by pings to the stream", async () => {
    const { tenant, path } = await start();
    const [idle, stuck] = [await openEvents(tenant), await openEvents(tenant)];
    await stuck.until(greeted);
    // One that takes nothing is not said to be there.
    await send(tenant, path, "a");
    await idle.until(({ comments }) => comments.length > 1);
    void idle.take();
    const connection = idle.frames[0]?.connection;
    await expect.poll(() => pinging(tenant)).toEqual([connection]);
    // Both would ping at the same time.
    await until(Date.now() + 1_000);
    expect(await pinging(tenant)).toEqual([connection]);
    expect([ops(idle.frames), idle.comments]).toEqual([
      ["hello", "events"],
      ["", ""],
    ]);
  }, 90_000);
});

/** The feed's connections that have pinged. */
const pinging = (tenant: TestTenant) =>
  runInDurableObject(feedOf(tenant), (_instance, ctx) =>
    ctx
      .getWebSockets()
      .filter((socket) => ctx.getWebSocketAutoResponseTimestamp(socket) !== null)
      .map((socket) => socket.deserializeAttachment().connection),
  );

describe("acknowledgements", () => {
  const acknowledges = (tenant: TestTenant) =>
    runInDurableObject(feedOf(tenant), (_instance, ctx) =>
      ctx.getWebSockets().map((socket) => socket.deserializeAttachment().acknowledges),
    );

  it("are given once something has been taken, and not before", async () => {
    const { tenant, path } = await start();
    const reader = await openEvents(tenant);
    await send(tenant, path, "a");
    await until(Date.now() + 500);
    expect(await acknowledges(tenant)).toEqual([false]);
    await reader.until(greeted);
    await expect.poll(() => acknowledges(tenant)).toEqual([true]);
  });

  it("are not given by one who does not read: it is slow, and told so when it reads again", async () => {
    const { tenant } = await start();
    await fillFeed(tenant, 12);
    const reader = await openEvents(tenant);
    await reader.until(greeted);
    // Nothing is read from here on; 8 MiB are more than anybody may owe.
    for (let seq = 13; seq <= 60; seq += 1) {
      await pushOne(tenant, seq, 200_000);
      await until(Date.now() + 60);
    }
    await reader.until(({ frames }) => ops(frames).includes("gap"));
    expect(reader.frames.find(({ op }) => op === "gap")).toMatchObject({ reason: "slow" });
  });
});

function record(station: string, seq: number, size = 10) {
  const head = { id: `${station}-${seq}`, type: "session.updated", station, seq };
  return { seq, type: head.type, json: JSON.stringify({ ...head, body: { x: "x".repeat(size) } }) };
}

const stateOf = (station: string, seq: number) => JSON.stringify({ station, seq, sessions: [] });

function fillStations(tenant: TestTenant, count: number): Promise<void> {
  return runInDurableObject(feedOf(tenant), (_instance, { storage }) => {
    const log = new FeedLog(new Database(storage));
    for (let i = 1; i <= count; i += 1) {
      const station = `cs${i}`;
      const retained = { lastSeq: 1, state: stateOf(station, 1) };
      log.append([{ station, ...record(station, 1) }], new Map([[station, retained]]));
    }
  });
}

async function fillFeed(tenant: TestTenant, count: number): Promise<void> {
  for (let seq = 1; seq <= count; seq += 1) await pushOne(tenant, seq, 10);
}

async function pushOne(tenant: TestTenant, seq: number, size: number): Promise<void> {
  const { lastSeq } = await feedOf(tenant).push({
    station: "a",
    oldestSeq: 1,
    events: [record("a", seq, size)],
    state: stateOf("a", seq),
    removed: false,
  });
  expect(lastSeq).toBe(seq);
}
