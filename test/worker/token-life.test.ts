import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";

import { FeedLog } from "../../src/objects/feed-log.ts";
import { Database } from "../../src/store/database.ts";
import type { TestTenant } from "../support/api.ts";
import {
  type Frame,
  feedOf,
  lastCursor,
  newTenant,
  ops,
  seqs,
  stationOf,
  subscribe,
  type TestSocket,
} from "./support.ts";
import { inSeconds, mint, newKey, places, send, seqsOf, statesOf, until } from "./token-support.ts";

afterEach(() => reset());

const auth = ({ socket }: TestSocket, token: string) =>
  socket.send(JSON.stringify({ op: "auth", token }));

const hellos = ({ frames }: TestSocket) => frames.filter(({ op }) => op === "hello").length;

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

const errors = (frames: readonly Frame[]) =>
  frames.filter(({ op }) => op === "error").map(({ code }) => code);

/** Texts that are stored apart from the sockets they belong to. */
const storedTexts = (tenant: TestTenant) =>
  runInDurableObject(feedOf(tenant), (_instance, { storage }) =>
    [...storage.kv.list()].map(([name]) => name.split(":")[0]).sort(),
  );

describe.each(["/v1/stream", "/v1/stations/a/stream"])("a token on %s", (stream) => {
  const objectOf = (tenant: TestTenant) =>
    stream === "/v1/stream" ? feedOf(tenant) : stationOf(tenant, "a");

  async function start() {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path, "a");
    return { tenant, path };
  }

  it("ends by the next event, with the place from which a new one goes on", async () => {
    const { tenant, path } = await start();
    const untilMs = inSeconds(1);
    const token = await mint(tenant, { untilMs });
    // At the latest: its time is reckoned from when it is made.
    const endsAtMs = Date.now() + untilMs;
    const short = await subscribe(tenant, stream, token);
    await expect.poll(() => ops(short.frames)).toEqual(["hello"]);
    await send(tenant, path, "a");
    await seqsOf(short, 1);
    await until(endsAtMs + 20);
    await send(tenant, path, "a");
    await expect.poll(() => short.closed.code).toBe(4401);
    expect(seqs(short.frames)).toEqual([2]);
    expect(short.frames.at(-1)).toMatchObject({
      op: "bye",
      code: 4401,
      cursor: expect.stringMatching(/\.2$/),
    });
    const next = await subscribe(tenant, `${stream}?from=${lastCursor(short.frames)}`);
    expect(await seqsOf(next, 1)).toEqual([3]);
  });

  it("ends while the stream sleeps, by an alarm", async () => {
    const { tenant } = await start();
    const { closed, frames } = await subscribe(
      tenant,
      stream,
      await mint(tenant, { untilMs: inSeconds(1) }),
    );
    await expect.poll(() => ops(frames)).toEqual(["hello"]);
    await evictDurableObject(objectOf(tenant));
    await expect.poll(() => closed.code, { timeout: 15_000 }).toBe(4401);
    expect(ops(frames)).toEqual(["hello", "bye"]);
  });

  it("is renewed in band, with no event lost or repeated while they flow", async () => {
    const { tenant, path } = await start();
    const untilMs = inSeconds(3);
    const token = await mint(tenant, { untilMs });
    const endsAtMs = Date.now() + untilMs;
    const subscriber = await subscribe(tenant, stream, token);
    let isOver = false;
    const flow = (async () => {
      while (!isOver) {
        await send(tenant, path, "a");
        // As many as the limit on tests' sources lets through.
        await until(Date.now() + 30);
      }
    })();
    for (let round = 1; round <= 5; round += 1) {
      auth(subscriber, await mint(tenant));
      await expect.poll(() => hellos(subscriber)).toBe(1 + round);
      const count = seqs(subscriber.frames).length;
      await seqsOf(subscriber, count + 3);
    }
    await until(endsAtMs + 20);
    isOver = true;
    await flow;
    await send(tenant, path, "a");
    const { seq } = await stationOf(tenant, "a").read(0, 1);
    await expect.poll(() => seqs(subscriber.frames).at(-1)).toBe(seq);
    expect(seqs(subscriber.frames)).toEqual(range(2, seq));
    expect(subscriber.closed.code).toBeNull();
  });

  it.each([
    ["garbage", async () => "x"],
    ["a ticket", (tenant: TestTenant) => mint(tenant, { kind: "ticket" })],
    ["one that has ended", (tenant: TestTenant) => mint(tenant, { fromMs: -9_000, untilMs: -1 })],
    ["one of another tenant", async () => (await newTenant()).token()],
    ["a key of another tenant", async () => (await newTenant()).key],
  ])("is not replaced by %s: the socket stays, with what it had", async (_name, other) => {
    const { tenant, path } = await start();
    const token = await tenant.token({ stations: ["a"] });
    const subscriber = await subscribe(tenant, stream, token);
    await expect.poll(() => hellos(subscriber)).toBe(1);
    auth(subscriber, await other(tenant));
    await expect.poll(() => errors(subscriber.frames)).toEqual(["unauthorized"]);
    await send(tenant, path, "a");
    expect(await seqsOf(subscriber, 1)).toEqual([2]);
    expect([hellos(subscriber), subscriber.closed.code]).toEqual([1, null]);
  });

  it("is not replaced by one of a key that has been deleted", async () => {
    const { tenant } = await start();
    const { id, apiKey } = await newKey(tenant);
    const dead = await tenant.token({}, apiKey);
    await tenant.call("DELETE", `/v1/keys/${id}`);
    const subscriber = await subscribe(tenant, stream);
    auth(subscriber, dead);
    auth(subscriber, apiKey);
    await expect.poll(() => errors(subscriber.frames)).toEqual(["unauthorized", "unauthorized"]);
    expect(subscriber.closed.code).toBeNull();
  });

  it("answers to the key of the newest token: the deletion of an earlier one's closes nothing", async () => {
    const { tenant, path } = await start();
    const [first, second] = [await newKey(tenant), await newKey(tenant)];
    const subscriber = await subscribe(tenant, stream, await tenant.token({}, first.apiKey));
    auth(subscriber, await tenant.token({}, second.apiKey));
    await expect.poll(() => hellos(subscriber)).toBe(2);
    await tenant.call("DELETE", `/v1/keys/${first.id}`);
    await send(tenant, path, "a");
    expect(await seqsOf(subscriber, 1)).toEqual([2]);
    await tenant.call("DELETE", `/v1/keys/${second.id}`);
    await send(tenant, path, "a");
    await expect.poll(() => subscriber.closed.code).toBe(4001);
  });
});

