import {
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import {
  around,
  attemptsOf,
  blocked,
  countOf,
  deadLetters,
  FIVE,
  grantProbe,
  healthOf,
  lanesOf,
  probeNow,
  routeOf,
  setUpOutage,
  setUpRoute,
  stationsHeard,
  times,
  troubles,
} from "./outage-support.ts";
import { Receiver } from "./receiver.ts";
import { feedOf, newTenant, stationOf, tenantOf } from "./support.ts";

afterEach(() => reset());

describe("an outage", () => {
  it("opens the breaker although the tenant's object is evicted between the failures", async () => {
    const { tenant, routeId } = await setUpForgetful({
      retry: { scheduleSeconds: times(9, 0.4) },
    });
    expect(await healthOf(tenant, routeId)).toBe("failing");
  });

  it("makes no dead letter although the tenant's object is evicted between the failures", async () => {
    const { tenant, receiver, routeId } = await setUpForgetful({
      retry: { scheduleSeconds: times(6, 0.4) },
    });
    // Past the seven attempts that the schedule comes to.
    for (let failures = 6; failures <= 8; failures += 1) {
      await probeNow(tenant, routeId, receiver);
      await expect.poll(() => attemptsOf(tenant, routeId, "a")).toBe(failures);
    }
    expect(await deadLetters(tenant, routeId)).toEqual([]);
  });

  it("leaves no lane behind whose failure was reported while the feed was being told", async () => {
    const { tenant, send, receiver, routeId } = await setUpRoute([{ status: 503, delayMs: 300 }]);
    const restore = await around(feedOf(tenant), "configure", async (real) => {
      await scheduler.wait(1_000);
      return real();
    });
    await Promise.all(FIVE.map(send));
    await expect.poll(() => lanesOf(tenant, routeId)).toEqual(blocked(FIVE));
    restore();
    // Every station's safety net rings while the breaker is open.
    for (const station of FIVE) await runDurableObjectAlarm(stationOf(tenant, station));
    const before = await countOf(receiver);
    await receiver.script({ status: 200 });
    await probeNow(tenant, routeId, receiver);
    await expect.poll(() => stationsHeard(receiver, before)).toEqual(FIVE);
  });

  it("leaves no lane behind when telling the feed takes 30 ms", async () => {
    const { tenant, send, routeId } = await setUpRoute([{ status: 503, delayMs: 500 }]);
    await around(feedOf(tenant), "configure", async (real) => {
      await scheduler.wait(30);
      return real();
    });
    await Promise.all(FIVE.map(send));
    await expectAllHeld(tenant, routeId);
  });

  it("knows of every held lane as blocked when five lanes fail at once, on twenty routes", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const routes: string[] = [];
    for (let i = 0; i < 20; i += 1) {
      const receiver = await new Receiver().script({ status: 503, delayMs: 400 });
      routes.push((await tenant.route(receiver.url, { filter: { stations: FIVE } })).id);
    }
    await Promise.all(FIVE.map((station) => tenant.send(path, webhook({ station }))));
    for (const id of routes) await expectAllHeld(tenant, id);
  });

  it("keeps no redelivery waiting for ever once the destination is well and no lane waits", async () => {
    const { tenant, send, receiver, routeId } = await setUpRoute([{ status: 503 }], {
      retry: { scheduleSeconds: times(9, 0.2) },
    });
    await send("a");
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await expect.poll(() => lanesOf(tenant, routeId)).toEqual({ a: "blocked" });
    await receiver.script({ status: 200 });
    const before = await countOf(receiver);
    expect((await tenant.call("POST", `/v1/routes/${routeId}/lanes/a/skip`)).status).toBe(200);
    const redelivered = await tenant.call("POST", `/v1/routes/${routeId}/dead-letters/redeliver`);
    expect(redelivered.status).toBe(200);
    await grantProbe(tenant, routeId);
    await expect.poll(() => deadLetters(tenant, routeId)).toEqual([]);
    expect(await countOf(receiver)).toBe(before + 1);
  });
});

