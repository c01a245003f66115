import {
  abortAllDurableObjects,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { stationName } from "../../src/env.ts";
import { Database } from "../../src/store/database.ts";
import * as store from "../../src/store/replay-store.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { type Received, Receiver, seqsOf } from "./receiver.ts";
import { newTenant } from "./support.ts";

afterEach(() => reset());

const ALL = { from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" };
const Replay = z.looseObject({ id: z.string(), status: z.string(), matched: z.number() });
const Events = z.array(z.object({ id: z.string(), receivedAt: z.string() }));

async function sendSeries(tenant: TestTenant, path: string, station: string, count: number) {
  for (let i = 0; i < count; i += 1) {
    expect((await tenant.send(path, webhook({ station }))).status).toBe(200);
  }
}

/** A tenant with events that its only route has not seen, because it is newer. */
async function logged(stations: Record<string, number>, settings: Record<string, unknown> = {}) {
  const tenant = await newTenant();
  const { path } = await tenant.source();
  for (const [station, count] of Object.entries(stations)) {
    await sendSeries(tenant, path, station, count);
  }
  const receiver = new Receiver();
  const route = (await tenant.route(receiver.url, settings)).id;
  return { tenant, path, receiver, route };
}

const start = async (tenant: TestTenant, input: Record<string, unknown>) => {
  const answer = await tenant.call("POST", "/v1/replays", { ...ALL, ...input });
  expect(answer.status).toBe(201);
  return Replay.parse(answer.body);
};
const replayOf = async (tenant: TestTenant, id: string) =>
  (await tenant.call("GET", `/v1/replays/${id}`)).body;
const becomes = (tenant: TestTenant, id: string, expected: Record<string, unknown>) =>
  expect.poll(() => replayOf(tenant, id)).toMatchObject(expected);
const dryRun = async (tenant: TestTenant, input: Record<string, unknown>) =>
  tenant.call("POST", "/v1/replays", { ...ALL, ...input, dryRun: true });
const eventsOf = async (tenant: TestTenant, station: string) =>
  Events.parse(await tenant.items(`/v1/stations/${station}/events`));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const ofStation = (received: Received, station: string) =>
  seqsOf(received.filter(({ headers }) => headers["chargewire-station"] === station));

describe("POST /v1/replays", () => {
  it("sends what the logs hold, per station in order, each marked as a replay", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 4, cs2: 3 });
    const answer = await tenant.call("POST", "/v1/replays", { route, ...ALL });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^rp_/),
        kind: "range",
        route,
        stations: null,
        types: null,
        from: "2000-01-01T00:00:00.000Z",
        to: "2100-01-01T00:00:00.000Z",
        matched: 7,
        failed: 0,
        status: "running",
        finishedAt: null,
      },
    });
    const { id } = Replay.parse(answer.body);
    const received = await receiver.received(7);
    expect([ofStation(received, "cs1"), ofStation(received, "cs2")]).toEqual([upTo(4), upTo(3)]);
    const ids = (await eventsOf(tenant, "cs1")).map((event) => event.id);
    const sent = received.filter(({ headers }) => headers["chargewire-station"] === "cs1");
    expect(sent.map(({ headers }) => headers["webhook-id"])).toEqual(ids);
    for (const { headers } of received) {
      expect(headers).toMatchObject({ "chargewire-replay": id, "chargewire-attempt": "1" });
      expect(headers).not.toHaveProperty("chargewire-prev-seq");
      expect(headers).not.toHaveProperty("chargewire-gap");
    }
    const done = { status: "done", delivered: 7, failed: 0, finishedAt: expect.any(String) };
    await becomes(tenant, id, done);
    expect(await tenant.items("/v1/stations/cs1/deliveries?limit=4")).toMatchObject(
      [4, 3, 2, 1].map((seq) => ({ route, seq, attempt: 1, class: "delivered", replay: id })),
    );
    expect(await tenant.items("/v1/audit")).toMatchObject([
      { action: "replay.created", target: id, detail: { route } },
      {},
      {},
    ]);
  });

  it("takes from as the first moment and to as the first one after", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    for (let i = 0; i < 5; i += 1) {
      await sendSeries(tenant, path, "cs1", 1);
      await scheduler.wait(3);
    }
    const receiver = new Receiver();
    const route = (await tenant.route(receiver.url)).id;
    const at = (await eventsOf(tenant, "cs1")).map(({ receivedAt }) => receivedAt);
    expect(new Set(at).size).toBe(5);
    const [, from, , to] = at;
    const { id } = await start(tenant, { route, from, to });
    await becomes(tenant, id, { status: "done", matched: 2 });
    expect(seqsOf(await receiver.requests())).toEqual([2, 3]);
    const offset = String(from).replace("Z", "+00:00");
    expect((await dryRun(tenant, { route, from: offset, to })).body).toMatchObject({ matched: 2 });
  });

  it("sends what the route's filter lets through as it is now, and the types that are named", async () => {
    const { tenant, path, receiver, route } = await logged({});
    const types = ["session.started", "chargestation.online", "session.ended", "rate.updated"];
    await tenant.call("POST", `/v1/routes/${route}/pause`);
    for (const type of types) await tenant.send(path, webhook({ station: "cs1", type }));
    const filter = { types: ["session.*", "chargestation.*"] };
    await tenant.call("PATCH", `/v1/routes/${route}`, { filter });
    const matched = async (input: object) => (await dryRun(tenant, { route, ...input })).body;
    expect(await matched({})).toEqual({ matched: 3, stations: 1 });
    expect(await matched({ types: ["*.ended", "rate.*"] })).toEqual({ matched: 1, stations: 1 });
    await tenant.call("PATCH", `/v1/routes/${route}`, { filter: { types: ["rate.*"] } });
    const { id } = await start(tenant, { route, types: ["rate.*", "session.*"] });
    await tenant.call("POST", `/v1/routes/${route}/resume`);
    await becomes(tenant, id, { status: "done", matched: 1, delivered: 1 });
    const replayed = (await receiver.requests()).filter(
      ({ headers }) => headers["chargewire-replay"] === id,
    );
    expect(replayed.map(({ headers }) => headers["chargewire-type"])).toEqual(["rate.updated"]);
  });

  it("sends of the stations that are named, the account's lane and removed ones among them", async () => {
    const { tenant, path, receiver, route } = await logged({ cs1: 1, cs2: 2, cs3: 1 });
    await tenant.call("POST", `/v1/routes/${route}/pause`);
    await tenant.send(path, webhook({ type: "user.created", data: { _id: "u" } }));
    await tenant.call("DELETE", "/v1/stations/cs2");
    const { id } = await start(tenant, { route, stations: ["cs2", "_account", "cs2"] });
    expect(await replayOf(tenant, id)).toMatchObject({ matched: 3, status: "waiting" });
    expect((await dryRun(tenant, { route })).body).toEqual({ matched: 5, stations: 4 });
    await tenant.call("POST", `/v1/routes/${route}/resume`);
    await becomes(tenant, id, { status: "done", stations: ["_account", "cs2"] });
    const replayed = (await receiver.requests()).filter(
      ({ headers }) => "chargewire-replay" in headers,
    );
    const names = replayed.map(({ headers }) => headers["chargewire-station"]);
    expect(names.sort()).toEqual(["_account", "cs2", "cs2"]);
  });

  it("counts and sends of more stations than are asked together", async () => {
    const stations = Object.fromEntries(upTo(60).map((n) => [`cs${n}`, 1]));
    const { tenant, receiver, route } = await logged(stations);
    expect((await dryRun(tenant, { route })).body).toEqual({ matched: 60, stations: 60 });
    const { id, matched } = await start(tenant, { route });
    expect(matched).toBe(60);
    await becomes(tenant, id, { status: "done", delivered: 60 });
    const places = (await receiver.requests()).map(({ headers }) => headers["chargewire-station"]);
    expect(new Set(places).size).toBe(60);
  });

  it("is done at once when there is nothing to send", async () => {
    const { tenant, route } = await logged({ cs1: 1 });
    const { id } = await start(tenant, { route, types: ["rate.*"] });
    await becomes(tenant, id, { status: "done", matched: 0, delivered: 0 });
  });

  it("stores nothing of a dry run", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 2 });
    const audited = await tenant.items("/v1/audit");
    expect(await dryRun(tenant, { route })).toMatchObject({
      status: 200,
      body: { matched: 2, stations: 1 },
    });
    expect(await tenant.items("/v1/replays")).toEqual([]);
    expect(await tenant.items("/v1/audit")).toEqual(audited);
    const rows = await runInDurableObject(env.TENANT.getByName(tenant.id), (_, { storage }) =>
      new Database(storage).all("SELECT 1 FROM replays UNION ALL SELECT 1 FROM replay_stations"),
    );
    expect(rows).toEqual([]);
    expect(await receiver.requests()).toEqual([]);
  });

  it.each([
    [{ route: "rt_unknown" }, 404, "not_found"],
    [{ stations: ["cs1", "cs9"] }, 404, "not_found"],
    [{ stations: [] }, 400, "invalid_request"],
    [{ stations: ["bad name"] }, 400, "invalid_request"],
    [{ types: ["session*"] }, 400, "invalid_request"],
    [{ from: "yesterday" }, 400, "invalid_request"],
    [{ from: "2026-11-22T10:00:00" }, 400, "invalid_request"],
    [{ from: ALL.to }, 400, "invalid_request"],
    [{ types: Array.from({ length: 200 }, () => "x".repeat(128)) }, 400, "invalid_request"],
    [{ unknown: 1 }, 400, "invalid_request"],
  ])("answers %j with %i %s, dry or not", async (input, status, code) => {
    const { tenant, route } = await logged({ cs1: 1 });
    for (const dry of [true, false]) {
      const body = { route, ...ALL, ...input, dryRun: dry };
      expect(await tenant.call("POST", "/v1/replays", body)).toMatchObject({
        status,
        body: { code },
      });
    }
    expect(await tenant.items("/v1/replays")).toEqual([]);
  });

  it("holds ten that are unfinished and not one more", async () => {
    const { tenant, route } = await logged({ cs1: 1 });
    await tenant.call("POST", `/v1/routes/${route}/pause`);
    const first = await start(tenant, { route });
    for (let count = 2; count <= 10; count += 1) await start(tenant, { route });
    const more = await tenant.call("POST", "/v1/replays", { route, ...ALL });
    expect(more).toMatchObject({ status: 409, body: { code: "limit_reached" } });
    expect((await dryRun(tenant, { route })).status).toBe(200);
    await tenant.call("DELETE", `/v1/replays/${first.id}`);
    await start(tenant, { route });
  });
});

