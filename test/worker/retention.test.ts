import {
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { toUtf8 } from "../../src/domain/encoding.ts";
import type { TestTenant } from "../support/api.ts";
import { objectId, webhook } from "../support/webhooks.ts";
import { around } from "./outage-support.ts";
import { Receiver } from "./receiver.ts";
import { forgetObjects, storedText } from "./stored.ts";
import { eventsOf, feedOf, newTenant, stationOf, subscribe } from "./support.ts";

const DAY_MS = 86_400_000;
const STATIONS = ["awake", "asleep", "_account"];

beforeEach(forgetObjects);
afterEach(() => reset());

/** Appends an event as if it had come that many days ago; its body says `marker`. */
async function appendAged(tenant: TestTenant, station: string, days: number, marker: string) {
  const atMs = Date.now() - days * DAY_MS;
  const id = objectId(atMs);
  const createdAt = new Date(atMs).toISOString();
  const data = { chargestation: station, user: marker };
  const [status] = await stationOf(tenant, station).append([
    {
      id,
      type: "session.updated",
      source: "src_test",
      createdAtMs: atMs,
      receivedAtMs: atMs,
      body: JSON.stringify({ _id: id, type: "session.updated", data, createdAt }),
      replayable: false,
    },
  ]);
  expect(status).toBe("accepted");
  return id;
}

const keepDays = (tenant: TestTenant, retentionDays: number) =>
  tenant.call("PATCH", "/v1/settings", { retentionDays });

const Page = z.object({ items: z.array(z.looseObject({})), next: z.string().nullable() });

async function page(tenant: TestTenant, path: string) {
  return Page.parse((await tenant.call("GET", path)).body);
}

/** How far the round under way has got, and when the next is due. */
const sweepOf = ({ id }: TestTenant) =>
  runInDurableObject(env.TENANT.getByName(id), (_, { storage }) =>
    storage.sql.exec("SELECT swept_to, sweep_due_ms FROM tenant").one(),
  );

/** Until a round has gone over everything, now and then again. */
async function untilGone(tenant: TestTenant, marker: string, stations = STATIONS) {
  await expect.poll(() => storedText(tenant, stations)).not.toContain(marker);
}

describe("retentionDays", () => {
  it("is 30 at first, and from 1 to 365", async () => {
    const tenant = await newTenant();
    expect((await tenant.call("GET", "/v1/settings")).body).toMatchObject({ retentionDays: 30 });
    for (const days of [1, 365]) {
      expect(await keepDays(tenant, days)).toMatchObject({
        status: 200,
        body: { retentionDays: days, allowedOrigins: [] },
      });
    }
    for (const days of [0, 366, 1.5, "7"]) {
      const answer = await tenant.call("PATCH", "/v1/settings", { retentionDays: days });
      expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    }
    expect((await tenant.call("GET", "/v1/settings")).body).toMatchObject({ retentionDays: 365 });
  });

  it("when shortened, leaves no older body in any table, of stations awake or asleep", async () => {
    const tenant = await newTenant();
    // The destination's answer repeats what it was sent.
    const answers = ["OLD", "OLD", "YOUNG"].map((body) => ({ status: 500, body }));
    const failing = await new Receiver().script(...answers);
    const filter = { types: ["session.*"] };
    const settings = { filter, retry: { scheduleSeconds: [] } };
    const { id: failed } = await tenant.route(failing.url, settings);
    const letters = () => tenant.items(`/v1/routes/${failed}/dead-letters`);
    await appendAged(tenant, "awake", 20, "OLD");
    await appendAged(tenant, "asleep", 20, "OLD");
    await expect.poll(async () => (await letters()).length).toBe(2);
    await appendAged(tenant, "awake", 8, "YOUNG");
    await expect.poll(async () => (await letters()).length).toBe(3);
    for (const [id, days, body] of [
      ["q_old", 20, "OLD"],
      ["q_young", 8, "YOUNG"],
    ] as const) {
      const entry = { id, sourceId: "src_test", reason: "not_json", receivedAtMs: 0 };
      const receivedAtMs = Date.now() - days * DAY_MS;
      const owner = env.TENANT.getByName(tenant.id);
      expect(await owner.quarantine({ ...entry, receivedAtMs }, toUtf8(body))).toBe("kept");
    }
    expect(await storedText(tenant, STATIONS)).toContain("OLD");
    await evictDurableObject(stationOf(tenant, "asleep"));

    await keepDays(tenant, 10);
    await untilGone(tenant, "OLD");
    expect(await storedText(tenant, STATIONS)).toContain("YOUNG");
    expect(await tenant.items("/v1/quarantine")).toMatchObject([{ id: "q_young" }]);
    // The letters stay, without their events.
    const kept = z.array(z.object({ id: z.string(), event: z.string() })).parse(await letters());
    const letter = `/v1/routes/${failed}/dead-letters/${kept[0]?.id}`;
    expect((await tenant.call("GET", letter)).body).toMatchObject({ event: null });
    expect((await tenant.call("POST", `${letter}/redeliver`)).status).toBe(409);
  });

  it("comes round by itself, also for a station that never sends again", async () => {
    const tenant = await newTenant();
    await appendAged(tenant, "asleep", 31, "OLD");
    await appendAged(tenant, "asleep", 29, "YOUNG");
    await evictDurableObject(stationOf(tenant, "asleep"));
    const owner = env.TENANT.getByName(tenant.id);
    const alarmMs = await runInDurableObject(owner, (_, { storage }) => storage.getAlarm());
    expect(alarmMs).toBeLessThanOrEqual(Date.now() + DAY_MS);
    // As if the day had passed while it slept.
    await runInDurableObject(owner, (_, { storage }) => {
      storage.sql.exec("UPDATE tenant SET sweep_due_ms = 1");
    });
    await evictDurableObject(owner);
    await runDurableObjectAlarm(owner);
    await untilGone(tenant, "OLD", ["asleep"]);
    expect(await storedText(tenant, ["asleep"])).toContain("YOUNG");
    const next = () => runInDurableObject(owner, (_, { storage }) => storage.getAlarm());
    await expect.poll(next).toBeGreaterThan(Date.now() + DAY_MS - 60_000);
  });

  it("goes on with a round that a restart has broken off", async () => {
    const tenant = await newTenant();
    const names = Array.from({ length: 45 }, (_, i) => `cs${i}`);
    for (const name of names) await appendAged(tenant, name, 20, "OLD");
    const owner = env.TENANT.getByName(tenant.id);
    await keepDays(tenant, 10);
    await expect
      .poll(() => sweepOf(tenant))
      .toMatchObject({ swept_to: expect.stringMatching(/^cs/) });
    await evictDurableObject(owner);
    await tenant.call("GET", "/v1/settings");
    await untilGone(tenant, "OLD", names);
  });

  it("begins anew when it is shortened again during its first step", async () => {
    const tenant = await newTenant();
    await appendAged(tenant, "awake", 8, "OLD");
    let expireCount = 0;
    await around(stationOf(tenant, "awake"), "expire", async (real) => {
      const expired = await real();
      expireCount += 1;
      if (expireCount === 1) await scheduler.wait(1_000);
      return expired;
    });
    await keepDays(tenant, 10);
    await expect.poll(() => expireCount).toBe(1);
    await keepDays(tenant, 5);
    await untilGone(tenant, "OLD", ["awake"]);
  });

  it("is soon repeated for a station that could not be had, also when it was broken off since", async () => {
    const tenant = await newTenant();
    const owner = env.TENANT.getByName(tenant.id);
    await appendAged(tenant, "awake", 20, "OLD");
    const fail = () => Promise.reject(new Error("unreachable"));
    const mend = await around(feedOf(tenant), "expire", fail);
    await around(stationOf(tenant, "awake"), "expire", fail);
    await keepDays(tenant, 10);
    await expect.poll(() => sweepOf(tenant)).toMatchObject({ swept_to: "awake" });
    await scheduler.wait(2_000);
    mend();
    await runDurableObjectAlarm(owner);
    await expect.poll(() => sweepOf(tenant)).toMatchObject({ swept_to: null });
    expect((await sweepOf(tenant)).sweep_due_ms).toBeLessThan(Date.now() + DAY_MS / 2);
  });

  it("does nothing when it is lengthened", async () => {
    const tenant = await newTenant();
    await appendAged(tenant, "awake", 20, "YOUNG");
    await keepDays(tenant, 365);
    const sweep = await sweepOf(tenant);
    expect(sweep.swept_to).toBeNull();
    expect(sweep.sweep_due_ms).toBeGreaterThan(Date.now());
  });
});

describe("what retention has let go of", () => {
  it("is told to whoever comes back with a cursor, and the rest follows", async () => {
    const tenant = await newTenant();
    await appendAged(tenant, "awake", 20, "OLD");
    await appendAged(tenant, "awake", 19, "OLD");
    const first = await page(tenant, "/v1/events?limit=1");
    await appendAged(tenant, "awake", 5, "YOUNG");
    await keepDays(tenant, 10);
    await untilGone(tenant, "OLD");

    for (const path of [
      `/v1/events?after=${first.next}`,
      "/v1/stations/awake/events?after=0",
      "/v1/stations/awake/events?after=1",
    ]) {
      expect(await tenant.call("GET", path)).toMatchObject({
        status: 410,
        body: { code: "cursor_expired" },
      });
    }
    for (const path of [
      "/v1/events",
      "/v1/stations/awake/events",
      "/v1/stations/awake/events?after=2",
    ]) {
      expect(await page(tenant, path)).toMatchObject({ items: [{ seq: 3 }], next: null });
    }
    for (const path of ["/v1/stream", "/v1/stations/awake/stream"]) {
      const { frames, socket } = await subscribe(tenant, `${path}?from=${first.next}`);
      await expect.poll(() => frames.map(({ op }) => op)).toContain("snapshot");
      expect(frames).toMatchObject([
        { op: "hello", recovered: false },
        { op: "gap" },
        { op: "snapshot", done: true, stations: [{ station: "awake", seq: 3 }] },
      ]);
      socket.close();
      const replayed = await subscribe(tenant, `${path}?from=start`);
      await expect.poll(() => eventsOf(replayed.frames)).toMatchObject([{ seq: 3 }]);
      replayed.socket.close();
    }
  });

  it("is not accepted again, and the numbers go on", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const atMs = Date.now() - 20 * DAY_MS;
    const id = await appendAged(tenant, "asleep", 20, "OLD");
    await keepDays(tenant, 10);
    await untilGone(tenant, "OLD");
    await evictDurableObject(stationOf(tenant, "asleep"));
    await evictDurableObject(feedOf(tenant));
    const again = webhook({ _id: id, station: "asleep", createdAt: new Date(atMs).toISOString() });
    expect((await tenant.send(path, again)).status).toBe(200);
    expect(await page(tenant, "/v1/events")).toEqual({ items: [], next: null });
    await tenant.send(path, webhook({ station: "asleep" }));
    expect(await page(tenant, "/v1/events")).toMatchObject({ items: [{ seq: 2 }], next: null });
    expect(await page(tenant, "/v1/stations/asleep/events")).toMatchObject({ items: [{ seq: 2 }] });
    // The state is none of the bodies.
    expect((await tenant.call("GET", "/v1/stations/asleep")).body).toMatchObject({ seq: 2 });
  });

  it("is a gap for a lane that still owes it, announced at once and with the next delivery", async () => {
    const tenant = await newTenant();
    const notices = new Receiver();
    await tenant.route(notices.url, { filter: { types: ["relay.lane.gap"] } });
    const receiver = new Receiver();
    const route = await tenant.route(receiver.url, { filter: { stations: ["asleep"] } });
    await tenant.call("POST", `/v1/routes/${route.id}/pause`);
    await appendAged(tenant, "asleep", 20, "OLD");
    await appendAged(tenant, "asleep", 19, "OLD");
    await appendAged(tenant, "asleep", 5, "YOUNG");
    await evictDurableObject(stationOf(tenant, "asleep"));
    await keepDays(tenant, 10);
    const [notice] = await notices.received(1);
    expect(JSON.parse(notice?.body ?? "")).toMatchObject({
      data: { route: route.id, station: "asleep", first: 1, last: 2, reason: "lost" },
    });
    await tenant.call("POST", `/v1/routes/${route.id}/resume`);
    const [delivery] = await receiver.received(1);
    expect(delivery?.headers).toMatchObject({ "chargewire-seq": "3", "chargewire-gap": "1-2" });
    expect(await receiver.requests()).toHaveLength(1);
  });

  it("keeps no station asking whose feed was set back, and is told as a hole", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await appendAged(tenant, "asleep", 20, "OLD");
    await keepDays(tenant, 10);
    await untilGone(tenant, "OLD");
    await runInDurableObject(feedOf(tenant), (_, { storage }) => storage.deleteAll());
    await evictDurableObject(feedOf(tenant));
    expect(await stationOf(tenant, "asleep").wake()).toBe(false);
    await tenant.send(path, webhook({ station: "asleep" }));
    expect(await page(tenant, "/v1/events")).toMatchObject({ items: [{ seq: 2 }], next: null });
  });

  it("ends the parking of a lane that waits at it", async () => {
    const tenant = await newTenant();
    const receiver = await new Receiver().script({ status: 500 });
    const settings = { retry: { scheduleSeconds: [] }, onExhausted: "park" };
    const route = await tenant.route(receiver.url, settings);
    const filter = { types: ["session.*"] };
    await tenant.call("PATCH", `/v1/routes/${route.id}`, { filter });
    await appendAged(tenant, "asleep", 20, "OLD");
    const lanes = () => tenant.items(`/v1/routes/${route.id}/lanes?status=troubled`);
    await expect.poll(lanes).toMatchObject([{ status: "parked" }]);
    await receiver.script({ status: 200 });
    await appendAged(tenant, "asleep", 5, "YOUNG");
    await keepDays(tenant, 10);
    const [, delivery] = await receiver.received(2);
    expect(delivery?.headers).toMatchObject({ "chargewire-seq": "2", "chargewire-gap": "1-1" });
    await expect.poll(lanes).toEqual([]);
  });
});
