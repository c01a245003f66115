import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { stationName } from "../../src/env.ts";
import { FeedLog } from "../../src/objects/feed-log.ts";
import { Journal, LOG_EVENTS } from "../../src/objects/station-journal.ts";
import { Database } from "../../src/store/database.ts";
import type { TestTenant } from "../support/api.ts";
import { objectId, webhook } from "../support/webhooks.ts";
import {
  eventsOf,
  feedOf,
  lastCursor,
  newTenant,
  ops,
  subscribe,
  type TestSocket,
  worker,
} from "./support.ts";

afterEach(() => reset());

const send = async (tenant: TestTenant, path: string, station: string, type = "session.updated") =>
  expect((await tenant.send(path, webhook({ station, type }))).status).toBe(200);

const places = ({ frames }: TestSocket) =>
  eventsOf(frames).map(({ station, seq }) => `${station} ${seq}`);

/** Waits for that many events, and hands over what has come by then. */
async function events(subscriber: TestSocket, count: number): Promise<string[]> {
  await expect.poll(() => places(subscriber).length).toBeGreaterThanOrEqual(count);
  return places(subscriber);
}

const Key = z.object({ id: z.string(), apiKey: z.string() });

describe("GET /v1/stream", () => {
  it("greets, then passes on every event with its body and a cursor", async () => {
    const tenant = await newTenant();
    const { id, path } = await tenant.source();
    const subscriber = await subscribe(tenant);
    await send(tenant, path, "cs1");
    await events(subscriber, 1);
    expect(subscriber.frames).toMatchObject([
      {
        op: "hello",
        v: 1,
        connection: expect.any(String),
        tenant: tenant.id,
        cursor: expect.any(String),
        recovered: null,
        heartbeatSeconds: 30,
      },
      {
        op: "events",
        events: [{ source: id, station: "cs1", seq: 1, body: { type: "session.updated" } }],
        cursor: expect.any(String),
      },
    ]);
  });

  it("takes a key in the Authorization header and then selects no subprotocol", async () => {
    const tenant = await newTenant();
    const response = await worker(
      new Request(`${tenant.origin}/v1/stream`, {
        headers: { upgrade: "websocket", authorization: `Bearer ${tenant.key}` },
      }),
    );
    expect(response.status).toBe(101);
    expect(response.headers.get("sec-websocket-protocol")).toBeNull();
    response.webSocket?.accept();
    response.webSocket?.close();
  });

  it.each([
    ["without a key", {}, 401],
    [
      "with a key that was never issued",
      { "sec-websocket-protocol": "chargewire.v1, auth.cw_x" },
      401,
    ],
  ])("refuses a subscriber %s by an HTTP answer", async (_name, headers, status) => {
    const response = await worker(
      new Request("https://relay.test/v1/stream", {
        headers: { upgrade: "websocket", ...headers },
      }),
    );
    expect(response.status).toBe(status);
  });

  it("refuses what it cannot serve by an HTTP answer", async () => {
    const tenant = await newTenant();
    const ask = async (query: string, headers: Record<string, string>) => {
      const authorization = `Bearer ${tenant.key}`;
      const request = new Request(`${tenant.origin}/v1/stream${query}`, {
        headers: { authorization, ...headers },
      });
      return (await worker(request)).status;
    };
    const upgrade = { upgrade: "websocket" };
    expect(await ask("", {})).toBe(426);
    expect(await ask("", { ...upgrade, "sec-websocket-protocol": "chargewire.v9" })).toBe(400);
    expect(await ask("?types=ses*", upgrade)).toBe(400);
    expect(await ask("?types=", upgrade)).toBe(400);
    expect(await ask("?types=a&types=b", upgrade)).toBe(400);
    expect(await ask("?types=ses*", {})).toBe(400);
    expect(await ask("?stations=..", upgrade)).toBe(400);
    expect(await ask(`?from=${"x".repeat(129)}`, upgrade)).toBe(400);
    expect((await tenant.call("GET", "/v1/stations/cs1/stream")).status).toBe(404);
  });

  it("lets through what the filter of the query lets through", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const some = await subscribe(tenant, "/v1/stream?types=session.*,*.online&stations=cs1,cs2");
    const all = await subscribe(tenant);
    await send(tenant, path, "cs1", "session.target.cost.reached");
    await send(tenant, path, "cs3");
    await send(tenant, path, "cs2", "chargestation.offline");
    await send(tenant, path, "cs2", "chargestation.online");
    await events(all, 4);
    expect(await events(some, 2)).toEqual(["cs1 1", "cs2 2"]);
  });

  it("starts with all that is kept, from the start", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    for (const station of ["a", "b", "a"]) await send(tenant, path, station);
    const subscriber = await subscribe(tenant, "/v1/stream?from=start");
    await send(tenant, path, "b");
    expect(await events(subscriber, 4)).toEqual(["a 1", "b 1", "a 2", "b 2"]);
  });

  it("resumes exactly after a cursor", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const first = await subscribe(tenant);
    for (let i = 0; i < 3; i += 1) await send(tenant, path, "a");
    await events(first, 3);
    first.socket.close();
    for (let i = 0; i < 3; i += 1) await send(tenant, path, "a");
    const second = await subscribe(tenant, `/v1/stream?from=${lastCursor(first.frames)}`);
    await send(tenant, path, "a");
    expect(await events(second, 4)).toEqual(["a 4", "a 5", "a 6", "a 7"]);
    expect(second.frames[0]).toMatchObject({ op: "hello", recovered: true });
  });

  it("says so when a cursor is of no use, and starts over from a snapshot", async () => {
    const tenant = await newTenant();
    const other = await newTenant();
    const { path } = await tenant.source();
    const foreign = await subscribe(other);
    await expect.poll(() => foreign.frames.length).toBe(1);
    await send(tenant, path, "a");
    for (const cursor of [lastCursor(foreign.frames), "junk"]) {
      const subscriber = await subscribe(tenant, `/v1/stream?from=${cursor}`);
      await expect.poll(() => ops(subscriber.frames)).toEqual(["hello", "gap", "snapshot"]);
      expect(subscriber.frames).toMatchObject([
        { recovered: false },
        { reason: "epoch" },
        { stations: [{ station: "a", seq: 1 }], done: true },
      ]);
    }
  });

  it("gives a snapshot of all stations in pages, and continues it without a hole or a repeat", async () => {
    const tenant = await newTenant();
    await runInDurableObject(feedOf(tenant), (_instance, { storage }) => {
      fillFeed(new FeedLog(new Database(storage)), 450);
    });
    await evictDurableObject(feedOf(tenant));
    const { path } = await tenant.source();
    const subscriber = await subscribe(tenant, "/v1/stream?from=snapshot");
    await send(tenant, path, "later");
    expect(await events(subscriber, 1)).toEqual(["later 1"]);
    const pages = subscriber.frames.filter(({ op }) => op === "snapshot");
    expect(pages.map(({ done }) => done)).toEqual([false, false, true]);
    expect(pages.flatMap(({ stations }) => stations)).toHaveLength(450);
  });

  it("gives only the stations of the filter in the snapshot", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    for (const station of ["a", "b"]) await send(tenant, path, station);
    const subscriber = await subscribe(tenant, "/v1/stream?from=snapshot&stations=b");
    await expect.poll(() => ops(subscriber.frames)).toEqual(["hello", "snapshot"]);
    expect(subscriber.frames[1]).toMatchObject({ stations: [{ station: "b" }] });
  });

  it("takes a new filter and a new start in band, after a new hello", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path, "a");
    const subscriber = await subscribe(tenant, "/v1/stream?stations=b");
    subscriber.socket.send('{"op":"subscribe","filter":{"stations":["a"]},"from":"start"}');
    await send(tenant, path, "b");
    await send(tenant, path, "a");
    expect(await events(subscriber, 2)).toEqual(["a 1", "a 2"]);
    expect(ops(subscriber.frames).slice(0, 2)).toEqual(["hello", "hello"]);
  });

  it("answers frames that it cannot use and stays open", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const subscriber = await subscribe(tenant);
    subscriber.socket.send('{"op":"sing"}');
    subscriber.socket.send('{"op":"subscribe","filter":{"types":["a*b"]}}');
    subscriber.socket.send('{"op":"subscribe","filter":{},"form":"now"}');
    subscriber.socket.send('{"op":"ack","cursor":"x"}');
    await send(tenant, path, "a");
    await events(subscriber, 1);
    const errors = subscriber.frames.filter(({ op }) => op === "error");
    expect(errors.map(({ code }) => code)).toEqual([
      "unknown_op",
      "invalid_filter",
      "invalid_frame",
    ]);
  });

  it.each(["not JSON", "[]", '"x"', "{}", '{"op":1}', "x".repeat(70_000)])(
    "closes with 4000 on what is no frame: %.20s",
    async (text) => {
      const tenant = await newTenant();
      const subscriber = await subscribe(tenant);
      subscriber.socket.send(text);
      await expect.poll(() => subscriber.closed.code).toBe(4000);
    },
  );

  it("takes 100 frames in ten seconds beside acknowledgements, and closes at one more", async () => {
    const tenant = await newTenant();
    const subscriber = await subscribe(tenant);
    for (let i = 0; i < 300; i += 1) subscriber.socket.send('{"op":"ack","cursor":"x"}');
    for (let i = 0; i < 100; i += 1) subscriber.socket.send('{"op":"sing"}');
    const errors = () => subscriber.frames.filter(({ op }) => op === "error").length;
    await expect.poll(errors).toBe(100);
    expect(subscriber.closed.code).toBeNull();
    subscriber.socket.send('{"op":"sing"}');
    await expect.poll(() => subscriber.closed.code).toBe(4000);
    expect(errors()).toBe(100);
  });

  it("closes the sockets of a key that was deleted, and no others", async () => {
    const tenant = await newTenant();
    const { body } = await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
    const { id, apiKey } = Key.parse(body);
    const doomed = await subscribe(tenant, "/v1/stream", apiKey);
    const other = await subscribe(tenant);
    await tenant.call("DELETE", `/v1/keys/${id}`);
    await expect.poll(() => doomed.closed.code).toBe(4001);
    expect(other.closed.code).toBeNull();
  });

  it("tells a subscriber its cursor although its filter lets nothing through", async () => {
    const tenant = await newTenant();
    const silent = await subscribe(tenant, "/v1/stream?stations=none");
    await expect.poll(() => silent.frames.length).toBe(1);
    const batch = (first: number, count: number) => ({
      station: "a",
      oldestSeq: 1,
      events: Array.from({ length: count }, (_, index) => record("a", first + index)),
      state: "{}",
      removed: false,
    });
    await feedOf(tenant).push(batch(1, 400));
    await feedOf(tenant).push(batch(401, 400));
    await expect.poll(() => silent.frames.length).toBe(2);
    expect(silent.frames[1]).toMatchObject({ op: "events", events: [] });
    expect(silent.frames[1]?.cursor).toMatch(/\.800$/);
  });
});