describe("auth in band", () => {
  it("refuses a token that does not open this station", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path, "a");
    const subscriber = await subscribe(tenant, "/v1/stations/a/stream");
    auth(subscriber, await tenant.token({ stations: ["b"] }));
    await expect.poll(() => errors(subscriber.frames)).toEqual(["unauthorized"]);
  });

  it("narrows and widens what is seen, from the hello on", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const watcher = await subscribe(tenant);
    const subscriber = await subscribe(
      tenant,
      "/v1/stream",
      await tenant.token({ stations: ["a"] }),
    );
    const round = async (count: number) => {
      for (const station of ["a", "b"]) await send(tenant, path, station);
      await seqsOf(watcher, count);
    };
    await round(2);
    auth(subscriber, await tenant.token({ stations: ["b"] }));
    await expect.poll(() => hellos(subscriber)).toBe(2);
    await round(4);
    auth(subscriber, await tenant.token());
    await expect.poll(() => hellos(subscriber)).toBe(3);
    await round(6);
    auth(subscriber, await tenant.token({ view: "state" }));
    await expect.poll(() => hellos(subscriber)).toBe(4);
    await round(8);
    const told = subscriber.frames.flatMap(({ op, events, stations }) =>
      op === "hello"
        ? "|"
        : ((events ?? stations) as { station: string }[]).map((it) => `${op} ${it.station}`),
    );
    const events = (...names: string[]) => names.map((name) => `events ${name}`);
    expect(told.slice(0, 8)).toEqual([
      "|",
      ...events("a"),
      "|",
      ...events("b"),
      "|",
      ...events("a", "b"),
      "|",
    ]);
    expect([...new Set(told.slice(8))].sort()).toEqual(["state a", "state b"]);
  });

  it("refuses the view `state` to one whose filter looks into bodies", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const match = encodeURIComponent('{"data.status":"Started"}');
    const subscriber = await subscribe(tenant, `/v1/stream?match=${match}`);
    auth(subscriber, await tenant.token({ view: "state" }));
    await expect.poll(() => errors(subscriber.frames)).toEqual(["forbidden_filter"]);
    await send(tenant, path, "a");
    expect(await seqsOf(subscriber, 1)).toEqual([1]);
  });

  it("is in force for the frame that follows it", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path, "a");
    const subscriber = await subscribe(tenant, "/v1/stream", await tenant.token({ view: "state" }));
    auth(subscriber, await tenant.token());
    subscriber.socket.send('{"op":"subscribe","filter":{"match":{}},"from":"start"}');
    expect(await seqsOf(subscriber, 1)).toEqual([1]);
    expect(errors(subscriber.frames)).toEqual([]);
  });

  it("leaves the last of several in force, whichever takes longer to check", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const subscriber = await subscribe(tenant);
    const last = await tenant.token({ stations: ["b"] });
    await expect.poll(() => hellos(subscriber)).toBe(1);
    // A key is looked up there, and a token is not.
    const busy = runInDurableObject(env.TENANT.getByName(tenant.id), (_instance, ctx) =>
      ctx.blockConcurrencyWhile(() => until(Date.now() + 500)),
    );
    auth(subscriber, tenant.key);
    auth(subscriber, last);
    await busy;
    await expect.poll(() => hellos(subscriber)).toBe(3);
    for (const station of ["a", "b"]) await send(tenant, path, station);
    await seqsOf(subscriber, 1);
    expect(places(subscriber.frames)).toEqual(["b 1 session.updated"]);
  });

  it("is in force for the frame that follows it, were it slow to check", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path, "a");
    const token = await tenant.token({ view: "state" });
    const subscriber = await subscribe(tenant, "/v1/stream", token);
    await expect.poll(() => hellos(subscriber)).toBe(1);
    const busy = runInDurableObject(env.TENANT.getByName(tenant.id), (_instance, ctx) =>
      ctx.blockConcurrencyWhile(() => until(Date.now() + 500)),
    );
    auth(subscriber, tenant.key);
    subscriber.socket.send('{"op":"subscribe","filter":{"match":{}},"from":"start"}');
    await busy;
    expect(await seqsOf(subscriber, 1)).toEqual([1]);
    expect(errors(subscriber.frames)).toEqual([]);
  });

  it("loses and repeats nothing in the middle of a long replay", async () => {
    const tenant = await newTenant();
    await fillFeed(tenant, 3_000, 2_000);
    await evictDurableObject(feedOf(tenant));
    const subscriber = await subscribe(tenant, "/v1/stream?from=start", await mint(tenant));
    for (let round = 1; round <= 3; round += 1) {
      await seqsOf(subscriber, round * 300);
      auth(subscriber, await mint(tenant));
    }
    await expect.poll(() => seqs(subscriber.frames).length).toBeGreaterThanOrEqual(3_000);
    expect(seqs(subscriber.frames)).toEqual(range(1, 3_000));
    expect(hellos(subscriber)).toBe(4);
  });

  it("has the snapshot begin anew when it comes in the middle of one", async () => {
    const tenant = await newTenant();
    await fillStations(tenant, 2_000);
    await evictDurableObject(feedOf(tenant));
    const subscriber = await subscribe(tenant, "/v1/stream?from=snapshot", await mint(tenant));
    await expect.poll(() => ops(subscriber.frames)).toContain("snapshot");
    auth(subscriber, await mint(tenant));
    await expect.poll(() => hellos(subscriber)).toBe(2);
    const lastHello = () => subscriber.frames.findLastIndex(({ op }) => op === "hello");
    const before = subscriber.frames.slice(0, lastHello());
    if (before.some(({ done }) => done === true)) return;
    await expect.poll(() => subscriber.frames.at(-1)).toMatchObject({ op: "snapshot", done: true });
    expect(statesOf(subscriber.frames.slice(lastHello()), "snapshot")).toHaveLength(2_000);
  });
});

