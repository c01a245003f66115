import {
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { NOTICE_EVERY_MS } from "../../src/domain/notice.ts";
import { stationName } from "../../src/env.ts";
import { AlarmClock } from "../../src/objects/alarm-clock.ts";
import { StationObject } from "../../src/objects/station.ts";
import type { IncomingEvent } from "../../src/objects/station-journal.ts";
import { Notices } from "../../src/objects/tenant-notices.ts";
import { Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { countNotices, MAX_LANE_NOTICES, MAX_NOTICES } from "../../src/store/notice-store.ts";
import { tenantMigrations } from "../../src/store/tenant-schema.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver } from "./receiver.ts";
import { eventsOf, newTenant, subscribe } from "./support.ts";

afterEach(() => reset());

const Notice = z.object({
  id: z.string(),
  type: z.string(),
  class: z.literal("relay"),
  source: z.literal("relay"),
  station: z.literal("_account"),
  seq: z.number(),
  body: z.object({
    _id: z.string(),
    type: z.string(),
    object: z.string(),
    data: z.looseObject({ count: z.number(), at: z.iso.datetime() }),
    createdAt: z.iso.datetime(),
  }),
});

const objectOf = ({ id }: TestTenant) => env.TENANT.getByName(id);
const noticesOf = async (tenant: TestTenant) =>
  z.array(Notice).parse(await tenant.items("/v1/events?types=relay.*"));
/** What has been told, oldest first: types and counts. */
const toldOf = async (tenant: TestTenant) =>
  (await noticesOf(tenant)).map(({ type, body }) => `${type} ${body.data.count}`);

const withTenant = <T>(tenant: TestTenant, run: (db: Database) => T): Promise<T> =>
  runInDurableObject(objectOf(tenant), (_instance, { storage }) => run(new Database(storage)));

/** Lets so much time pass for what the tenant holds back, and rings. */
async function later(tenant: TestTenant, ms: number): Promise<void> {
  await withTenant(tenant, (db) => {
    db.run("UPDATE notices SET sent_ms = sent_ms - ?, due_ms = due_ms - ?", ms, ms);
  });
  await runDurableObjectAlarm(objectOf(tenant));
}

/** Lets so much time pass without an event of the tenant's sources, and rings. */
async function silence(tenant: TestTenant, ms: number): Promise<void> {
  await withTenant(tenant, (db) => {
    db.run(
      `UPDATE sources SET last_event_at_ms = last_event_at_ms - ?, updated_at_ms = updated_at_ms - ?,
         silence_told_ms = silence_told_ms - ?`,
      ms,
      ms,
      ms,
    );
  });
  await runDurableObjectAlarm(objectOf(tenant));
}

/** The tenant's alarm for what is about notices: every tenant has one a day ahead, for retention. */
const alarmOf = (tenant: TestTenant) =>
  runInDurableObject(objectOf(tenant), async (_instance, { storage }) => {
    const atMs = await storage.getAlarm();
    return atMs !== null && atMs > Date.now() + 23 * 3_600_000 ? null : atMs;
  });

let junk = 0;
async function quarantineOne(tenant: TestTenant, path: string): Promise<void> {
  junk += 1;
  expect((await tenant.send(path, `not JSON ${junk}`)).status).toBe(200);
}

/** Sends an event and waits until the tenant has heard of it. */
async function live(tenant: TestTenant, source: { id: string; path: string }): Promise<void> {
  expect((await tenant.send(source.path, webhook())).status).toBe(200);
  await expect
    .poll(async () => (await tenant.call("GET", `/v1/sources/${source.id}`)).body)
    .toMatchObject({ lastEventAt: expect.any(String) });
}

describe("the relay's own events", () => {
  it("reach subscribers, the list of events and routes by filter, like all others", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    const receiver = new Receiver();
    await tenant.route(receiver.url, { filter: { types: ["relay.*"] } });
    const subscriber = await subscribe(tenant, "/v1/stream?types=relay.*");
    await live(tenant, source);
    await quarantineOne(tenant, source.path);
    for (let i = 0; i < 5; i += 1) await tenant.send(source.path, webhook(), { secret: "wrong" });
    await silence(tenant, 3_700_000);
    // Refusals gather for ten seconds at the edge.
    const received = await receiver.received(3, 20_000);

    const listed = await noticesOf(tenant);
    const byType = new Map(listed.map((notice) => [notice.type, notice.body]));
    expect(byType.get("relay.quarantine.added")).toMatchObject({
      object: "quarantine",
      data: { source: source.id, reason: "not_json", id: expect.stringMatching(/^q_/), count: 1 },
    });
    expect(byType.get("relay.source.refusing")).toMatchObject({
      object: "source",
      data: { source: source.id, reasons: { signature_mismatch: 5 }, count: 5 },
    });
    expect(byType.get("relay.source.silent")).toMatchObject({
      object: "source",
      data: { source: source.id, silentAfterSeconds: 3600, lastEventAt: expect.any(String) },
    });
    expect(listed).toHaveLength(3);
    await expect.poll(() => eventsOf(subscriber.frames)).toMatchObject(listed);
    expect(received.map(({ headers }) => headers["chargewire-station"])).toEqual(
      listed.map(({ station }) => station),
    );
    expect(received.map(({ headers }) => headers["webhook-id"])).toEqual(
      listed.map(({ id }) => id),
    );
    expect(received.map(({ body }) => JSON.parse(body))).toEqual(listed.map(({ body }) => body));
  });

  it("are not what a webhook from outside calls itself", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    await tenant.send(source.path, webhook({ type: "relay.route.failing", station: "cs1" }));
    expect(await tenant.items("/v1/events?types=relay.*")).toMatchObject([
      { type: "relay.route.failing", class: "unknown", source: source.id, station: "cs1" },
    ]);
  });
});