describe("a subscriber of a sleeping feed", () => {
  it("is answered its pings without waking it", async () => {
    const tenant = await newTenant();
    const subscriber = await subscribe(tenant);
    await expect.poll(() => subscriber.frames.length).toBe(1);
    await evictDurableObject(feedOf(tenant));
    const answers: unknown[] = [];
    subscriber.socket.addEventListener("message", ({ data }) => answers.push(data));
    subscriber.socket.send("ping");
    await expect.poll(() => answers).toEqual(["pong"]);
  });

  it("keeps its socket, its filter and its place", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const subscriber = await subscribe(tenant, "/v1/stream?stations=a");
    for (const station of ["a", "b"]) await send(tenant, path, station);
    await events(subscriber, 1);
    for (let i = 0; i < 3; i += 1) {
      await evictDurableObject(feedOf(tenant));
      await send(tenant, path, "b");
      await send(tenant, path, "a");
    }
    expect(await events(subscriber, 4)).toEqual(["a 1", "a 2", "a 3", "a 4"]);
    const resumed = await subscribe(tenant, `/v1/stream?from=${lastCursor(subscriber.frames)}`);
    await expect.poll(() => resumed.frames[0]).toMatchObject({ recovered: true });
  });

  it("keeps a filter that is as long as filters may be", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const subscriber = await subscribe(tenant);
    const stations = ["a", ...Array.from({ length: 599 }, (_, i) => `${i}`.padStart(24, "0"))];
    const subscribeTo = (count: number) =>
      subscriber.socket.send(
        JSON.stringify({ op: "subscribe", filter: { stations: stations.slice(0, count) } }),
      );
    subscribeTo(600);
    await expect.poll(() => ops(subscriber.frames)).toEqual(["hello", "hello"]);
    await evictDurableObject(feedOf(tenant));
    await send(tenant, path, "b");
    await send(tenant, path, "a");
    expect(await events(subscriber, 1)).toEqual(["a 1"]);
  });
});

