import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import type { TestTenant } from "../support/api.ts";
import {
  alarmInMs,
  around,
  attemptsOf,
  countOf,
  deadLetters,
  FIVE,
  healthOf,
  lanesOf,
  ofStation,
  probeLast,
  probeNow,
  setUpOutage,
  setUpParked,
  setUpRoute,
  stationsHeard,
  troubles,
} from "./outage-support.ts";
import { Receiver, seqsOf } from "./receiver.ts";
import { feedOf, stationOf, tenantOf } from "./support.ts";

afterEach(() => reset());

describe("a parked lane", () => {
  it("stays parked through an outage, and is listed as such", async () => {
    const { tenant, receiver, routeId } = await setUpParkedInOutage();
    await receiver.script({ status: 200 });
    // The others are probed first, so that the route recovers without the parked lane.
    await probeLast(tenant, "bad");
    await probeNow(tenant, routeId, receiver);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("suspect");
    await expect.poll(() => troubles(tenant, routeId)).toEqual({ bad: "parked" });
    expect(await lanesOf(tenant, routeId, "?status=troubled")).toEqual({ bad: "parked" });
    // The probe that closed the breaker may have come from any of the others; all go on by themselves.
    await expect.poll(() => lanesOf(tenant, routeId)).toMatchObject({ bad: "parked", a: "idle" });
  });

  it("is not probed", async () => {
    const { tenant, receiver, routeId } = await setUpParkedInOutage();
    const before = await countOf(receiver);
    for (let probe = 1; probe <= 6; probe += 1) await probeNow(tenant, routeId, receiver);
    expect(ofStation((await receiver.requests()).slice(before), "bad")).toEqual([]);
    expect(await lanesOf(tenant, routeId)).toMatchObject({ bad: "parked" });
  });

  it("stays parked when a person's retry fails while the breaker is open", async () => {
    const { tenant, routeId } = await setUpParkedInOutage();
    await tenant.call("POST", `/v1/routes/${routeId}/lanes/bad/retry`);
    await expect.poll(() => attemptsOf(tenant, routeId, "bad")).toBe(3);
    await expect.poll(() => lanesOf(tenant, routeId)).toMatchObject({ bad: "parked" });
  });

  it("gets its tries again when the route's secret is rotated", async () => {
    const { tenant, receiver, routeId } = await setUpParked();
    const attempts = async () =>
      (await receiver.requests()).map(({ headers }) => headers["chargewire-attempt"]);
    expect(await attempts()).toEqual(["1", "2"]);
    const rotated = await tenant.call("POST", `/v1/routes/${routeId}/rotate-secret`);
    expect(rotated.status).toBe(200);
    await expect.poll(attempts).toEqual(["1", "2", "3", "4"]);
    await expect.poll(() => lanesOf(tenant, routeId)).toEqual({ bad: "parked" });
  });
});

describe("a lane's head", () => {
  it("is the only one that a skip gives up, although it was delivered meanwhile", async () => {
    const { tenant, send, receiver, routeId } = await setUpRoute([
      { status: 500 },
      { status: 200, delayMs: 500 },
      { status: 200 },
    ]);
    await send("a");
    await send("a");
    await receiver.received(2);
    const skipped = await tenant.call("POST", `/v1/routes/${routeId}/lanes/a/skip`);
    expect(skipped.status).toBe(409);
    expect(seqsOf(await receiver.received(3))).toEqual([1, 1, 2]);
    expect(await deadLetters(tenant, routeId)).toEqual([]);
  });
});

