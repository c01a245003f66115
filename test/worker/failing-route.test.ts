import { reset, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import {
  countOf,
  healthOf,
  lanesOf,
  probeNow,
  routeOf,
  setUpOutage,
  setUpRoute,
  troubles,
} from "./outage-support.ts";
import { stationOf } from "./support.ts";

afterEach(() => reset());

const Told = z.object({ type: z.string() });

describe("a route that is failing", () => {
  it("knows of no lane that owes it nothing, and is not probed for one", async () => {
    const { tenant, receiver, routeId, send } = await setUpRoute([{ status: 503 }], {
      filter: { stations: ["x"] },
      retry: { scheduleSeconds: [0.05, 0.05, 0.05, 0.05, 0.05, 0.05] },
    });
    await send("x");
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    const before = await countOf(receiver);
    const { trouble } = await routeOf(tenant, routeId);
    for (const station of ["a", "b", "c"]) {
      await send(station);
      await runDurableObjectAlarm(stationOf(tenant, station));
    }
    expect(await troubles(tenant, routeId)).toEqual({ x: "blocked" });
    expect(await lanesOf(tenant, routeId)).toEqual({
      a: "idle",
      b: "idle",
      c: "idle",
      x: "blocked",
    });
    expect((await routeOf(tenant, routeId)).trouble).toEqual(trouble);
    expect(await countOf(receiver)).toBe(before);
  });

  it("is changed by nothing when nothing is changed", async () => {
    const { tenant, receiver, routeId } = await setUpOutage();
    const before = await tenant.call("GET", `/v1/routes/${routeId}`);
    const count = await countOf(receiver);
    const patched = await tenant.call("PATCH", `/v1/routes/${routeId}`, {});
    expect(patched).toMatchObject({ status: 200, body: before.body });
    expect(await countOf(receiver)).toBe(count);
    expect(await tenant.items("/v1/audit?limit=1")).toMatchObject([{ action: "route.created" }]);
  });

  it("is recorded with its settings alone when a person changes it", async () => {
    const { tenant, routeId } = await setUpOutage();
    await tenant.call("PATCH", `/v1/routes/${routeId}`, { name: "renamed" });
    expect(await tenant.items("/v1/audit?limit=1")).toMatchObject([
      { action: "route.changed", detail: { after: { name: "renamed" } } },
    ]);
    const [entry] = await tenant.items("/v1/audit?limit=1");
    expect(JSON.stringify(entry)).not.toContain("health");
  });

  it("says why it was disabled, until it is enabled again", async () => {
    const { tenant, routeId, send } = await setUpRoute([{ status: 410 }]);
    await send("x");
    await expect.poll(() => healthOf(tenant, routeId)).toBe("disabled");
    expect(await routeOf(tenant, routeId)).toMatchObject({ trouble: { lastAnswer: "HTTP 410" } });
    await tenant.call("POST", `/v1/routes/${routeId}/pause`);
    const { body } = await tenant.call("POST", `/v1/routes/${routeId}/resume`);
    expect(body).toMatchObject({ health: "healthy", trouble: null });
  });
});

describe("what is told of a route", () => {
  it("is not that it fails and has recovered, when both were over before they were told", async () => {
    const { tenant, receiver, routeId, send } = await setUpOutage();
    const told = async () =>
      z
        .array(Told)
        .parse(await tenant.items("/v1/events?types=relay.*"))
        .map(({ type }) => type);
    const once = ["relay.route.failing", "relay.route.recovered"];
    for (let outage = 1; outage <= 3; outage += 1) {
      await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
      await receiver.script({ status: 200 });
      await probeNow(tenant, routeId, receiver);
      await expect.poll(() => healthOf(tenant, routeId)).toBe("suspect");
      await expect.poll(told).toEqual(once);
      await expect.poll(() => troubles(tenant, routeId)).toEqual({});
      await receiver.script({ status: 503 });
      for (const station of ["a", "b", "c", "d", "e"]) await send(station);
    }
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    expect(await told()).toEqual(once);
  });
});

describe("a filter in a URL", () => {
  it.each(["type=session.*", "filter={}", "limits=3"])("refuses %s", async (query) => {
    const { tenant } = await setUpRoute([{}]);
    expect(await tenant.call("GET", `/v1/events?${query}`)).toMatchObject({
      status: 400,
      body: { code: "invalid_request" },
    });
  });
});
