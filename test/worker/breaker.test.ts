import { abortAllDurableObjects, reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import { probeDelayMs } from "../../src/domain/breaker.ts";
import type { TestTenant } from "../support/api.ts";
import type { Answer } from "../support/receiver.ts";
import {
  deadLetters,
  healthOf,
  ofStation,
  probeNow,
  rewriteBreaker,
  routeOf,
  sendOne as send,
  setUpRoute,
  times,
  troubles,
} from "./outage-support.ts";
import { seqsOf } from "./receiver.ts";

afterEach(() => reset());

const HOUR_MS = 3_600_000;

describe("a route whose destination is down for an hour", () => {
  it("makes a handful of attempts for 200 stations, and then delivers every event in order", async () => {
    const { tenant, path, receiver, routeId } = await setUp({ status: 503 });
    const stations = Array.from({ length: 200 }, (_, index) => `cs${index}`);
    for (const station of stations.slice(0, 5)) await send(tenant, path, station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    // One source takes fewer requests at a time than this test sends.
    for (const source of [await tenant.source(), await tenant.source()]) {
      for (let from = 0; from < stations.length; from += 20) {
        const some = stations.slice(from, from + 20);
        await Promise.all(some.map((station) => send(tenant, source.path, station)));
      }
    }
    await expect.poll(() => troubledLanes(tenant, routeId)).toBe(200);
    const probes = probesWithin(HOUR_MS);
    for (let probe = 0; probe < probes; probe += 1) await probeNow(tenant, routeId, receiver);
    const attempts = (await receiver.requests()).length;
    expect(attempts).toBeLessThanOrEqual(5 + 5 + probes);

    await receiver.script({ status: 200 });
    await probeNow(tenant, routeId, receiver);
    const received = await receiver.received(attempts + 405, 30_000);
    const delivered = received.slice(attempts);
    for (const [index, station] of stations.entries()) {
      expect(seqsOf(ofStation(delivered, station))).toEqual(index < 5 ? [1, 2, 3] : [1, 2]);
    }
    expect(await tenant.items(`/v1/routes/${routeId}/dead-letters`)).toEqual([]);
    await expect.poll(() => troubledLanes(tenant, routeId)).toBe(0);
    expect(await healthOf(tenant, routeId)).toBe("suspect");
  });
});

describe("the breaker of a route", () => {
  it("opens after five failures in a row on whatever lanes, and closes at the first success", async () => {
    const { tenant, path, receiver, routeId } = await setUp(...times(5, { status: 500 }), {});
    for (const station of ["a", "b", "c", "d", "e"]) await send(tenant, path, station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await send(tenant, path, "f");
    expect(await receiver.requests()).toHaveLength(5);
    await probeNow(tenant, routeId, receiver);
    const received = await receiver.received(11);
    expect(new Set(received.slice(5).map(({ headers }) => headers["chargewire-station"]))).toEqual(
      new Set(["a", "b", "c", "d", "e", "f"]),
    );
  });

  it("stays closed while successes come between the failures", async () => {
    const { tenant, path, receiver, routeId } = await setUpRoute(
      times(12, { status: 500 }, { status: 200 }),
      { retry: { scheduleSeconds: times(10, 0.05) } },
    );
    for (let i = 0; i < 12; i += 1) {
      await send(tenant, path, i % 2 === 0 ? "a" : "b");
      // One after the other: of successes in quick succession a lane reports not every one.
      await receiver.received(2 * (i + 1));
    }
    await receiver.received(24);
    expect(await healthOf(tenant, routeId)).not.toBe("failing");
  });

  it("survives the death of every object, and so do the lanes that wait for it", async () => {
    const { tenant, path, receiver, routeId } = await setUp(...times(5, { status: 500 }), {});
    for (const station of ["a", "b", "c", "d", "e"]) await send(tenant, path, station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await abortAllDurableObjects();
    expect(await healthOf(tenant, routeId)).toBe("failing");
    await probeNow(tenant, routeId, receiver);
    expect(await receiver.received(10)).toHaveLength(10);
  });

  it("is held open by no poison event: other lanes are probed in turn, and it is given up", async () => {
    const { tenant, path, receiver, routeId } = await setUp({ poison: "bad" });
    const retry = { scheduleSeconds: [1, 1, 1, 1, 1, 1] };
    await tenant.call("PATCH", `/v1/routes/${routeId}`, { retry });
    await send(tenant, path, "bad");
    await failUntilOpen(tenant, routeId, "bad");
    await send(tenant, path, "good");
    // The first lane that has not failed yet is probed soon, without a person's doing.
    await expect
      .poll(async () => seqsOf(ofStation(await receiver.requests(), "good")))
      .toEqual([1]);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("suspect");
    const sendGoodOnes = async () => {
      await send(tenant, path, "good");
      return deadLetters(tenant, routeId);
    };
    await expect.poll(sendGoodOnes, { interval: 200 }).toMatchObject([{ station: "bad", seq: 1 }]);
    expect(await healthOf(tenant, routeId)).not.toBe("failing");
  });

  it("lets a poison event that is alone wait for a person, who skips it", async () => {
    const { tenant, path, receiver, routeId } = await setUp({ poison: "bad" });
    await send(tenant, path, "bad");
    await failUntilOpen(tenant, routeId, "bad");
    for (let probe = 0; probe < 15; probe += 1) await probeNow(tenant, routeId, receiver);
    expect(await deadLetters(tenant, routeId)).toEqual([]);
    const skipped = await tenant.call("POST", `/v1/routes/${routeId}/lanes/bad/skip`);
    expect(skipped.status).toBe(200);
    expect(await deadLetters(tenant, routeId)).toMatchObject([
      { station: "bad", seq: 1, lastAnswer: "skipped after HTTP 500" },
    ]);
  });

  it("opens when three lanes are refused twenty times, and those events keep their place", async () => {
    const { tenant, path, receiver, routeId } = await setUp({ status: 422 });
    const stations = Array.from({ length: 25 }, (_, index) => `cs${index}`);
    await Promise.all(stations.map((station) => send(tenant, path, station)));
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await expect.poll(() => troubledLanes(tenant, routeId)).toBe(25);
    expect(await deadLetters(tenant, routeId)).toEqual([]);
    const before = (await receiver.requests()).length;
    await receiver.script({ status: 200 });
    await probeNow(tenant, routeId, receiver);
    const received = await receiver.received(before + 25);
    expect(seqsOf(received.slice(before))).toEqual(stations.map(() => 1));
    expect(await deadLetters(tenant, routeId)).toEqual([]);
  });

  it("honours what the destination asks for before the next probe", async () => {
    const { tenant, path, routeId } = await setUp({
      status: 503,
      headers: { "retry-after": "3600" },
    });
    for (const station of ["a", "b", "c", "d", "e"]) await send(tenant, path, station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    const { trouble } = await routeOf(tenant, routeId);
    expect(Date.parse(String(trouble?.nextProbeAt)) - Date.now()).toBeGreaterThan(3_500_000);
  });

  it("forgets what failed before a person enabled the route again", async () => {
    const { tenant, path, receiver, routeId } = await setUp({ status: 500 });
    for (const station of ["a", "b", "c", "d", "e"]) await send(tenant, path, station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await receiver.script({ status: 200 });
    const { body } = await tenant.call("POST", `/v1/routes/${routeId}/resume`);
    expect(body).toMatchObject({ health: "healthy", trouble: null });
    await receiver.received(10);
    expect(await deadLetters(tenant, routeId)).toEqual([]);
  });
});

describe("a route that fails for five days", () => {
  it("is disabled then, keeps its events, and goes on when it is enabled", async () => {
    const { tenant, path, receiver, routeId } = await setUp({ status: 500 });
    for (const station of ["a", "b", "c", "d", "e"]) await send(tenant, path, station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await failingSince(tenant, routeId, Date.now() - 5 * 24 * HOUR_MS + 60_000);
    await probeNow(tenant, routeId, receiver);
    expect(await healthOf(tenant, routeId)).toBe("failing");
    await failingSince(tenant, routeId, Date.now() - 5 * 24 * HOUR_MS);
    await probeNow(tenant, routeId, receiver);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("disabled");
    await send(tenant, path, "a");
    const before = (await receiver.requests()).length;
    await receiver.script({ status: 200 });
    await tenant.call("POST", `/v1/routes/${routeId}/resume`);
    const received = await receiver.received(before + 6);
    expect(seqsOf(ofStation(received.slice(before), "a"))).toEqual([1, 2]);
  });
});

const setUp = (...answers: Answer[]) => setUpRoute(answers);

const troubledLanes = async (tenant: TestTenant, routeId: string) =>
  Object.keys(await troubles(tenant, routeId)).length;

const failingSince = (tenant: TestTenant, routeId: string, failingSinceMs: number) =>
  rewriteBreaker(tenant, routeId, { failingSinceMs, lastFailureMs: Date.now() });

async function retryNow(tenant: TestTenant, routeId: string, station: string): Promise<void> {
  await tenant.call("POST", `/v1/routes/${routeId}/lanes/${station}/retry`);
}

/** Tries a lane's head again and again, without waiting for its times, until the breaker opens. */
async function failUntilOpen(tenant: TestTenant, routeId: string, station: string): Promise<void> {
  await expect
    .poll(async () => {
      await retryNow(tenant, routeId, station);
      return healthOf(tenant, routeId);
    })
    .toBe("failing");
}

function probesWithin(ms: number): number {
  let probes = 0;
  for (let atMs = probeDelayMs(0); atMs <= ms; probes += 1) atMs += probeDelayMs(probes + 1);
  return probes;
}