describe("GET /v1/stations/{id}/stream", () => {
  it("passes on the events of that station, from the start, live, and by cursor", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    for (const station of ["a", "a", "b"]) await send(tenant, path, station);
    const first = await subscribe(tenant, "/v1/stations/a/stream?from=start");
    await send(tenant, path, "a");
    expect(await events(first, 3)).toEqual(["a 1", "a 2", "a 3"]);
    first.socket.close();
    for (const station of ["b", "a"]) await send(tenant, path, station);
    await evictDurableObject(env.STATION.getByName(stationName(tenant.id, "a")));
    const second = await subscribe(
      tenant,
      `/v1/stations/a/stream?from=${lastCursor(first.frames)}`,
    );
    await send(tenant, path, "a");
    expect(await events(second, 2)).toEqual(["a 4", "a 5"]);
    expect(second.frames[0]).toMatchObject({ recovered: true });
  });

  it("does not take a cursor of the feed for one of its own", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const feed = await subscribe(tenant);
    await send(tenant, path, "a");
    await events(feed, 1);
    const subscriber = await subscribe(
      tenant,
      `/v1/stations/a/stream?from=${lastCursor(feed.frames)}`,
    );
    await expect.poll(() => ops(subscriber.frames)).toEqual(["hello", "gap", "snapshot"]);
    expect(subscriber.frames).toMatchObject([{ recovered: false }, {}, { stations: [{ seq: 1 }] }]);
  });

  it("says so when what followed a cursor is no longer kept", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const station = env.STATION.getByName(stationName(tenant.id, "a"));
    await runInDurableObject(station, (_instance, { storage }) => fillLog(storage));
    await evictDurableObject(station);
    await send(tenant, path, "a");
    const early = await subscribe(tenant, "/v1/stations/a/stream?from=start");
    await expect.poll(() => early.frames.length).toBeGreaterThan(0);
    const cursor = lastCursor(early.frames.slice(0, 1));
    await send(tenant, path, "a");
    const late = await subscribe(tenant, `/v1/stations/a/stream?from=${cursor}`);
    await expect.poll(() => ops(late.frames)).toEqual(["hello", "gap", "snapshot"]);
    expect(late.frames).toMatchObject([{ recovered: false }, { reason: "retention" }, {}]);
  });

  it("closes the sockets of a deleted key by the next event", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path, "a");
    const { body } = await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
    const { id, apiKey } = Key.parse(body);
    const doomed = await subscribe(tenant, "/v1/stations/a/stream", apiKey);
    await tenant.call("DELETE", `/v1/keys/${id}`);
    await send(tenant, path, "a");
    await expect.poll(() => doomed.closed.code).toBe(4001);
  });
});

/** Fills a station's log with events of two days ago: each new one overwrites the oldest. */
function fillLog(storage: DurableObjectStorage): void {
  const receivedAtMs = Date.now() - 2 * 24 * 3_600_000;
  const events = Array.from({ length: LOG_EVENTS }, () => ({
    id: objectId(receivedAtMs),
    type: "session.updated",
    source: "src_test",
    createdAtMs: receivedAtMs,
    receivedAtMs,
    body: "{}",
    replayable: false,
  }));
  new Journal(new Database(storage), "a").append(events, () => []);
}

function record(station: string, seq: number) {
  const json = JSON.stringify({ id: `${seq}`, type: "session.updated", station, seq, body: {} });
  return { seq, type: "session.updated", json };
}

function fillFeed(log: FeedLog, stations: number): void {
  for (let i = 0; i < stations; i += 1) {
    const station = `cs${i}`;
    log.append(
      [{ station, ...record(station, 1) }],
      new Map([[station, { lastSeq: 1, state: JSON.stringify({ station, seq: 1 }) }]]),
    );
  }
}