describe("a lane that may attempt nothing", () => {
  it("registers again after a registration whose answer came late", async () => {
    const { tenant, send, receiver, routeId } = await setUpRoute([{ status: 200 }]);
    await send("x");
    await receiver.received(1);
    await tenant.call("POST", `/v1/routes/${routeId}/pause`);
    let isAnswered = false;
    const restore = await around(tenantOf(tenant), "registerBlocked", async (real) => {
      const answer = await real();
      await scheduler.wait(1_500);
      isAnswered = true;
      return answer;
    });
    await send("x");
    await expect.poll(() => troubles(tenant, routeId)).toEqual({ x: "blocked" });
    await tenant.call("POST", `/v1/routes/${routeId}/resume`);
    await receiver.received(2);
    await expect.poll(() => isAnswered).toBe(true);
    restore();
    await receiver.script({ status: 503 });
    for (const station of FIVE) await send(station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await send("x");
    await expect.poll(() => lanesOf(tenant, routeId)).toMatchObject({ x: "blocked" });
    await runDurableObjectAlarm(stationOf(tenant, "x"));
    const before = await countOf(receiver);
    await receiver.script({ status: 200 });
    await probeNow(tenant, routeId, receiver);
    await expect.poll(() => stationsHeard(receiver, before)).toEqual([...FIVE, "x"]);
  });
});

describe("410", () => {
  it("from where the route pointed before does not disable where it points now", async () => {
    const { tenant, send, receiver, routeId } = await setUpRoute([{ status: 410, delayMs: 1_000 }]);
    await send("a");
    await receiver.received(1);
    const good = new Receiver();
    const changed = await tenant.call("PATCH", `/v1/routes/${routeId}`, { url: good.url });
    expect(changed.status).toBe(200);
    expect(seqsOf(await good.received(1))).toEqual([1]);
    expect(await healthOf(tenant, routeId)).toBe("healthy");
  });

  it("ends the attempts of every lane at once, although the feed cannot be told for a moment", async () => {
    const { tenant, send, receiver, routeId } = await setUpRoute([{ status: 200 }]);
    await send("a");
    await send("b");
    await receiver.received(2);
    await receiver.script({ status: 410 });
    await around(feedOf(tenant), "configure", async () => {
      throw new Error("broken");
    });
    await send("a");
    await receiver.received(3);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("disabled");
    await send("b");
    await expect.poll(() => troubles(tenant, routeId)).toMatchObject({ b: "blocked" });
    // That no attempt follows can only be waited for; those that did came one after the other.
    await scheduler.wait(500);
    expect(seqsOf(ofStation(await receiver.requests(), "b"))).toEqual([1, 2]);
  });
});

describe("a station that dies while it works off a backlog", () => {
  it("goes on after a probe that succeeded", async () => {
    const { tenant, receiver, routeId } = await backlogged();
    const before = await countOf(receiver);
    await receiver.script({ status: 200 }, { status: 200, delayMs: 3_000 });
    const seqs = async () => seqsOf(ofStation((await receiver.requests()).slice(before), "x"));
    await probeNow(tenant, routeId, receiver);
    await expect.poll(seqs).toEqual([1, 2]);
    await kill(tenant, "x");
    await receiver.script({ status: 200 });
    await expectToGoOn(tenant, "x");
    await expect.poll(seqs).toEqual([1, 2, 2, 3]);
  });

  it("goes on after the tenant has woken it", async () => {
    const { tenant, receiver, routeId } = await backlogged();
    const before = await countOf(receiver);
    await probeLast(tenant, "x");
    await receiver.script({ status: 200 }, { status: 200, delayMs: 3_000 });
    const seqs = async () => seqsOf(ofStation((await receiver.requests()).slice(before), "x"));
    await probeNow(tenant, routeId, receiver);
    await expect.poll(seqs).toEqual([1]);
    // The tenant has done its part, and will not wake it again.
    await expect.poll(() => troubles(tenant, routeId)).not.toHaveProperty("x");
    await kill(tenant, "x");
    await receiver.script({ status: 200 });
    await expectToGoOn(tenant, "x");
    await expect.poll(seqs).toEqual([1, 1, 2, 3]);
  });

  it("has an alarm while it works off a lane whose parking a person ended", async () => {
    const { tenant, send, receiver, routeId } = await setUpParked();
    await send("bad");
    await send("bad");
    for (let i = 0; i < 2; i += 1) await runDurableObjectAlarm(stationOf(tenant, "bad"));
    expect(await alarmInMs(stationOf(tenant, "bad"))).toBeNull();
    await receiver.script({ status: 200 }, { status: 200, delayMs: 1_000 });
    await tenant.call("POST", `/v1/routes/${routeId}/lanes/bad/resume`);
    await receiver.received(4);
    expect(await alarmInMs(stationOf(tenant, "bad"))).not.toBeNull();
  });
});

/** A parked lane, which has got one event more since; and the breaker is open for other lanes' sake. */
async function setUpParkedInOutage() {
  const setting = await setUpParked();
  const { tenant, receiver, routeId, send } = setting;
  await receiver.script({ status: 503 });
  for (const station of FIVE) await send(station);
  await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
  await send("bad");
  await runDurableObjectAlarm(stationOf(tenant, "bad"));
  expect(await lanesOf(tenant, routeId)).toMatchObject({ bad: "parked" });
  return setting;
}

/** Station x owes three events in an outage that has outlasted its safety net: it has no alarm. */
async function backlogged() {
  const setting = await setUpOutage();
  const { tenant, send, routeId } = setting;
  for (let i = 0; i < 3; i += 1) await send("x");
  await expect.poll(() => troubles(tenant, routeId)).toMatchObject({ x: "blocked" });
  for (let i = 0; i < 2; i += 1) await runDurableObjectAlarm(stationOf(tenant, "x"));
  expect(await alarmInMs(stationOf(tenant, "x"))).toBeNull();
  return setting;
}

const kill = (tenant: TestTenant, station: string) =>
  expect(
    runInDurableObject(stationOf(tenant, station), (_instance, state) => state.abort("killed")),
  ).rejects.toThrow("killed");

/** Nobody else wakes the station; its alarm does. */
async function expectToGoOn(tenant: TestTenant, station: string): Promise<void> {
  expect(await alarmInMs(stationOf(tenant, station))).not.toBeNull();
  expect(await runDurableObjectAlarm(stationOf(tenant, station))).toBe(true);
}