describe("a probe", () => {
  it("that is answered with a time to wait is remembered over an eviction", async () => {
    const { tenant, receiver, routeId } = await setUpOutage();
    const nextInMs = async () =>
      Date.parse(String((await routeOf(tenant, routeId)).trouble?.nextProbeAt)) - Date.now();
    await receiver.script({ status: 503, headers: { "retry-after": "3600" } });
    await probeNow(tenant, routeId, receiver);
    await expect.poll(nextInMs).toBeGreaterThan(3_000_000);
    await evictDurableObject(tenantOf(tenant));
    expect(await nextInMs()).toBeGreaterThan(3_000_000);
  });

  it("that finds nothing to send does not strike a lane off the list that has come since", async () => {
    const { tenant, send, receiver, routeId } = await setUpOutage();
    await send("x");
    await expect.poll(() => troubles(tenant, routeId)).toMatchObject({ x: "blocked" });
    await tenant.call("POST", `/v1/routes/${routeId}/lanes/x/skip`);
    // As if its wait had begun long ago: it is probed although it owes nothing any more.
    await putBlocked(tenant, routeId, "x");
    const probe = { isMade: false, isHeld: true };
    await around(stationOf(tenant, "x"), "probe", async (real) => {
      const answer = await real();
      probe.isMade = true;
      while (probe.isHeld) await scheduler.wait(1);
      return answer;
    });
    await grantProbe(tenant, routeId);
    await expect.poll(() => probe.isMade).toBe(true);
    await send("x");
    await expect.poll(() => blockedSinceMs(tenant, routeId, "x")).toBeGreaterThan(1);
    const before = await countOf(receiver);
    probe.isHeld = false;
    // Once the tenant has its answer it is another lane's turn.
    await receiver.received(before + 1);
    await receiver.script({ status: 200 });
    await runDurableObjectAlarm(stationOf(tenant, "x"));
    await probeNow(tenant, routeId, receiver);
    await expect.poll(() => stationsHeard(receiver, before + 1)).toEqual([...FIVE, "x"]);
  });
});

/** A lane that has failed five times, each time before an instance of its tenant that is new. */
async function setUpForgetful(settings: object) {
  const setting = await setUpRoute([{ status: 503 }], settings);
  const { tenant, routeId, send } = setting;
  await send("a");
  for (let failures = 1; failures <= 5; failures += 1) {
    await expect.poll(() => attemptsOf(tenant, routeId, "a")).toBeGreaterThanOrEqual(failures);
    await evictDurableObject(tenantOf(tenant));
  }
  return setting;
}

/** Every lane waits to be woken, and the tenant knows of each that it does. */
async function expectAllHeld(tenant: TestTenant, routeId: string): Promise<void> {
  await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
  await expect.poll(() => lanesOf(tenant, routeId)).toEqual(blocked(FIVE));
  await expect.poll(() => troubles(tenant, routeId)).toMatchObject(blocked(FIVE));
}

function putBlocked(tenant: TestTenant, routeId: string, station: string): Promise<void> {
  return runInDurableObject(tenantOf(tenant), (_instance, { storage }) => {
    storage.sql.exec(
      `INSERT INTO troubled_lanes (route_id, station, kind, since_ms, tried_ms)
       VALUES (?, ?, 'blocked', 1, 0)`,
      routeId,
      station,
    );
  });
}

function blockedSinceMs(tenant: TestTenant, routeId: string, station: string): Promise<number> {
  return runInDurableObject(tenantOf(tenant), (_instance, { storage }) => {
    const query = "SELECT since_ms AS ms FROM troubled_lanes WHERE route_id = ? AND station = ?";
    return storage.sql.exec<{ ms: number }>(query, routeId, station).one().ms;
  });
}