describe("a grant that is too long for its socket", () => {
  const stations = ["a", ...Array.from({ length: 500 }, (_, i) => `${i}`.padStart(24, "0"))];
  const long = { stations };

  it("is kept apart, outlives a sleep, and goes with its socket", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const subscriber = await subscribe(tenant, "/v1/stream", await tenant.token(long));
    await expect.poll(() => hellos(subscriber)).toBe(1);
    expect(await storedTexts(tenant)).toEqual(["grant"]);
    subscriber.socket.send(JSON.stringify({ op: "subscribe", filter: { stations } }));
    await expect.poll(() => hellos(subscriber)).toBe(2);
    expect(await storedTexts(tenant)).toEqual(["filter", "grant"]);
    await evictDurableObject(feedOf(tenant));
    for (const station of ["b", "a"]) await send(tenant, path, station);
    expect(await seqsOf(subscriber, 1)).toEqual([1]);
    subscriber.socket.close();
    await expect.poll(() => storedTexts(tenant)).toEqual([]);
  });

  it("goes when a shorter one replaces it, and when the token ends", async () => {
    const tenant = await newTenant();
    const first = await subscribe(tenant, "/v1/stream", await tenant.token(long));
    auth(first, await tenant.token());
    await expect.poll(() => hellos(first)).toBe(2);
    expect(await storedTexts(tenant)).toEqual([]);
    const grant = { view: "events" as const, scopes: [long, long] };
    const second = await subscribe(
      tenant,
      "/v1/stream",
      await mint(tenant, { untilMs: inSeconds(1), grant }),
    );
    await expect.poll(() => hellos(second)).toBe(1);
    expect(await storedTexts(tenant)).toEqual(["grant"]);
    await expect.poll(() => second.closed.code, { timeout: 15_000 }).toBe(4401);
    expect(await storedTexts(tenant)).toEqual([]);
  });
});

