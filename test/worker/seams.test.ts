import {
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { parseCursor } from "../../src/domain/cursor.ts";
import { stationName } from "../../src/env.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver, seqsOf } from "./receiver.ts";
import { eventsOf, feedOf, lastCursor, newTenant, seqs, subscribe, tenantOf } from "./support.ts";

afterEach(() => reset());

const send = async (tenant: TestTenant, path: string, type = "session.updated") =>
  expect((await tenant.send(path, webhook({ station: "cs1", type }))).status).toBe(200);

const stationOf = ({ id }: TestTenant) => env.STATION.getByName(stationName(id, "cs1"));

/** A snapshot of one station. */
const Stations = z.tuple([z.object({ seq: z.number() })]);

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** Whatever waits for the disk waits until `confirmed` resolves too, so that much comes meanwhile. */
function delayDisk(object: DurableObjectStub, confirmed: () => Promise<void>): Promise<void> {
  return runInDurableObject(object, (_instance, { storage }) => {
    const sync = storage.sync.bind(storage);
    const value = async () => {
      await sync();
      await confirmed();
    };
    Object.defineProperty(storage, "sync", { configurable: true, value });
  });
}

/** Sends an event whose push waits for the feed's disk until `release` is called. */
async function sendHeld(tenant: TestTenant, path: string) {
  const disk = { waitingCount: 0, isHeld: true };
  await delayDisk(feedOf(tenant), async () => {
    disk.waitingCount += 1;
    while (disk.isHeld) await scheduler.wait(1);
  });
  const sending = send(tenant, path);
  await expect.poll(() => disk.waitingCount).toBe(1);
  const release = () => {
    disk.isHeld = false;
  };
  return { sending, release };
}

/** Runs while calls of the object's method fail: a property of its own hides the method from callers. */
async function withBroken<T extends Rpc.DurableObjectBranded>(
  object: DurableObjectStub<T>,
  method: keyof T & string,
  run: () => Promise<void>,
): Promise<void> {
  await runInDurableObject(object, (instance) => {
    Object.defineProperty(instance, method, { configurable: true, value: null });
  });
  await run();
  await runInDurableObject(object, (instance) => {
    Reflect.deleteProperty(instance, method);
  });
}

describe.each([
  [
    "/v1/stream",
    "that gathers for the disk",
    (tenant: TestTenant, ms: number) => delayDisk(feedOf(tenant), () => scheduler.wait(ms)),
  ],
  ["/v1/stations/cs1/stream", "that takes in each event as it comes", async () => {}],
] as const)("GET %s of an object %s", (url, _what, slowDown) => {
  it("gives no cursor beyond the events sent, so that whoever resumes loses nothing", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path);
    await slowDown(tenant, 30);
    const subscriber = await subscribe(tenant, `${url}?from=start`);
    await expect.poll(() => seqs(subscriber.frames)).toEqual([1]);
    const sendSome = async () => {
      for (let i = 0; i < 20; i += 1) await send(tenant, path);
    };
    await Promise.all([sendSome(), sendSome(), sendSome(), sendSome()]);
    await expect.poll(() => seqs(subscriber.frames)).toEqual(upTo(81));
    const frames = subscriber.frames.filter(({ op }) => op === "events");
    const sentCounts = frames.map((_, index) => eventsOf(frames.slice(0, index + 1)).length);
    expect(frames.map(({ cursor }) => parseCursor(String(cursor))?.offset)).toEqual(sentCounts);
    const half = frames.slice(0, Math.floor(frames.length / 2));
    const resumed = await subscribe(tenant, `${url}?from=${lastCursor(half)}`);
    const rest = upTo(81).slice(eventsOf(half).length);
    await expect.poll(() => seqs(resumed.frames)).toEqual(rest);
  });

  it("continues a snapshot with the first event that is not in it", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path);
    await slowDown(tenant, 3);
    const sending = Promise.all(Array.from({ length: 40 }, () => send(tenant, path)));
    const subscribers = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        await scheduler.wait(index * 4);
        return subscribe(tenant, `${url}?from=snapshot`);
      }),
    );
    await sending;
    await send(tenant, path);
    for (const { frames } of subscribers) {
      await expect.poll(() => seqs(frames).at(-1)).toBe(42);
      const { stations } = z.object({ stations: Stations }).parse(frames[1]);
      expect(seqs(frames)).toEqual(upTo(42).slice(stations[0].seq));
    }
  });
});

describe("GET /v1/stream while what was pushed waits for the disk", () => {
  it("gives a snapshot without it, and then the events", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path);
    const { sending, release } = await sendHeld(tenant, path);
    const subscriber = await subscribe(tenant, "/v1/stream?from=snapshot");
    release();
    await sending;
    await send(tenant, path);
    await expect.poll(() => seqs(subscriber.frames).at(-1)).toBe(3);
    expect(subscriber.frames).toMatchObject([
      { op: "hello" },
      { op: "snapshot", stations: [{ seq: 1 }] },
      { op: "events", events: [{ seq: 2 }] },
      { op: "events", events: [{ seq: 3 }] },
    ]);
  });
});

