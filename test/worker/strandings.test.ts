import {
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { feedName, stationName } from "../../src/env.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { type Received, Receiver, seqsOf } from "./receiver.ts";
import { newTenant } from "./support.ts";

const restores: (() => void)[] = [];
afterEach(async () => {
  for (const restore of restores.splice(0)) restore();
  await reset();
});

type Method = (...input: unknown[]) => Promise<unknown>;

/** Puts something around a method of an object's class until the test has ended. */
async function around(
  object: DurableObjectStub,
  method: string,
  wrap: (real: () => Promise<unknown>, self: unknown, input: unknown[]) => Promise<unknown>,
): Promise<() => void> {
  let restore = () => {};
  await runInDurableObject(object, (instance) => {
    let proto: object = Object.getPrototypeOf(instance);
    while (!Object.hasOwn(proto, method)) proto = Object.getPrototypeOf(proto);
    const real = Reflect.get(proto, method) as Method;
    Object.defineProperty(proto, method, {
      configurable: true,
      writable: true,
      value(this: unknown, ...input: unknown[]) {
        return wrap(() => real.apply(this, input), this, input);
      },
    });
    restore = () => {
      Object.defineProperty(proto, method, { configurable: true, writable: true, value: real });
    };
  });
  restores.push(restore);
  return restore;
}

const nameOf = (self: unknown): string => (self as { ctx: { id: { name: string } } }).ctx.id.name;

describe("an outage", () => {
  it("opens the breaker although the tenant's object is evicted between the failures", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 503 }], {
      retry: { scheduleSeconds: times(9, 1) },
    });
    await send("a");
    for (let failures = 1; failures <= 5; failures += 1) {
      await receiver.received(failures);
      await expect.poll(() => attemptsOf(tenant, routeId, "a")).toBeGreaterThanOrEqual(failures);
      await evictDurableObject(tenantOf(tenant));
    }
    expect(await healthOf(tenant, routeId)).toBe("failing");
  });

  it("leaves no lane behind whose failure was reported while the feed was being told", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 503, delayMs: 300 }]);
    const restore = await around(feedOf(tenant), "configure", async (real) => {
      await scheduler.wait(1_000);
      return real();
    });
    const stations = ["a", "b", "c", "d", "e"];
    await Promise.all(stations.map((station) => send(station)));
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await scheduler.wait(2_500);
    restore();
    const rows = await troubles(tenant);
    const lanes = await lanesOf(tenant, routeId);
    const first = rows.find(({ kind }) => kind === "waiting" && lanes[kind] === undefined);
    // Every station's safety net rings while the breaker is open.
    for (const station of stations) await runDurableObjectAlarm(stationOf(tenant, station));
    await scheduler.wait(1_000);
    const before = (await receiver.requests()).length;
    await receiver.script({ status: 200 });
    await probeNow(tenant, routeId);
    await receiver.received(before + 4);
    await expect
      .poll(async () => (await deliveredStations(receiver, before)).sort(), { timeout: 15_000 })
      .toEqual(stations);
  });

  it("leaves a parked lane parked, and listed as such", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 422 }], {
      onExhausted: "park",
    });
    await send("bad");
    await expect.poll(() => lanesOf(tenant, routeId)).toEqual({ bad: "parked" });
    await receiver.script({ status: 503 });
    for (const station of ["a", "b", "c", "d", "e"]) await send(station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await send("bad");
    await runDurableObjectAlarm(stationOf(tenant, "bad"));
    await expect.poll(() => lanesOf(tenant, routeId)).toMatchObject({ bad: "parked" });
    const troubled = async () =>
      (await tenant.items(`/v1/routes/${routeId}/lanes?status=troubled`)).length;
    await receiver.script({ status: 200 });
    // The others are probed first, so that the route recovers without the parked lane.
    await rewriteTrouble(
      tenant,
      "UPDATE troubled_lanes SET tried_ms = tried_ms + 1e6 WHERE station = 'bad'",
    );
    await probeNow(tenant, routeId);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("suspect");
    await scheduler.wait(1_500);
    expect(await lanesOf(tenant, routeId)).toMatchObject({ bad: "parked", a: "idle" });
    expect(await troubled()).toBe(1);
  });

  it("probes no parked lane", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 422 }], {
      onExhausted: "park",
    });
    await send("bad");
    await expect.poll(() => lanesOf(tenant, routeId)).toEqual({ bad: "parked" });
    await receiver.script({ status: 503 });
    for (const station of ["a", "b", "c", "d", "e"]) await send(station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await send("bad");
    await runDurableObjectAlarm(stationOf(tenant, "bad"));
    const before = (await receiver.requests()).length;
    for (let probe = 1; probe <= 6; probe += 1) {
      await probeNow(tenant, routeId);
      await receiver.received(before + probe);
    }
    await scheduler.wait(500);
    expect(ofStation((await receiver.requests()).slice(before), "bad")).toHaveLength(0);
    expect(await lanesOf(tenant, routeId)).toMatchObject({ bad: "parked" });
  });

  it("makes no dead letter although the tenant's object is evicted between the failures", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 503 }], {
      retry: { scheduleSeconds: times(6, 1) },
    });
    await send("a");
    for (let failures = 1; failures <= 6; failures += 1) {
      await receiver.received(failures);
      await expect.poll(() => attemptsOf(tenant, routeId, "a")).toBeGreaterThanOrEqual(failures);
      await evictDurableObject(tenantOf(tenant));
    }
    await scheduler.wait(4_000);
    expect(await tenant.items(`/v1/routes/${routeId}/dead-letters`)).toEqual([]);
  });

  it("knows of every held lane as blocked when five lanes fail at once, on twenty routes", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const stations = ["a", "b", "c", "d", "e"];
    const routes: string[] = [];
    for (let i = 0; i < 20; i += 1) {
      const receiver = await new Receiver().script({ status: 503, delayMs: 400 });
      routes.push((await tenant.route(receiver.url, { filter: { stations } })).id);
    }
    await Promise.all(stations.map((station) => tenant.send(path, webhook({ station }))));
    for (const id of routes) await expect.poll(() => healthOf(tenant, id)).toBe("failing");
    await scheduler.wait(3_000);
    const lost: string[] = [];
    for (const id of routes) {
      const rows = await runInDurableObject(tenantOf(tenant), (_instance, { storage }) =>
        storage.sql
          .exec<{ station: string; kind: string }>(
            "SELECT station, kind FROM troubled_lanes WHERE route_id = ?",
            id,
          )
          .toArray(),
      );
      const Held = z.looseObject({
        station: z.string(),
        head: z.object({ nextAttemptAt: z.string().nullable() }).nullable(),
      });
      const lanes = z.array(Held).parse(await tenant.items(`/v1/routes/${id}/lanes`));
      for (const { station, head } of lanes) {
        const kind = rows.find((row) => row.station === station)?.kind;
        if (head !== null && head.nextAttemptAt === null && kind !== "blocked") {
          lost.push(`${id} ${station} ${kind}`);
        }
      }
    }
    expect(lost).toEqual([]);
  });

  it("keeps no redelivery waiting for ever once the destination is well and no lane waits", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 503 }], {
      retry: { scheduleSeconds: times(9, 0.2) },
    });
    await send("a");
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await receiver.received(5);
    await scheduler.wait(300);
    await receiver.script({ status: 200 });
    const before = (await receiver.requests()).length;
    expect((await tenant.call("POST", `/v1/routes/${routeId}/lanes/a/skip`)).status).toBe(200);
    const redelivered = await tenant.call("POST", `/v1/routes/${routeId}/dead-letters/redeliver`);
    expect(redelivered.status).toBe(200);
    await scheduler.wait(1_000);
    // However much time passes: what may be due is due now.
    for (let i = 0; i < 5; i += 1) {
      await rewriteBreaker(tenant, routeId, { nextProbeMs: 0 });
      await runDurableObjectAlarm(tenantOf(tenant));
      await scheduler.wait(500);
    }
    expect((await receiver.requests()).length).toBe(before + 1);
  });

  it("leaves a parked lane parked when a person's retry fails while the breaker is open", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 422 }], {
      onExhausted: "park",
    });
    await send("bad");
    await expect.poll(() => lanesOf(tenant, routeId)).toEqual({ bad: "parked" });
    await receiver.script({ status: 503 });
    for (const station of ["a", "b", "c", "d", "e"]) await send(station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    const before = (await receiver.requests()).length;
    await tenant.call("POST", `/v1/routes/${routeId}/lanes/bad/retry`);
    await receiver.received(before + 1);
    await scheduler.wait(300);
    expect(await lanesOf(tenant, routeId)).toMatchObject({ bad: "parked" });
  });
});

