import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import type { TestTenant } from "../support/api.ts";
import {
  alarmInMs,
  around,
  countOf,
  FIVE,
  healthOf,
  lanesOf,
  setUpOutage,
  setUpRoute,
  stationsHeard,
  troubles,
} from "./outage-support.ts";
import { Receiver } from "./receiver.ts";
import { feedOf, stationOf, tenantOf } from "./support.ts";

afterEach(() => reset());

describe("the tenant's alarm", () => {
  it("probes one route although a station of another does not answer its waking", async () => {
    const { tenant, send, receiver } = await setUpOutage();
    const paused = await tenant.route(new Receiver().url, { filter: { stations: ["stuck"] } });
    await tenant.call("POST", `/v1/routes/${paused.id}/pause`);
    await send("stuck");
    await expect.poll(() => troubles(tenant, paused.id)).toEqual({ stuck: "blocked" });
    let isStuck = true;
    await around(stationOf(tenant, "stuck"), "wake", async (real) => {
      while (isStuck) await scheduler.wait(10);
      return real();
    });
    const before = await countOf(receiver);
    await receiver.script({ status: 200 });
    await tenant.call("POST", `/v1/routes/${paused.id}/resume`);
    await receiver.received(before + 1, 20_000);
    isStuck = false;
  });

  it("is not put off by a replay that waits, when the object wakes", async () => {
    const { tenant, send, routeId } = await setUpRoute([{ status: 503 }]);
    await send("a");
    const busy = await new Receiver().script({ status: 503, headers: { "retry-after": "3600" } });
    const other = await tenant.route(busy.url, { filter: { stations: ["a"] } });
    const range = { from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" };
    const replay = await tenant.call("POST", "/v1/replays", { route: other.id, ...range });
    expect(replay.status).toBe(201);
    await expect.poll(() => replayWaitsMs(tenant)).toBeGreaterThan(3_000_000);
    for (const station of FIVE) await send(station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await evictDurableObject(tenantOf(tenant));
    expect(await alarmInMs(tenantOf(tenant))).toBeLessThan(60_000);
  });

  it("reaches the other stations although ten cannot be woken", async () => {
    const { tenant, send, receiver, routeId } = await setUpRoute([{ status: 200 }]);
    await tenant.call("POST", `/v1/routes/${routeId}/pause`);
    const broken = Array.from({ length: 10 }, (_, index) => `cs${index}`);
    for (const station of [...broken, "well"]) await send(station);
    await expect
      .poll(async () => Object.keys(await troubles(tenant, routeId)).length)
      .toBe(broken.length + 1);
    for (const station of broken) {
      await around(stationOf(tenant, station), "wake", async () => {
        throw new Error("broken");
      });
    }
    await tenant.call("POST", `/v1/routes/${routeId}/resume`);
    await expect.poll(() => stationsHeard(receiver, 0)).toEqual(["well"]);
  });
});

describe("telling the feed", () => {
  it("takes an older telling's late success for no newer one's", async () => {
    const { tenant, send, receiver, routeId } = await setUpRoute([{ status: 503 }]);
    const [last = "", ...first] = FIVE;
    for (const station of first) await send(station);
    await expect
      .poll(async () => Object.values(await lanesOf(tenant, routeId)))
      .toEqual(first.map(() => "waiting"));
    const tellings = { count: 0, isFirstOver: false };
    const restore = await around(feedOf(tenant), "configure", async (real) => {
      tellings.count += 1;
      if (tellings.count > 1) throw new Error("broken");
      await scheduler.wait(1_500);
      const answer = await real();
      tellings.isFirstOver = true;
      return answer;
    });
    const sent = send(last);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await receiver.script({ status: 200 });
    expect((await tenant.call("POST", `/v1/routes/${routeId}/resume`)).status).toBe(500);
    await sent;
    await expect.poll(() => tellings.isFirstOver).toBe(true);
    expect(tellings.count).toBeGreaterThan(1);
    restore();
    let wakes = 0;
    await send("z");
    await around(stationOf(tenant, "z"), "wake", (real) => {
      wakes += 1;
      return real();
    });
    await expect.poll(() => stationsHeard(receiver, 0)).toContain("z");
    expect(wakes).toBeLessThan(20);
  });
});

/** For how long the tenant's replay is put off, in milliseconds; 0 when it is not. */
function replayWaitsMs(tenant: TestTenant): Promise<number> {
  return runInDurableObject(tenantOf(tenant), (_instance, { storage }) => {
    const query = "SELECT coalesce(max(not_before_ms), 0) AS ms FROM replay_stations";
    return storage.sql.exec<{ ms: number }>(query).one().ms - Date.now();
  });
}
