import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { dayOf, shiftDay, totalOf } from "../../src/domain/usage.ts";
import { stationName } from "../../src/env.ts";
import { AlarmClock } from "../../src/objects/alarm-clock.ts";
import { TenantUsage } from "../../src/objects/tenant-usage.ts";
import { Database } from "../../src/store/database.ts";
import type { TestTenant } from "../support/api.ts";
import { signedRequest, webhook } from "../support/webhooks.ts";
import { Receiver } from "./receiver.ts";
import { eventsOf, feedOf, newTenant, subscribe, worker } from "./support.ts";

const Counts = z.looseObject({
  accepted: z.int(),
  rowsWritten: z.int(),
  objectRequests: z.int(),
  costUsd: z.looseObject({ total: z.number() }),
});
const Answer = z.object({
  from: z.string(),
  to: z.string(),
  items: z.array(Counts.extend({ day: z.string() })),
  total: Counts,
  prices: z.record(z.string(), z.object({ usdPerMillion: z.number(), source: z.url() })),
});

afterEach(() => reset());

const usageOf = async (tenant: TestTenant, query = "") =>
  Answer.parse((await tenant.call("GET", `/v1/usage${query}`)).body);
const today = async (tenant: TestTenant) => (await usageOf(tenant)).items.at(-1) ?? {};

/** At a station that no route and no subscriber here asks for: it takes along what was counted last. */
const another = (tenant: TestTenant, path: string, station = "cs1") =>
  tenant.send(path, webhook({ type: "chargestation.online", data: { _id: station } }));

const stationOf = (tenant: TestTenant, station = "cs1") =>
  env.STATION.getByName(stationName(tenant.id, station));