describe("the tenant's alarm", () => {
  it("probes one route although a station of another does not answer its waking", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 503 }]);
    const paused = await tenant.route(new Receiver().url, { filter: { stations: ["stuck"] } });
    await tenant.call("POST", `/v1/routes/${paused.id}/pause`);
    await send("stuck");
    for (const station of ["a", "b", "c", "d", "e"]) await send(station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await around(stationOf(tenant, "stuck"), "wake", async (real, self) => {
      if (nameOf(self).endsWith("/stuck")) await scheduler.wait(20_000);
      return real();
    });
    const before = (await receiver.requests()).length;
    await receiver.script({ status: 200 });
    await tenant.call("POST", `/v1/routes/${paused.id}/resume`);
    await expect
      .poll(async () => (await receiver.requests()).length, { timeout: 12_000 })
      .toBeGreaterThan(before);
  });

  it("lets the API answer bad ids and times with 4xx", async () => {
    const { tenant, send, routeId } = await setUp([{}]);
    await send("a");
    const bad = [
      "%00",
      "%E0%A4%A",
      "..%2f..",
      "a".repeat(3000),
      "'",
      "%F0%9F%98%80",
      "-1",
      "1e9",
      "999999999999999",
      "9999999999999999999",
      "NaN",
      "%ED%A0%80",
      "__proto__",
      "a%2Fb",
    ];
    const paths = bad.flatMap(
      (id) =>
        [
          ["GET", `/v1/routes/${id}`],
          ["PATCH", `/v1/routes/${id}`],
          ["DELETE", `/v1/routes/${id}`],
          ["POST", `/v1/routes/${id}/pause`],
          ["POST", `/v1/routes/${id}/test`],
          ["POST", `/v1/routes/${id}/rotate-secret`],
          ["GET", `/v1/routes/${id}/lanes`],
          ["GET", `/v1/routes/${id}/lanes?status=troubled`],
          ["POST", `/v1/routes/${routeId}/lanes/${id}/retry`],
          ["POST", `/v1/routes/${routeId}/lanes/${id}/skip`],
          ["POST", `/v1/routes/${id}/lanes/a/skip`],
          ["GET", `/v1/routes/${routeId}/dead-letters/${id}`],
          ["DELETE", `/v1/routes/${routeId}/dead-letters/${id}`],
          ["POST", `/v1/routes/${routeId}/dead-letters/${id}/redeliver`],
          ["POST", `/v1/routes/${id}/dead-letters/redeliver`],
          ["GET", `/v1/replays/${id}`],
          ["DELETE", `/v1/replays/${id}`],
          ["GET", `/v1/stations/${id}/deliveries`],
          ["GET", `/v1/stations/a/deliveries?after=${id}`],
          ["GET", `/v1/stations/a/deliveries?after=999999999999999.rt_x`],
          ["GET", `/v1/stations/a/deliveries?route=${id}`],
          ["GET", `/v1/routes/${routeId}/lanes?after=${id}`],
          ["GET", `/v1/routes/${routeId}/lanes?limit=${id}`],
          ["GET", `/v1/replays?after=${id}`],
          ["GET", `/v1/routes/${routeId}/dead-letters?after=${id}`],
          ["GET", `/v1/audit?after=${id}`],
        ] as const,
    );
    const failed: string[] = [];
    for (const [method, path] of paths) {
      const { status } = await tenant.call(method, path, method === "PATCH" ? {} : undefined);
      if (status >= 500) failed.push(`${method} ${path} ${status}`);
    }
    const T = [
      "2026-02-30T00:00:00Z",
      "0000-01-01T00:00:00Z",
      "9999-12-31T23:59:59.999999999Z",
      "2026-01-01T00:00:00+99:99",
      "2026-01-01T00:00:00-23:59",
      "2026-01-01T24:00:00Z",
      "",
    ];
    for (const from of T)
      for (const to of T)
        for (const dryRun of [true, false]) {
          const { status } = await tenant.call("POST", "/v1/replays", {
            route: routeId,
            from,
            to,
            dryRun,
          });
          if (status >= 500) failed.push(`replay ${from} ${to} ${status}`);
        }
    expect(failed).toEqual([]);
  });

  it("is not put off by a replay that waits, when the object wakes", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 503 }]);
    await send("a");
    const waiting = await new Receiver().script({
      status: 503,
      headers: { "retry-after": "3600" },
    });
    const other = await tenant.route(waiting.url, { filter: { stations: ["a"] } });
    const { status } = await tenant.call("POST", "/v1/replays", {
      route: other.id,
      from: "2000-01-01T00:00:00Z",
      to: "2100-01-01T00:00:00Z",
    });
    expect(status).toBe(201);
    await waiting.received(1);
    await scheduler.wait(300);
    for (const station of ["b", "c", "d", "e", "f"]) await send(station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await scheduler.wait(300);
    const alarmInMs = () =>
      runInDurableObject(tenantOf(tenant), async (_instance, { storage }) => {
        const atMs = await storage.getAlarm();
        return atMs === null ? null : atMs - Date.now();
      });
    await evictDurableObject(tenantOf(tenant));
    await receiver.script({ status: 200 });
    expect(await alarmInMs()).toBeLessThan(60_000);
  });
});