describe("a notice", () => {
  it("is sent at once, and again after ten minutes with the count of what was held back", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    const first = "relay.quarantine.added 1";
    await quarantineOne(tenant, source.path);
    await expect.poll(() => toldOf(tenant)).toEqual([first]);
    for (let i = 0; i < 3; i += 1) await quarantineOne(tenant, source.path);
    await later(tenant, NOTICE_EVERY_MS - 20_000);
    expect(await toldOf(tenant)).toEqual([first]);
    await evictDurableObject(objectOf(tenant));
    await later(tenant, 20_000);
    await expect.poll(() => toldOf(tenant)).toEqual([first, "relay.quarantine.added 3"]);
    // Nothing is left to do, and nothing is kept for longer than it holds anything back.
    expect(await withTenant(tenant, countNotices)).toBe(1);
    await later(tenant, NOTICE_EVERY_MS);
    await quarantineOne(tenant, source.path);
    await expect.poll(() => toldOf(tenant)).toEqual([first, "relay.quarantine.added 3", first]);
  });

  it("is held back for its own source alone", async () => {
    const tenant = await newTenant();
    const [one, two] = [await tenant.source(), await tenant.source()];
    await quarantineOne(tenant, one.path);
    await expect.poll(() => toldOf(tenant)).toHaveLength(1);
    await quarantineOne(tenant, one.path);
    await quarantineOne(tenant, two.path);
    await expect.poll(() => toldOf(tenant)).toHaveLength(2);
    expect((await noticesOf(tenant)).map(({ body }) => body.data.source)).toEqual([one.id, two.id]);
  });

  it("is not of a webhook that is in quarantine already", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    for (let i = 0; i < 2; i += 1) await tenant.send(path, "the same");
    await expect.poll(() => toldOf(tenant)).toHaveLength(1);
    await later(tenant, NOTICE_EVERY_MS);
    expect(await toldOf(tenant)).toEqual(["relay.quarantine.added 1"]);
  });

  it("arrives although the tenant dies between the change and the sending", async () => {
    const tenant = await newTenant();
    const { id: sourceId } = await tenant.source();
    const entry = { id: "q_1", sourceId, reason: "not_json", receivedAtMs: Date.now() };
    const dying = runInDurableObject(objectOf(tenant), async (instance, state) => {
      await instance.quarantine(entry, new Uint8Array(3));
      await state.storage.sync();
      state.abort("killed by the test");
    });
    await expect(dying).rejects.toThrow();
    await expect.poll(() => toldOf(tenant)).toEqual(["relay.quarantine.added 1"]);
  });

  it("is in the log once although the answer was lost and the tenant died, with all that came meanwhile", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const { append } = StationObject.prototype;
    let lostCount = 0;
    StationObject.prototype.append = async function (this: StationObject, events) {
      await append.call(this, events);
      lostCount += 1;
      throw new Error("the answer is lost");
    };
    try {
      await quarantineOne(tenant, path);
      await expect.poll(() => lostCount).toBe(1);
      await quarantineOne(tenant, path);
      await evictDurableObject(objectOf(tenant));
      await runDurableObjectAlarm(objectOf(tenant));
      expect(lostCount).toBe(2);
    } finally {
      StationObject.prototype.append = append;
    }
    await runDurableObjectAlarm(objectOf(tenant));
    expect(await toldOf(tenant)).toEqual(["relay.quarantine.added 1"]);
    await later(tenant, NOTICE_EVERY_MS);
    expect(await toldOf(tenant)).toEqual(["relay.quarantine.added 1", "relay.quarantine.added 1"]);
  });

  it("is tried again after five seconds when the lane cannot take it", async () => {
    const tenant = await newTenant();
    const unwatched = { silentAfterSeconds: 0 };
    const [one, two] = [await tenant.source(unwatched), await tenant.source(unwatched)];
    await quarantineOne(tenant, one.path);
    await expect.poll(() => toldOf(tenant)).toHaveLength(1);
    // The first alarm of an instance asks for another of its own.
    const ring = async () => {
      await runDurableObjectAlarm(objectOf(tenant));
      return alarmOf(tenant);
    };
    await expect.poll(ring).toBeNull();
    const { append } = StationObject.prototype;
    StationObject.prototype.append = () => Promise.reject(new Error("out of order"));
    try {
      await quarantineOne(tenant, two.path);
      await expect
        .poll(async () => (await alarmOf(tenant)) ?? 0)
        .toBeGreaterThan(Date.now() + 3_000);
      expect(await alarmOf(tenant)).toBeLessThanOrEqual(Date.now() + 5_000);
    } finally {
      StationObject.prototype.append = append;
    }
    await expect.poll(() => toldOf(tenant)).toHaveLength(2);
  });

  it("is nothing that outlives its tenant", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await quarantineOne(tenant, path);
    await runInDurableObject(objectOf(tenant), (instance) => instance.remove());
    await runDurableObjectAlarm(objectOf(tenant));
    expect(await withTenant(tenant, countNotices)).toBe(0);
    const account = env.STATION.getByName(stationName(tenant.id, "_account"));
    expect(await account.read(0, 10)).toMatchObject({ events: [] });
  });
});