describe("a route", () => {
  it("gets the very next event that its changed filter lets through, without another one after it", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    const route = await tenant.route(receiver.url, { filter: { types: ["session.*"] } });
    await send(tenant, path, "session.started");
    await receiver.received(1);
    await tenant.call("PATCH", `/v1/routes/${route.id}`, { filter: { types: ["*.online"] } });
    await send(tenant, path, "chargestation.online");
    expect(seqsOf(await receiver.received(2))).toEqual([1, 2]);
    await send(tenant, path, "chargestation.online");
    expect(seqsOf(await receiver.received(3))).toEqual([1, 2, 3]);
  });

  it("gets no event that came after it was paused, though its lane is at the one before", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 200, delayMs: 300 });
    const route = await tenant.route(receiver.url);
    await send(tenant, path);
    await receiver.received(1);
    await tenant.call("POST", `/v1/routes/${route.id}/pause`);
    const { sending, release } = await sendHeld(tenant, path);
    // Of the first event it hears while the push of the second is under way.
    await expect.poll(() => tenant.items("/v1/stations/cs1/deliveries")).toHaveLength(1);
    release();
    await sending;
    await expect.poll(() => blockedStations(tenant)).toEqual(["cs1"]);
    expect(seqsOf(await receiver.requests())).toEqual([1]);
  });

  it("gets its first event although the station died between the push and the new routes", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path);
    const receiver = new Receiver();
    await tenant.route(receiver.url);
    await withBroken(tenantOf(tenant), "routesSince", () => send(tenant, path));
    await evictDurableObject(stationOf(tenant));
    expect(await runDurableObjectAlarm(stationOf(tenant))).toBe(true);
    expect(seqsOf(await receiver.received(1))).toEqual([2]);
    await send(tenant, path);
    expect(seqsOf(await receiver.received(2))).toEqual([2, 3]);
  });

  it("gets nothing from before it was created, although the feed was told only afterwards", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path);
    await withBroken(feedOf(tenant), "push", () => send(tenant, path));
    const receiver = new Receiver();
    await tenant.route(receiver.url);
    await send(tenant, path);
    expect(seqsOf(await receiver.received(1))).toEqual([3]);
    await send(tenant, path);
    expect(seqsOf(await receiver.received(2))).toEqual([3, 4]);
  });

  it("gets two attempts at most of its backlog once it is paused", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    const route = await tenant.route(receiver.url);
    await tenant.call("POST", `/v1/routes/${route.id}/pause`);
    for (let i = 0; i < 150; i += 1) await send(tenant, path);
    await tenant.call("POST", `/v1/routes/${route.id}/resume`);
    await receiver.received(3);
    await expect.poll(() => blockedStations(tenant)).toEqual([]);
    expect((await tenant.call("POST", `/v1/routes/${route.id}/pause`)).status).toBe(200);
    const atAnswerCount = (await receiver.requests()).length;
    // A lane that has come to a stop says so, and nothing follows.
    await expect.poll(() => blockedStations(tenant)).toEqual(["cs1"]);
    const stoppedCount = (await receiver.requests()).length;
    expect(stoppedCount).toBeLessThanOrEqual(atAnswerCount + 2);
    expect(stoppedCount).toBeLessThan(150);
  });

  it("costs a station no alarm while it is paused", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const route = await tenant.route(new Receiver().url);
    await tenant.call("POST", `/v1/routes/${route.id}/pause`);
    await send(tenant, path);
    await expect.poll(() => blockedStations(tenant)).toEqual(["cs1"]);
    const alarmsRun: boolean[] = [];
    for (let round = 0; round < 2; round += 1) {
      await evictDurableObject(stationOf(tenant));
      alarmsRun.push(await runDurableObjectAlarm(stationOf(tenant)));
    }
    expect(alarmsRun).toEqual([true, false]);
  });

  it("starts with a new head of a lane at its first attempt and its own tries", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script(
      { status: 503 },
      { status: 503 },
      { status: 422 },
      { status: 200 },
    );
    const route = await tenant.route(receiver.url, { retry: { scheduleSeconds: [0.05, 4, 4, 4] } });
    await send(tenant, path, "session.started");
    await send(tenant, path, "session.ended");
    await receiver.received(2);
    await tenant.call("PATCH", `/v1/routes/${route.id}`, { filter: { types: ["session.ended"] } });
    await receiver.received(4);
    await send(tenant, path, "session.ended");
    const received = await receiver.received(5);
    expect(
      received.map(({ headers }) => [headers["chargewire-seq"], headers["chargewire-attempt"]]),
    ).toEqual([
      ["1", "1"],
      ["1", "2"],
      ["2", "1"],
      ["2", "2"],
      ["3", "1"],
    ]);
    expect(await tenant.items(`/v1/routes/${route.id}/dead-letters`)).toEqual([]);
  });
});

/** Stations with a lane that waits for the tenant to wake it. */
function blockedStations(tenant: TestTenant): Promise<string[]> {
  return runInDurableObject(tenantOf(tenant), (_instance, { storage }) =>
    storage.sql
      .exec<{ station: string }>("SELECT station FROM troubled_lanes")
      .toArray()
      .map(({ station }) => station),
  );
}