describe("skipping a head", () => {
  it("never gives up another event than the head of that time", async () => {
    const { tenant, send, receiver, routeId } = await setUp([
      { status: 500 },
      { status: 200, delayMs: 2_000 },
      { status: 200 },
    ]);
    await send("a");
    await send("a");
    await receiver.received(2);
    const skipped = await tenant.call("POST", `/v1/routes/${routeId}/lanes/a/skip`);
    await scheduler.wait(500);
    const letters = await tenant.items(`/v1/routes/${routeId}/dead-letters`);
    // Seq 1 was delivered meanwhile; seq 2 was never tried.
    expect(seqsOf(await receiver.requests())).toEqual([1, 1, 2]);
  });
});

describe("a probe that finds nothing to send", () => {
  it("does not strike a lane off the list that has come since", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 503 }]);
    for (const station of ["a", "b", "c", "d", "e"]) await send(station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await send("x");
    await expect
      .poll(async () => (await troubles(tenant)).some(({ station }) => station === "x"))
      .toBe(true);
    // x owes nothing any more, and its answer to the probe takes its time.
    await tenant.call("POST", `/v1/routes/${routeId}/lanes/x/skip`);
    await rewriteTrouble(
      tenant,
      `INSERT OR REPLACE INTO troubled_lanes (route_id, station, kind, since_ms, tried_ms) VALUES ('${routeId}', 'x', 'blocked', 1, 0)`,
    );
    let answered = false;
    const restore = await around(stationOf(tenant, "x"), "probe", async (real) => {
      const answer = await real();
      await scheduler.wait(1_500);
      answered = true;
      return answer;
    });
    await rewriteBreaker(tenant, routeId, { nextProbeMs: 0 });
    await runDurableObjectAlarm(tenantOf(tenant));
    await scheduler.wait(300);
    await send("x");
    await expect.poll(() => answered).toBe(true);
    restore();
    await scheduler.wait(300);
    const before = (await receiver.requests()).length;
    await receiver.script({ status: 200 });
    await runDurableObjectAlarm(stationOf(tenant, "x"));
    await probeNow(tenant, routeId);
    await expect
      .poll(async () => (await deliveredStations(receiver, before)).sort(), { timeout: 15_000 })
      .toEqual(["a", "b", "c", "d", "e", "x"]);
  });
});