describe("relay.source.refusing", () => {
  it("is sent for five refusals of a source within ten minutes, not for four", async () => {
    const tenant = await newTenant();
    const [one, two] = [await tenant.source(), await tenant.source()];
    const refuse = (id: string, reason: string, count: number, agoMs = 0) =>
      objectOf(tenant).noteRefusals(id, [{ atMs: Date.now() - agoMs, reason, count, samples: [] }]);
    await refuse(one.id, "signature_missing", 9, 601_000);
    await refuse(two.id, "signature_mismatch", 4);
    await runDurableObjectAlarm(objectOf(tenant));
    await later(tenant, NOTICE_EVERY_MS);
    const told = (await noticesOf(tenant)).map(({ body }) => body.data);
    expect(told).toMatchObject([{ source: one.id, count: 9 }]);
    await refuse(one.id, "signature_missing", 4);
    await refuse(two.id, "signature_missing", 1);
    await expect.poll(() => noticesOf(tenant)).toHaveLength(2);
    await runDurableObjectAlarm(objectOf(tenant));
    expect((await noticesOf(tenant))[1]?.body.data).toMatchObject({
      source: two.id,
      count: 5,
      reasons: { signature_mismatch: 4, signature_missing: 1 },
    });
    await refuse(two.id, "signature_missing", 3);
    await later(tenant, NOTICE_EVERY_MS);
    expect((await noticesOf(tenant))[2]?.body.data).toMatchObject({
      source: two.id,
      count: 3,
      reasons: { signature_mismatch: 4, signature_missing: 4 },
    });
  });
});