describe("GET /v1/usage", () => {
  it("adds up what came in, what went out and what was refused", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    // The first attempt fails, all others succeed.
    const receiver = await new Receiver().script({ status: 500 }, { status: 200 });
    await tenant.route(receiver.url, {
      filter: { types: ["session.*"] },
      retry: { scheduleSeconds: [0.1] },
    });
    const subscribers = [
      await subscribe(tenant, "/v1/stream?types=session.*"),
      await subscribe(tenant, "/v1/stream?types=session.*"),
    ];
    const events = Array.from({ length: 12 }, () => webhook({ station: "cs1" }));
    for (const event of events) expect((await tenant.send(path, event)).status).toBe(200);
    for (const event of events.slice(0, 3)) {
      expect((await tenant.send(path, event)).status).toBe(200);
    }
    for (const body of ["not JSON", "nor this", "[]", "[]"]) {
      expect((await tenant.send(path, body)).status).toBe(200);
    }
    for (let count = 0; count < 2; count += 1) {
      const forged = await signedRequest(tenant.origin + path, webhook(), { secret: "forged-one" });
      expect((await worker(forged)).status).toBe(401);
    }
    await receiver.received(13);
    for (const { frames } of subscribers) await expect.poll(() => eventsOf(frames).length).toBe(12);
    subscribers[0]?.socket.send('{"op":"ack","cursor":"none"}');
    subscribers[1]?.socket.send('{"op":"subscribe","filter":{"types":["session.*"]}}');
    await expect
      .poll(() => subscribers[1]?.frames.filter(({ op }) => op === "hello").length)
      .toBe(2);
    await another(tenant, path);

    const framesOf = () => subscribers.reduce((sum, { frames }) => sum + frames.length, 0);
    await expect
      .poll(() => today(tenant), { timeout: 20_000 })
      .toMatchObject({
        accepted: 12 + 1,
        // Of the four that could not be read, one had come before.
        duplicates: 3 + 1,
        refused: 2,
        quarantined: 3,
        attempts: 13,
        delivered: 12,
        framesSent: framesOf(),
        messagesReceived: 2,
      });
    const { items, total, prices } = await usageOf(tenant);
    expect(items.map(({ day }) => day)).toHaveLength(30);
    expect(items.at(-1)).toMatchObject({ day: dayOf(Date.now()), ...total });
    expect(items.slice(0, -1).every(({ accepted }) => accepted === 0)).toBe(true);
    expect(Object.keys(prices)).toEqual([
      "workerRequests",
      "workerCpuMs",
      "objectRequests",
      "rowsWritten",
    ]);
    expect(total.costUsd.total).toBeGreaterThan(0);
  });

  it("counts two rows and two object requests for an event without routes", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    for (let count = 0; count < 3; count += 1) await another(tenant, path);
    const before = await usageOf(tenant);
    for (let count = 0; count < 20; count += 1) await another(tenant, path);
    const after = await usageOf(tenant);
    const more = (name: "accepted" | "rowsWritten" | "objectRequests") =>
      after.total[name] - before.total[name];
    expect([more("accepted"), more("rowsWritten"), more("objectRequests")]).toEqual([20, 40, 40]);
  });

  it("writes no row when it is asked, and none for what is counted on the hot path", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    for (let count = 0; count < 5; count += 1) await another(tenant, path);
    await usageOf(tenant);
    await runInDurableObject(env.TENANT.getByName(tenant.id), (_instance, { storage }) => {
      expect(new Database(storage).all("SELECT * FROM usage_days")).toEqual([]);
    });
  });

  it("loses nothing when stations and the feed fall asleep between two events", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 200 });
    await tenant.route(receiver.url, { filter: { types: ["session.*"] } });
    const feedSocket = await subscribe(tenant, "/v1/stream?types=session.*");
    await expect.poll(() => feedSocket.frames.length).toBe(1);
    for (let count = 1; count <= 5; count += 1) {
      await tenant.send(path, webhook({ station: "cs1" }));
      await receiver.received(count);
      await expect.poll(() => eventsOf(feedSocket.frames).length).toBe(count);
      const lane = async () =>
        (await stationOf(tenant).deliveries(null, { atMs: 1e15, route: "" }, 9)).length;
      await expect.poll(lane).toBe(count);
      await evictDurableObject(stationOf(tenant));
      await evictDurableObject(feedOf(tenant));
    }
    await another(tenant, path);
    // The greeting, and a frame for each.
    expect(await today(tenant)).toMatchObject({
      accepted: 6,
      duplicates: 0,
      attempts: 5,
      delivered: 5,
      framesSent: 1 + 5,
    });
  });

  it("loses no frame of a station's own stream that way", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await another(tenant, path);
    const { frames } = await subscribe(tenant, "/v1/stations/cs1/stream");
    await expect.poll(() => frames.length).toBe(1);
    for (let count = 1; count <= 3; count += 1) {
      await another(tenant, path);
      await expect.poll(() => eventsOf(frames).length).toBe(count);
      await evictDurableObject(stationOf(tenant));
    }
    await another(tenant, path);
    await expect.poll(() => eventsOf(frames).length).toBe(4);
    expect(await today(tenant)).toMatchObject({ accepted: 5, framesSent: 5 });
  });

  it("counts no push twice, whatever becomes of its answer", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    for (let count = 0; count < 3; count += 1) await another(tenant, path);
    // It does not know what the feed has, and sends totals anew with the next.
    await evictDurableObject(stationOf(tenant));
    const again = webhook({ station: "cs1" });
    for (let count = 0; count < 2; count += 1) await tenant.send(path, again);
    await evictDurableObject(feedOf(tenant));
    await another(tenant, path);
    expect(await today(tenant)).toMatchObject({ accepted: 5, duplicates: 1 });
  });

  it("counts deliveries of a route that was deleted, and frames of a station's own stream", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 200 });
    const { id } = await tenant.route(receiver.url);
    await another(tenant, path);
    await receiver.received(1);
    const { frames } = await subscribe(tenant, "/v1/stations/cs1/stream");
    await expect.poll(() => frames.length).toBe(1);
    await tenant.call("DELETE", `/v1/routes/${id}`);
    await another(tenant, path);
    await expect.poll(() => eventsOf(frames).length).toBe(1);
    // The frames of an event leave its station before the push that takes the count along.
    expect(await today(tenant)).toMatchObject({ delivered: 1, attempts: 1, framesSent: 2 });
  });

  it("does not count what the relay tells of itself as webhooks", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.send(path, "not JSON");
    await expect.poll(() => tenant.items("/v1/events")).toHaveLength(1);
    expect(await today(tenant)).toMatchObject({ accepted: 0, quarantined: 1 });
  });

  it.each([
    ["?from=2026-11-26&to=2026-11-25", 400],
    ["?from=2025-10-22&to=2026-11-25", 200],
    ["?from=2025-10-21&to=2026-11-25", 400],
    ["?from=2026-11-25T00:00:00Z", 400],
    ["?from=yesterday", 400],
    ["?day=2026-11-25", 400],
  ])("answers %s with %i", async (query, status) => {
    const tenant = await newTenant();
    expect((await tenant.call("GET", `/v1/usage${query}`)).status).toBe(status);
  });

  it("is for readers, too, of their own tenant", async () => {
    const [one, two] = [await newTenant(), await newTenant()];
    await another(one, (await one.source()).path);
    const { body } = await two.call("POST", "/v1/keys", { name: "screen", role: "reader" });
    const { apiKey } = z.object({ apiKey: z.string() }).parse(body);
    const answer = await two.call("GET", "/v1/usage", undefined, apiKey);
    expect(answer.status).toBe(200);
    expect(Answer.parse(answer.body).total).toMatchObject({ accepted: 0 });
  });
});