describe("a replay", () => {
  it("moves nothing of the lane: neither its place nor the next chargewire-prev-seq", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    const route = (await tenant.route(receiver.url)).id;
    await sendSeries(tenant, path, "cs1", 3);
    await receiver.received(3);
    const { id } = await start(tenant, { route });
    await becomes(tenant, id, { status: "done", delivered: 3 });
    await sendSeries(tenant, path, "cs1", 1);
    const received = await receiver.received(7);
    expect(seqsOf(received)).toEqual([1, 2, 3, 1, 2, 3, 4]);
    expect(received[6]?.headers).toMatchObject({ "chargewire-prev-seq": "3" });
    expect(received[6]?.headers).not.toHaveProperty("chargewire-replay");
  });

  it("keeps no live event waiting while its own is not answered", async () => {
    const { tenant, path, receiver, route } = await logged({ cs1: 2 }, { timeoutMs: 30_000 });
    await receiver.script({ fault: "hang" }, {});
    await start(tenant, { route });
    await receiver.received(1);
    await sendSeries(tenant, path, "cs1", 3);
    const received = await receiver.received(4);
    expect(seqsOf(received)).toEqual([1, 3, 4, 5]);
    expect(received.filter(({ headers }) => "chargewire-replay" in headers)).toHaveLength(1);
  });

  it("stops after what is in flight when it is cancelled, and stays listed", async () => {
    const { tenant, path, receiver, route } = await logged({ cs1: 5 });
    await receiver.script({}, { delayMs: 400 }, {});
    const { id } = await start(tenant, { route });
    await receiver.received(2);
    expect((await tenant.call("DELETE", `/v1/replays/${id}`)).status).toBe(204);
    expect(await replayOf(tenant, id)).toMatchObject({ status: "cancelled", matched: 5 });
    // What was in flight is counted when it is answered; nothing follows it.
    await becomes(tenant, id, { delivered: 2, finishedAt: expect.any(String) });
    await sendSeries(tenant, path, "cs1", 1);
    expect(seqsOf(await receiver.received(3))).toEqual([1, 2, 6]);
    expect((await tenant.call("DELETE", `/v1/replays/${id}`)).status).toBe(204);
    expect(await tenant.items("/v1/replays")).toMatchObject([{ id, status: "cancelled" }]);
    const audited = await tenant.items("/v1/audit");
    expect(audited.slice(0, 2)).toMatchObject([
      { action: "replay.cancelled", target: id },
      { action: "replay.created", target: id },
    ]);
  });

  it("cannot be cancelled once it is done", async () => {
    const { tenant, route } = await logged({ cs1: 1 });
    const { id } = await start(tenant, { route });
    await becomes(tenant, id, { status: "done" });
    expect(await tenant.call("DELETE", `/v1/replays/${id}`)).toMatchObject({
      status: 409,
      body: { code: "conflict" },
    });
    expect((await tenant.call("DELETE", "/v1/replays/rp_unknown")).status).toBe(404);
  });

  it("goes on where it was when everything is restarted, by itself and in order", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 20, cs2: 20 });
    await receiver.script({ delayMs: 50 });
    const { id } = await start(tenant, { route });
    await receiver.received(8);
    await abortAllDurableObjects();
    await receiver.received(16, 20_000);
    await abortAllDurableObjects();
    const isLast = ({ headers }: Received[number]) => headers["chargewire-seq"] === "20";
    await expect
      .poll(async () => (await receiver.requests()).filter(isLast).length, { timeout: 30_000 })
      .toBeGreaterThanOrEqual(2);
    await becomes(tenant, id, { status: "done", matched: 40, delivered: 40 });
    const received = await receiver.requests();
    for (const station of ["cs1", "cs2"]) {
      const seqs = ofStation(received, station);
      expect([...new Set(seqs)]).toEqual(upTo(20));
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      // Of each station, what was in flight at a restart may come twice, nothing else.
      expect(seqs.length).toBeLessThanOrEqual(22);
    }
  });

  it("has an alarm while it is at work or owes a retry, and none while its route is paused", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 1 }, { timeoutMs: 1_000 });
    await receiver.script({ fault: "hang" });
    const object = () => env.TENANT.getByName(tenant.id);
    /** How soon the alarm comes, once everything that is due has been done. */
    const alarmInMs = async () => {
      const atMs = await runInDurableObject(object(), (_, { storage }) => storage.getAlarm());
      return (atMs ?? Number.POSITIVE_INFINITY) - Date.now();
    };
    const isQuiet = () =>
      expect
        .poll(async () => {
          await runDurableObjectAlarm(object());
          return alarmInMs();
        })
        .toBeGreaterThan(60_000);
    await isQuiet();
    const { id } = await start(tenant, { route });
    await receiver.received(1);
    expect(await alarmInMs()).toBeLessThanOrEqual(10_000);
    await receiver.received(2);
    await tenant.call("POST", `/v1/routes/${route}/pause`);
    await isQuiet();
    expect(await replayOf(tenant, id)).toMatchObject({ status: "waiting" });
  });

  it("puts no earlier alarm of the tenant off when that restarts", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 1 });
    await receiver.script({ status: 503, headers: { "retry-after": "600" } });
    await start(tenant, { route });
    await receiver.received(1);
    // The alarm that tells the feed, should the tenant die before it has.
    await tenant.call("PATCH", `/v1/routes/${route}`, { name: "changed" });
    await abortAllDurableObjects();
    const object = env.TENANT.getByName(tenant.id);
    const atMs = await runInDurableObject(object, (_, { storage }) => storage.getAlarm());
    expect(atMs ?? Number.POSITIVE_INFINITY).toBeLessThan(Date.now() + 10_000);
  });

  it("makes an attempt again that a station's restart cut short", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 2 });
    await receiver.script({ fault: "hang" }, {});
    const { id } = await start(tenant, { route });
    await receiver.received(1);
    const station = env.STATION.getByName(stationName(tenant.id, "cs1"));
    await runInDurableObject(station, (_instance, state) => state.abort()).catch(() => {});
    await becomes(tenant, id, { status: "done", delivered: 2, failed: 0 });
    const received = await receiver.requests();
    expect(seqsOf(received)).toEqual([1, 1, 2]);
    expect(received[1]?.headers["chargewire-attempt"]).toBe("1");
  });

  it("does not send twice what is in flight while the tenant restarts", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 3 });
    await receiver.script({ delayMs: 1_500 }, {});
    const { id } = await start(tenant, { route });
    await receiver.received(1);
    const object = env.TENANT.getByName(tenant.id);
    await runInDurableObject(object, (_instance, state) => state.abort()).catch(() => {});
    await becomes(tenant, id, { status: "done", delivered: 3 });
    expect(seqsOf(await receiver.requests())).toEqual([1, 2, 3]);
  });

  it("waits while its route is paused, and uses nothing up", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 3 });
    await receiver.script({}, { delayMs: 300 }, {});
    const { id } = await start(tenant, { route });
    await receiver.received(2);
    await tenant.call("POST", `/v1/routes/${route}/pause`);
    await becomes(tenant, id, { status: "waiting", delivered: 2, failed: 0 });
    expect(await receiver.requests()).toHaveLength(2);
    await abortAllDurableObjects();
    await tenant.call("POST", `/v1/routes/${route}/resume`);
    await becomes(tenant, id, { status: "done", delivered: 3 });
    const received = await receiver.requests();
    expect(seqsOf(received)).toEqual([1, 2, 3]);
    expect(received[2]?.headers["chargewire-attempt"]).toBe("1");
  });

  it("sends to what the route has become", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 3 });
    const moved = new Receiver();
    await receiver.script({}, { delayMs: 300 }, {});
    const { id } = await start(tenant, { route });
    await receiver.received(2);
    await tenant.call("PATCH", `/v1/routes/${route}`, { url: moved.url });
    await becomes(tenant, id, { status: "done", delivered: 3 });
    expect([seqsOf(await receiver.requests()), seqsOf(await moved.requests())]).toEqual([
      [1, 2],
      [3],
    ]);
  });

  it("tries again after trouble, with nothing of the station before it", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 2 });
    await receiver.script({ status: 503 }, {});
    const { id } = await start(tenant, { route });
    await becomes(tenant, id, { status: "done", delivered: 2, failed: 0 });
    const received = await receiver.requests();
    expect(seqsOf(received)).toEqual([1, 1, 2]);
    expect(received.map(({ headers }) => headers["chargewire-attempt"])).toEqual(["1", "2", "1"]);
    const waitedMs = (received[1]?.atMs ?? 0) - (received[0]?.atMs ?? 0);
    expect(waitedMs).toBeGreaterThanOrEqual(800);
    expect(waitedMs).toBeLessThan(4_000);
  });

  it("goes on after an event that is refused twice, which is no dead letter", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 3 });
    await receiver.script({}, { status: 422 }, { status: 422 }, {});
    const { id } = await start(tenant, { route });
    await becomes(tenant, id, { status: "done", matched: 3, delivered: 2, failed: 1 });
    expect(seqsOf(await receiver.requests())).toEqual([1, 2, 2, 3]);
    expect(await tenant.items(`/v1/routes/${route}/dead-letters`)).toEqual([]);
  });

  it("lets other stations go on while one waits for its retry", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 2, cs2: 12 });
    await receiver.script({ status: 503, headers: { "retry-after": "600" } }, {});
    const { id } = await start(tenant, { route });
    await becomes(tenant, id, { status: "running", delivered: expect.any(Number) });
    const received = await receiver.received(13);
    const failed = ofStation(received, "cs1").length === 1 ? "cs1" : "cs2";
    expect(failed).toBe("cs1");
    await becomes(tenant, id, { status: "running", delivered: 12 });
  });

  it("disables the route at 410, keeps the event, and goes on when it is resumed", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 2 });
    await receiver.script({ status: 410 }, {});
    const { id } = await start(tenant, { route });
    await becomes(tenant, id, { status: "waiting", delivered: 0, failed: 0 });
    expect((await tenant.call("GET", `/v1/routes/${route}`)).body).toMatchObject({
      enabled: false,
      health: "disabled",
    });
    await tenant.call("POST", `/v1/routes/${route}/resume`);
    await becomes(tenant, id, { status: "done", delivered: 2 });
    expect(seqsOf(await receiver.requests())).toEqual([1, 1, 2]);
  });

  it("waits while its route's breaker is open, and goes on when that has closed", async () => {
    const tries = Array.from({ length: 12 }, () => 0.05);
    const { tenant, path, receiver, route } = await logged(
      { cs1: 2 },
      { retry: { scheduleSeconds: tries } },
    );
    await receiver.script({ status: 500 });
    await sendSeries(tenant, path, "cs2", 1);
    await expect
      .poll(async () => (await tenant.call("GET", `/v1/routes/${route}`)).body)
      .toMatchObject({ health: "failing" });
    const { id } = await start(tenant, { route, stations: ["cs1"] });
    await becomes(tenant, id, { status: "waiting", matched: 2, delivered: 0, failed: 0 });
    await receiver.script({});
    await becomes(tenant, id, { status: "done", delivered: 2, failed: 0 });
    const attempts = (await receiver.requests())
      .filter(({ headers }) => headers["chargewire-replay"] === id)
      .map(({ headers }) => headers["chargewire-attempt"]);
    expect(attempts).toEqual(["1", "1"]);
  });

  it("keeps to the rate of its route, and leaves the line when it is cancelled", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 9 }, { ratePerSecond: 0.5 });
    const { id } = await start(tenant, { route });
    const [first, second] = await receiver.received(2);
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(1_500);
    await tenant.call("DELETE", `/v1/replays/${id}`);
    // The next turn would have come after two seconds.
    await scheduler.wait(2_500);
    expect(seqsOf(await receiver.requests())).toEqual([1, 2]);
    await becomes(tenant, id, { status: "cancelled", delivered: 2 });
  });

  it("has ten stations at work at a time", async () => {
    const stations = Object.fromEntries(upTo(12).map((n) => [`cs${n}`, 2]));
    const { tenant, receiver, route } = await logged(stations, { timeoutMs: 30_000 });
    await receiver.script({ fault: "hang" });
    await start(tenant, { route });
    const received = await receiver.received(10);
    await scheduler.wait(300);
    expect(await receiver.requests()).toHaveLength(10);
    expect(new Set(received.map(({ headers }) => headers["chargewire-station"])).size).toBe(10);
  });

  it("makes at most fifty attempts a second", async () => {
    const { tenant, receiver, route } = await logged({ cs1: 13, cs2: 13 });
    const { id } = await start(tenant, { route });
    await becomes(tenant, id, { status: "done", delivered: 26 });
    const received = await receiver.requests();
    const tookMs = (received[25]?.atMs ?? 0) - (received[0]?.atMs ?? 0);
    expect(tookMs).toBeGreaterThanOrEqual(450);
  });

  it("ends with its route", async () => {
    const { tenant, route } = await logged({ cs1: 2 });
    await tenant.call("POST", `/v1/routes/${route}/pause`);
    const { id } = await start(tenant, { route });
    await tenant.call("DELETE", `/v1/routes/${route}`);
    await becomes(tenant, id, { status: "cancelled", finishedAt: expect.any(String) });
  });

  it("is closed to readers but for reading, and to other tenants", async () => {
    const { tenant, route } = await logged({ cs1: 1 });
    await tenant.call("POST", `/v1/routes/${route}/pause`);
    const { id } = await start(tenant, { route });
    const { body } = await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
    const { apiKey } = z.object({ apiKey: z.string() }).parse(body);
    const path = `/v1/replays/${id}`;
    expect((await tenant.call("GET", path, undefined, apiKey)).status).toBe(200);
    expect((await tenant.call("GET", "/v1/replays", undefined, apiKey)).status).toBe(200);
    expect((await tenant.call("DELETE", path, undefined, apiKey)).status).toBe(403);
    const input = { route, ...ALL };
    for (const dry of [true, false]) {
      const asked = await tenant.call("POST", "/v1/replays", { ...input, dryRun: dry }, apiKey);
      expect(asked.status).toBe(403);
    }
    const other = await newTenant();
    expect((await other.call("GET", path)).status).toBe(404);
    expect((await other.call("DELETE", path)).status).toBe(404);
    expect((await other.call("POST", "/v1/replays", input)).status).toBe(404);
    expect(await other.items("/v1/replays")).toEqual([]);
    expect(await replayOf(tenant, id)).toMatchObject({ status: "waiting" });
  });
});