describe("relay.source.silent", () => {
  it("is sent once per silence, and lets the tenant sleep until events come again", async () => {
    const tenant = await newTenant();
    const source = await tenant.source({ silentAfterSeconds: 100 });
    expect(await toldOf(tenant)).toEqual([]);
    await live(tenant, source);
    const alarmMs = z.number().parse(await alarmOf(tenant));
    expect(alarmMs).toBeGreaterThan(Date.now() + 130_000);
    // 100 s, 25 s between notes, 2 s for a note to arrive; and 10 s, because the source is new.
    await silence(tenant, 135_000);
    expect(await toldOf(tenant)).toEqual([]);
    await silence(tenant, 2_000);
    await runDurableObjectAlarm(objectOf(tenant));
    expect(await toldOf(tenant)).toEqual(["relay.source.silent 1"]);
    expect(await alarmOf(tenant)).toBeNull();
    await tenant.call("PATCH", `/v1/sources/${source.id}`, { name: "still silent" });
    await silence(tenant, 1_000_000);
    expect(await alarmOf(tenant)).toBeNull();

    await objectOf(tenant).noteSource(source.id, "timestamped", Date.now());
    expect(await alarmOf(tenant)).toBeGreaterThan(Date.now());
    await evictDurableObject(objectOf(tenant));
    await silence(tenant, 1_000_000);
    await later(tenant, NOTICE_EVERY_MS);
    await runDurableObjectAlarm(objectOf(tenant));
    expect(await toldOf(tenant)).toEqual(["relay.source.silent 1", "relay.source.silent 1"]);
  });

  it("moves no alarm with an event, and one with new settings", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    await live(tenant, source);
    const alarmMs = await alarmOf(tenant);
    await objectOf(tenant).noteSource(source.id, "timestamped", Date.now() + 60_000);
    expect(await alarmOf(tenant)).toBe(alarmMs);
    await tenant.call("PATCH", `/v1/sources/${source.id}`, { silentAfterSeconds: 600 });
    const soonerMs = z.number().parse(await alarmOf(tenant));
    expect(soonerMs).toBeGreaterThan(Date.now() + 660_000);
    expect(soonerMs).toBeLessThan(Date.now() + 800_000);
  });

  it.each([
    ["never had an event", 0, async () => {}],
    [
      "is not to be watched",
      1,
      async (tenant: TestTenant, id: string) => {
        await tenant.call("PATCH", `/v1/sources/${id}`, { silentAfterSeconds: 0 });
      },
    ],
    [
      "is disabled",
      1,
      async (tenant: TestTenant, id: string) => {
        await tenant.call("PATCH", `/v1/sources/${id}`, { enabled: false });
      },
    ],
    [
      "is deleted",
      1,
      async (tenant: TestTenant, id: string) => {
        await tenant.call("DELETE", `/v1/sources/${id}`);
      },
    ],
  ])("is not sent for a source that %s", async (_name, eventCount, change) => {
    const tenant = await newTenant();
    const source = await tenant.source();
    if (eventCount > 0) await live(tenant, source);
    await change(tenant, source.id);
    await silence(tenant, 1e10);
    await runDurableObjectAlarm(objectOf(tenant));
    expect([await toldOf(tenant), await alarmOf(tenant)]).toEqual([[], null]);
  });

  it("hears of events as often as a short silence asks for", async () => {
    const tenant = await newTenant();
    const source = await tenant.source({ silentAfterSeconds: 1 });
    await live(tenant, source);
    const read = async () =>
      z
        .object({ lastEventAt: z.string() })
        .parse((await tenant.call("GET", `/v1/sources/${source.id}`)).body).lastEventAt;
    const first = await read();
    const sendAndRead = async () => {
      await tenant.send(source.path, webhook());
      return read();
    };
    await expect.poll(sendAndRead, { timeout: 5_000 }).not.toBe(first);
  });
});