describe("waking lanes", () => {
  it("reaches the others although ten stations cannot be woken", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 200 }]);
    await tenant.call("POST", `/v1/routes/${routeId}/pause`);
    const stations = Array.from(
      { length: 11 },
      (_, index) => `cs${String(index).padStart(2, "0")}`,
    );
    for (const station of stations) await send(station);
    await expect.poll(async () => (await troubles(tenant)).length).toBe(11);
    await around(stationOf(tenant, "cs00"), "wake", async (real, self) => {
      if (!nameOf(self).endsWith("/cs10")) throw new Error("broken");
      return real();
    });
    await tenant.call("POST", `/v1/routes/${routeId}/resume`);
    await expect
      .poll(async () => deliveredStations(receiver, 0), { timeout: 18_000 })
      .toEqual(["cs10"]);
  });

  it("registers again after a registration whose answer came late", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 200 }]);
    await send("x");
    await receiver.received(1);
    await tenant.call("POST", `/v1/routes/${routeId}/pause`);
    const restore = await around(tenantOf(tenant), "registerBlocked", async (real) => {
      const answer = await real();
      await scheduler.wait(1_500);
      return answer;
    });
    await send("x");
    await expect.poll(async () => (await troubles(tenant)).length).toBe(1);
    await tenant.call("POST", `/v1/routes/${routeId}/resume`);
    await receiver.received(2);
    await scheduler.wait(1_000);
    restore();
    await receiver.script({ status: 503 });
    for (const station of ["a", "b", "c", "d", "e"]) await send(station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await send("x");
    await scheduler.wait(500);
    const known = (await troubles(tenant)).map(({ station }) => station);
    const alarm = await runInDurableObject(stationOf(tenant, "x"), (_i, { storage }) =>
      storage.getAlarm(),
    );
    await runDurableObjectAlarm(stationOf(tenant, "x"));
    const before = (await receiver.requests()).length;
    await receiver.script({ status: 200 });
    await probeNow(tenant, routeId);
    await expect
      .poll(async () => (await deliveredStations(receiver, before)).sort(), { timeout: 10_000 })
      .toEqual(["a", "b", "c", "d", "e", "x"]);
  });
});