describe("a day that is over", () => {
  it("is handed to the tenant with the next flush, once, and goes on being shown", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    for (let count = 0; count < 3; count += 1) await another(tenant, path);
    const [now, before] = [dayOf(Date.now()), shiftDay(dayOf(Date.now()), -1)];
    await runInDurableObject(feedOf(tenant), (_instance, { storage }) => {
      new Database(storage).run("UPDATE segments SET usage = replace(usage, ?, ?)", now, before);
    });
    await evictDurableObject(feedOf(tenant));
    const accepted = async () =>
      (await usageOf(tenant)).items.slice(-2).map((item) => [item.day, item.accepted]);
    expect(await accepted()).toEqual([
      [before, 3],
      [now, 0],
    ]);
    await another(tenant, path);
    await expect
      .poll(async () => (await feedOf(tenant).usage()).map(({ day }) => day))
      .toEqual([now]);
    const both = [
      [before, 3],
      [now, 1],
    ];
    expect(await accepted()).toEqual(both);
    // Its row in the feed still has the day, which is handed over again.
    await evictDurableObject(feedOf(tenant));
    expect(await accepted()).toEqual(both);
    await another(tenant, path);
    expect(await accepted()).toEqual([
      [before, 3],
      [now, 2],
    ]);
  });
});

describe("a tenant's days", () => {
  const inTenant = async (run: (usage: TenantUsage, db: Database) => Promise<void>) => {
    const { id } = await newTenant();
    await runInDurableObject(env.TENANT.getByName(id), async (_instance, state) => {
      const db = new Database(state.storage);
      const clock = new AlarmClock(state, false);
      await run(new TenantUsage(db, clock, { feedUsage: async () => [] }), db);
    });
  };
  const START_MS = Date.parse("2025-01-01T12:00:00Z");
  const DAY_MS = 86_400_000;

  it("are 400, the newest", async () => {
    await inTenant(async (usage, db) => {
      const put = (day: number) => {
        const atMs = START_MS + day * DAY_MS;
        usage.take([{ day: dayOf(atMs), totals: totalOf("accepted", 1) }], atMs);
      };
      const kept = () =>
        db.first("SELECT count(*) AS days, min(day) AS first, max(day) AS last FROM usage_days");
      for (let day = 0; day < 399; day += 1) put(day);
      expect(kept()).toEqual({ days: 399, first: "2025-01-01", last: "2026-02-03" });
      put(399);
      expect(kept()).toEqual({ days: 400, first: "2025-01-01", last: "2026-02-04" });
      put(400);
      expect(kept()).toEqual({ days: 400, first: "2025-01-02", last: "2026-02-05" });
    });
  });

  it("cost a row every five seconds at most, and one each when they are handed over", async () => {
    await inTenant(async (usage, db) => {
      const before = db.rowsWritten;
      const rows = () => db.rowsWritten - before;
      usage.count("refused", 3, START_MS);
      expect(rows()).toBe(1);
      for (let atMs = 0; atMs < 5_000; atMs += 100) usage.count("quarantined", 1, START_MS + atMs);
      expect(rows()).toBe(1);
      usage.count("quarantined", 1, START_MS + 5_000);
      expect(rows()).toBe(2);
      usage.write(START_MS + 6_000);
      expect(rows()).toBe(2);
      usage.take([{ day: "2025-01-01", totals: totalOf("accepted", 9) }], START_MS);
      expect(rows()).toBe(3);
      const { total } = await usage.show("2025-01-01", "2025-01-01");
      expect(total).toMatchObject({ refused: 3, quarantined: 51, accepted: 9 });
    });
  });

  it("are not set back by one that is handed over again as it was before", async () => {
    await inTenant(async (usage) => {
      for (const accepted of [5, 9, 5]) {
        usage.take([{ day: "2025-01-01", totals: totalOf("accepted", accepted) }], START_MS);
      }
      const { total } = await usage.show("2025-01-01", "2025-01-01");
      expect(total).toMatchObject({ accepted: 9 });
    });
  });
});