function fillFeed(tenant: TestTenant, count: number, size: number): Promise<void> {
  const body = { x: "x".repeat(size) };
  return runInDurableObject(feedOf(tenant), (_instance, { storage }) => {
    const log = new FeedLog(new Database(storage));
    for (let first = 1; first <= count; first += 100) {
      const entries = range(first, first + 99).map((seq) => {
        const head = { id: `${seq}`, type: "session.updated", station: "a", seq };
        return { station: "a", seq, type: head.type, json: JSON.stringify({ ...head, body }) };
      });
      log.append(entries, new Map([["a", { lastSeq: first + 99, state: null }]]));
    }
  });
}

function fillStations(tenant: TestTenant, count: number): Promise<void> {
  return runInDurableObject(feedOf(tenant), (_instance, { storage }) => {
    const log = new FeedLog(new Database(storage));
    for (let i = 1; i <= count; i += 1) {
      const station = `cs${i}`;
      const head = { id: station, type: "session.updated", station, seq: 1 };
      const entry = {
        station,
        seq: 1,
        type: head.type,
        json: JSON.stringify({ ...head, body: {} }),
      };
      const state = JSON.stringify({ station, seq: 1, sessions: [] });
      log.append([entry], new Map([[station, { lastSeq: 1, state }]]));
    }
  });
}