describe("410", () => {
  it("from where the route pointed before does not disable where it points now", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 410, delayMs: 1_500 }]);
    await send("a");
    await receiver.received(1);
    const good = new Receiver();
    const changed = await tenant.call("PATCH", `/v1/routes/${routeId}`, { url: good.url });
    expect(changed.status).toBe(200);
    await scheduler.wait(2_500);
    expect(await healthOf(tenant, routeId)).not.toBe("disabled");
    expect(seqsOf(await good.requests())).toEqual([1]);
  });

  it("ends the attempts of every lane at once, although the feed cannot be told for a moment", async () => {
    const { tenant, send, receiver } = await setUp([{ status: 200 }]);
    await send("a");
    await send("b");
    await receiver.received(2);
    await receiver.script({ status: 410 });
    const restore = await around(feedOf(tenant), "configure", async () => {
      throw new Error("broken");
    });
    await send("a");
    await receiver.received(3);
    await scheduler.wait(200);
    await send("b");
    await scheduler.wait(3_000);
    restore();
    const ofB = ofStation(await receiver.requests(), "b").length;
    expect(ofB).toBeLessThanOrEqual(4);
  });
});

describe("a breaker that is open", () => {
  it("leaves no lane behind when telling the feed takes 30 ms", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 503, delayMs: 500 }]);
    await around(feedOf(tenant), "configure", async (real) => {
      await scheduler.wait(30);
      return real();
    });
    await Promise.all(["a", "b", "c", "d", "e"].map((station) => send(station)));
    await receiver.received(5);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await scheduler.wait(3_000);
    const rows = await troubles(tenant);
    const held = await lanesOf(tenant, routeId);
    expect(
      rows.filter(({ kind, station }) => kind !== "blocked" && held[station] === "blocked"),
    ).toEqual([]);
  });

  it("remembers over an eviction what the destination asked for at a probe", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 503 }]);
    for (const station of ["a", "b", "c", "d", "e"]) await send(station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    const before = (await receiver.requests()).length;
    await receiver.script({ status: 503, headers: { "retry-after": "3600" } });
    await probeNow(tenant, routeId);
    await receiver.received(before + 1);
    await scheduler.wait(300);
    const nextInMs = async () => {
      const { body } = await tenant.call("GET", `/v1/routes/${routeId}`);
      const { trouble } = z
        .object({ trouble: z.looseObject({ nextProbeAt: z.string() }) })
        .parse(body);
      return Date.parse(trouble.nextProbeAt) - Date.now();
    };
    expect(await nextInMs()).toBeGreaterThan(3_000_000);
    await evictDurableObject(tenantOf(tenant));
    expect(await nextInMs()).toBeGreaterThan(3_000_000);
  });
});