describe("the notices that are kept", () => {
  /** Runs with the notices of an object that holds `lanes` rows of lanes and `others` besides. */
  const withNotices = (
    rows: { lanes: number; others: number },
    run: (notices: Notices, db: Database, sent: IncomingEvent[]) => Promise<void>,
  ) =>
    runInDurableObject(env.TENANT.getByName("bounds"), async (_instance, state) => {
      const db = new Database(state.storage);
      migrate(db, tenantMigrations);
      const fill = (type: string, station: string, count: number) =>
        db.run(
          `INSERT INTO notices
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
             SELECT ?, 'rt_' || i, ?, '{}', 0, 0, NULL, 0, 0, ?, NULL FROM n`,
          count,
          type,
          station,
          Date.now(),
        );
      fill("relay.lane.gap", "cs1", rows.lanes);
      if (rows.others > 0) fill("relay.route.failing", "", rows.others);
      const sent: IncomingEvent[] = [];
      const append = async (events: readonly IncomingEvent[]) => sent.push(...events);
      const clock = new AlarmClock(state, false);
      await run(new Notices(db, clock, { tenant: "bounds", append }), db, sent);
      await state.storage.deleteAll();
    });
  const gap = (station: string) =>
    ({ type: "relay.lane.gap", route: "rt_new", station, data: {} }) as const;
  const dataOf = ({ body }: IncomingEvent): unknown => JSON.parse(body).data;

  it("have the bounds that the names below say", () => {
    expect([MAX_LANE_NOTICES, MAX_NOTICES]).toEqual([9_000, 10_000]);
  });

  it("are 9,000 of lanes; beyond, those of a route count together", async () => {
    await withNotices({ lanes: MAX_LANE_NOTICES - 1, others: 0 }, async (notices, db, sent) => {
      const nowMs = Date.now();
      for (const station of ["cs1", "cs2", "cs3", "cs1"]) notices.announce(gap(station), nowMs);
      expect(countNotices(db)).toBe(MAX_LANE_NOTICES + 1);
      await notices.run(nowMs);
      const at = new Date(nowMs).toISOString();
      expect(sent.map(dataOf)).toEqual([
        { route: "rt_new", count: 2, at },
        { route: "rt_new", station: "cs1", count: 2, at },
      ]);
    });
  });

  it("are 10,000 in all, and make room as soon as they hold nothing back any more", async () => {
    const others = MAX_NOTICES - MAX_LANE_NOTICES - 1;
    await withNotices({ lanes: MAX_LANE_NOTICES, others }, async (notices, db, sent) => {
      const nowMs = Date.now();
      const failing = (route: string) =>
        ({ type: "relay.route.recovered", route, data: {} }) as const;
      notices.announce(failing("rt_1"), nowMs);
      notices.announce(failing("rt_2"), nowMs);
      notices.announce(gap("cs1"), nowMs);
      expect(countNotices(db)).toBe(MAX_NOTICES);
      await notices.run(nowMs);
      expect(sent.map(dataOf)).toMatchObject([{ route: "rt_1" }]);
      notices.announce(failing("rt_2"), nowMs + 2 * NOTICE_EVERY_MS);
      expect(countNotices(db)).toBe(1);
      await notices.run(nowMs + 2 * NOTICE_EVERY_MS);
      expect(sent.map(dataOf)).toMatchObject([{ route: "rt_1" }, { route: "rt_2" }]);
      await notices.run(nowMs + 4 * NOTICE_EVERY_MS);
      expect(countNotices(db)).toBe(0);
    });
  });
});