describe("GET /v1/replays", () => {
  it("lists them newest first, page by page", async () => {
    const { tenant, route } = await logged({ cs1: 1 });
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.unshift((await start(tenant, { route })).id);
    const Page = z.object({ items: z.array(Replay), next: z.string().nullable() });
    const first = Page.parse((await tenant.call("GET", "/v1/replays?limit=2")).body);
    const rest = Page.parse((await tenant.call("GET", `/v1/replays?after=${first.next}`)).body);
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(ids);
    expect(rest.next).toBeNull();
  });

  it("keeps the last 1,000, and whatever is unfinished", async () => {
    const { id } = await newTenant();
    await runInDurableObject(env.TENANT.getByName(id), (_instance, { storage }) => {
      const db = new Database(storage);
      const insert = (n: number) => {
        const none = { stations: null, types: null, fromMs: 0, toMs: 1, countedTo: null };
        const row = { id: `rp_${n}`, kind: "range", routeId: "rt_1", ...none } as const;
        store.insertReplay(db, { ...row, createdAtMs: n });
        if (n !== 1) store.finishReplay(db, row.id, n);
      };
      const kept = () => {
        const rows = store.listReplays(db, Number.MAX_SAFE_INTEGER, 5_000);
        return [rows.length, rows.at(-2)?.id, rows.at(-1)?.id];
      };
      for (const n of upTo(store.MAX_REPLAYS)) insert(n);
      expect(kept()).toEqual([1_000, "rp_2", "rp_1"]);
      insert(1_001);
      expect(kept()).toEqual([1_001, "rp_2", "rp_1"]);
      insert(1_002);
      expect(kept()).toEqual([1_001, "rp_3", "rp_1"]);
    });
  });
});