describe("rotating a route's secret", () => {
  it("does not end a lane's parking", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 422 }], {
      onExhausted: "park",
    });
    await send("bad");
    await expect.poll(() => lanesOf(tenant, routeId)).toEqual({ bad: "parked" });
    const before = (await receiver.requests()).length;
    await tenant.call("POST", `/v1/routes/${routeId}/rotate-secret`);
    await send("bad");
    await scheduler.wait(1_500);
    expect((await receiver.requests()).length).toBe(before);
  });
});

describe("a station that dies while it works off a backlog", () => {
  async function backlogged() {
    const setting = await setUp([{ status: 503 }]);
    const { tenant, send, routeId } = setting;
    for (const station of ["a", "b", "c", "d", "e"]) await send(station);
    await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    for (let i = 0; i < 3; i += 1) await send("x");
    await expect
      .poll(async () => (await troubles(tenant)).some(({ station }) => station === "x"))
      .toBe(true);
    // The outage outlasts the safety net of the last event.
    for (let i = 0; i < 2; i += 1) await runDurableObjectAlarm(stationOf(tenant, "x"));
    expect(await alarmOf(tenant, "x")).toBe(null);
    return setting;
  }
  const alarmOf = (tenant: TestTenant, station: string) =>
    runInDurableObject(stationOf(tenant, station), (_i, { storage }) => storage.getAlarm());
  const kill = (tenant: TestTenant, station: string) =>
    runInDurableObject(stationOf(tenant, station), (_i, state) => state.abort("killed")).catch(
      () => {},
    );

  it("goes on after a probe that succeeded", async () => {
    const { tenant, receiver, routeId } = await backlogged();
    const before = (await receiver.requests()).length;
    await receiver.script({ status: 200 }, { status: 200, delayMs: 3_000 });
    const ofX = async () => ofStation((await receiver.requests()).slice(before), "x");
    await probeNow(tenant, routeId);
    await expect.poll(async () => seqsOf(await ofX())).toEqual([1, 2]);
    await kill(tenant, "x");
    await receiver.script({ status: 200 });
    await scheduler.wait(1_000);
    await expect.poll(async () => Math.max(...seqsOf(await ofX())), { timeout: 40_000 }).toBe(3);
  });

  it("goes on after the tenant has woken it", async () => {
    const { tenant, receiver, routeId } = await backlogged();
    const before = (await receiver.requests()).length;
    await rewriteTrouble(
      tenant,
      "UPDATE troubled_lanes SET tried_ms = tried_ms + 1e6 WHERE station = 'x'",
    );
    await receiver.script({ status: 200 }, { status: 200, delayMs: 4_000 });
    const ofX = async () => ofStation((await receiver.requests()).slice(before), "x");
    await probeNow(tenant, routeId);
    await expect.poll(async () => seqsOf(await ofX())).toEqual([1]);
    await scheduler.wait(300);
    await kill(tenant, "x");
    await receiver.script({ status: 200 });
    await scheduler.wait(1_000);
    await expect.poll(async () => Math.max(...seqsOf(await ofX())), { timeout: 40_000 }).toBe(3);
  });
  it("has an alarm while it works off a lane whose parking a person ended", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 422 }], {
      onExhausted: "park",
    });
    await send("x");
    await expect.poll(() => lanesOf(tenant, routeId)).toEqual({ x: "parked" });
    await send("x");
    await send("x");
    for (let i = 0; i < 2; i += 1) await runDurableObjectAlarm(stationOf(tenant, "x"));
    await receiver.script({ status: 200 }, { status: 200, delayMs: 3_000 });
    await tenant.call("POST", `/v1/routes/${routeId}/lanes/x/resume`);
    await receiver.received(4);
    expect(await alarmOf(tenant, "x")).not.toBe(null);
  });
});

describe("telling the feed", () => {
  it("takes an older telling's late success for no newer one's", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{ status: 503 }]);
    for (const station of ["a", "b", "c", "d"]) await send(station);
    await receiver.received(4);
    await scheduler.wait(500);
    let calls = 0;
    const restore = await around(feedOf(tenant), "configure", async (real) => {
      calls += 1;
      if (calls > 1) throw new Error("broken");
      await scheduler.wait(2_000);
      return real();
    });
    const failing = expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
    await send("e");
    await failing;
    await receiver.script({ status: 200 });
    const resumed = await tenant.call("POST", `/v1/routes/${routeId}/resume`);
    await scheduler.wait(2_500);
    restore();
    const before = (await receiver.requests()).length;
    await send("z");
    let wakes = 0;
    await around(stationOf(tenant, "z"), "wake", (real) => {
      wakes += 1;
      return real();
    });
    await scheduler.wait(12_000);
    expect((await deliveredStations(receiver, 0)).includes("z")).toBe(true);
    expect(wakes).toBeLessThan(20);
  });
});

async function setUp(answers: Parameters<Receiver["script"]>, settings = {}) {
  const tenant = await newTenant();
  const { path } = await tenant.source();
  const receiver = await new Receiver().script(...answers);
  const filter = { types: ["session.*"] };
  const { id: routeId } = await tenant.route(receiver.url, { filter, ...settings });
  const send = async (station: string) => {
    expect((await tenant.send(path, webhook({ station }))).status).toBe(200);
  };
  return { tenant, path, receiver, routeId, send };
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const tenantOf = ({ id }: TestTenant) => env.TENANT.getByName(id);
const feedOf = ({ id }: TestTenant) => env.FEED.getByName(feedName(id));
const stationOf = ({ id }: TestTenant, station: string) =>
  env.STATION.getByName(stationName(id, station));
const ofStation = (received: Received, station: string) =>
  received.filter(({ headers }) => headers["chargewire-station"] === station);
const deliveredStations = async (receiver: Receiver, from: number) => [
  ...new Set(
    (await receiver.requests()).slice(from).map(({ headers }) => headers["chargewire-station"]),
  ),
];

async function healthOf(tenant: TestTenant, routeId: string): Promise<string> {
  const { body } = await tenant.call("GET", `/v1/routes/${routeId}`);
  return z.object({ health: z.string() }).parse(body).health;
}

const Lane = z.looseObject({
  station: z.string(),
  status: z.string(),
  head: z.object({ attempts: z.number() }).nullable(),
});

async function lanesOf(tenant: TestTenant, routeId: string): Promise<Record<string, string>> {
  const lanes = z.array(Lane).parse(await tenant.items(`/v1/routes/${routeId}/lanes`));
  return Object.fromEntries(
    lanes
      .filter(({ station }) => station !== "_account")
      .map(({ station, status }) => [station, status]),
  );
}

async function attemptsOf(tenant: TestTenant, routeId: string, station: string): Promise<number> {
  const lanes = z.array(Lane).parse(await tenant.items(`/v1/routes/${routeId}/lanes`));
  return lanes.find((lane) => lane.station === station)?.head?.attempts ?? 0;
}

const troubles = (tenant: TestTenant) =>
  runInDurableObject(tenantOf(tenant), (_instance, { storage }) =>
    storage.sql
      .exec<{ station: string; kind: string }>("SELECT station, kind FROM troubled_lanes")
      .toArray(),
  );

const rewriteTrouble = (tenant: TestTenant, sql: string) =>
  runInDurableObject(tenantOf(tenant), (_instance, { storage }) => {
    storage.sql.exec(sql);
  });

async function rewriteBreaker(
  tenant: TestTenant,
  routeId: string,
  change: Record<string, unknown>,
): Promise<void> {
  await runInDurableObject(tenantOf(tenant), (_instance, { storage }) => {
    storage.sql.exec(
      "UPDATE route_health SET breaker = json_patch(breaker, ?) WHERE route_id = ?",
      JSON.stringify(change),
      routeId,
    );
  });
  await evictDurableObject(tenantOf(tenant));
}

async function probeNow(tenant: TestTenant, routeId: string): Promise<void> {
  await rewriteBreaker(tenant, routeId, { nextProbeMs: 0 });
  await runDurableObjectAlarm(tenantOf(tenant));
}
