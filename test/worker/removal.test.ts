import { abortAllDurableObjects, reset, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { feedName, stationName } from "../../src/env.ts";
import { call, type TestTenant } from "../support/api.ts";
import { OPERATOR_KEY } from "../support/secrets.ts";
import { objectId, webhook } from "../support/webhooks.ts";
import { around } from "./outage-support.ts";
import { Receiver, seqsOf } from "./receiver.ts";
import { forgetObjects, readStored } from "./stored.ts";
import { newTenant, subscribe, worker } from "./support.ts";

beforeEach(forgetObjects);
afterEach(() => reset());

const remove = (tenant: TestTenant) =>
  call(worker, tenant.origin, OPERATOR_KEY, "DELETE", `/v1/tenants/${tenant.id}`);

/** What is left of a tenant, apart from its tombstone and lists of migrations: tables with rows, values, alarms. */
async function remains(tenant: TestTenant, stations: readonly string[], routes: readonly string[]) {
  const stored = await readStored(tenant, stations, routes);
  return [...stored].flatMap(([object, tables]) =>
    Object.entries(tables).flatMap(([table, rows]) => {
      if (table === "migrations" && object === tenant.id) return [];
      if (table === "tenant") return rows.flatMap((row) => (row.removed === 1 ? [] : [object]));
      if (table === "alarm") return rows[0]?.atMs === null ? [] : [`${object} alarm`];
      return rows.length === 0 && object === tenant.id ? [] : rows.map(() => `${object} ${table}`);
    }),
  );
}

describe("DELETE /v1/tenants/{id}", () => {
  it("leaves no row, no value and no alarm in any object while senders and subscribers go on", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const stations = ["a", "b", "c", "new"];
    const failing = await new Receiver().script({ status: 503 });
    const slow = await new Receiver().script({ status: 200, delayMs: 300 });
    const waiting = await tenant.route(failing.url);
    const gated = await tenant.route(slow.url, { concurrency: 1, ratePerSecond: 1 });
    for (const station of ["a", "b", "c"]) {
      expect((await tenant.send(path, webhook({ station }))).status).toBe(200);
    }
    await tenant.send(path, "not JSON");
    await tenant.call("POST", "/v1/tickets", {});
    await tenant.call("POST", "/v1/replays", {
      route: waiting.id,
      from: "2000-01-01T00:00:00Z",
      to: "2100-01-01T00:00:00Z",
    });
    const wide = encodeURIComponent(Array.from({ length: 550 }, () => objectId()).join(","));
    const sockets = [
      // Its filter is kept outside its attachment.
      await subscribe(tenant, `/v1/stream?stations=${wide}`),
      await subscribe(tenant),
      await subscribe(tenant, "/v1/stations/a/stream"),
    ];
    const sse = (await tenant.events("/v1/stream")).text();
    await slow.received(1);

    let isOver = false;
    const late: number[] = [];
    const sending = ["a", "b", "new"].map(async (station) => {
      while (!isOver) {
        late.push((await tenant.send(path, webhook({ station }))).status);
        // Also those that are sent in one moment with others.
        await scheduler.wait(5);
      }
    });
    expect((await remove(tenant)).status).toBe(204);
    const afterRemoval = late.length;
    for (const { closed } of sockets) await expect.poll(() => closed.code).toBe(4003);
    expect(await sse).toContain("hello");
    const routes = [waiting.id, gated.id];
    const all = [...stations, "_account"];
    await expect
      .poll(() => remains(tenant, all, routes), { timeout: 30_000, interval: 250 })
      .toEqual([]);
    isOver = true;
    await Promise.all(sending);
    // What was on its way when it was removed may have been taken in, and is gone, too.
    expect(new Set(late.slice(afterRemoval + 3))).toEqual(new Set([404]));
    expect(await remains(tenant, all, routes)).toEqual([]);
    const sentCount = (await slow.requests()).length;
    await abortAllDurableObjects();
    for (const station of stations) {
      expect((await tenant.send(path, webhook({ station }))).status).toBe(404);
    }
    await expect.poll(() => remains(tenant, all, routes)).toEqual([]);
    expect(await slow.requests()).toHaveLength(sentCount);
    for (const read of ["/v1/settings", "/v1/events", "/v1/stations", "/v1/stream"]) {
      expect((await tenant.call("GET", read)).status).toBe(401);
    }
  });

  it("empties a station that the feed never heard of", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const object = () => env.STATION.getByName(stationName(tenant.id, "orphan"));
    const feed = env.FEED.getByName(feedName(tenant.id));
    const restore = await around(feed, "push", () => scheduler.wait(30_000));
    // It dies between its commit and its first push, and its sender never comes back.
    const sending = tenant.send(path, webhook({ station: "orphan" })).catch(() => null);
    await expect.poll(async () => (await object().read(0, 1)).seq).toBe(1);
    await abortAllDurableObjects();
    await sending;
    restore();
    await remove(tenant);
    expect(await runDurableObjectAlarm(object())).toBe(true);
    await expect.poll(() => remains(tenant, ["orphan"], []), { timeout: 15_000 }).toEqual([]);
  });
});

/** For who sees availability alone, as public maps do. */
const mapToken = (tenant: TestTenant) => tenant.token({ view: "state" });

const online = (station: string, createdAt = new Date().toISOString()) =>
  webhook({ type: "chargestation.online", data: { _id: station }, createdAt });

describe.each([
  [
    "DELETE /v1/stations/{id}",
    async (tenant: TestTenant) => {
      expect((await tenant.call("DELETE", "/v1/stations/cs1")).status).toBe(204);
    },
  ],
  [
    "chargestation.deleted",
    async (tenant: TestTenant, path: string) => {
      const deleted = webhook({ type: "chargestation.deleted", data: { _id: "cs1" } });
      expect((await tenant.send(path, deleted)).status).toBe(200);
    },
  ],
])("%s", (_name, removeStation) => {
  it("takes the station out of state, lists, snapshots and maps", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.send(path, online("cs1"));
    await tenant.send(path, online("cs2"));
    const map = await subscribe(tenant, "/v1/stream?from=snapshot", await mapToken(tenant));
    const own = await subscribe(tenant, "/v1/stations/cs1/stream", await mapToken(tenant));
    await expect.poll(() => map.frames.map(({ op }) => op)).toContain("snapshot");
    await removeStation(tenant, path);
    for (const { frames } of [map, own]) {
      await expect
        .poll(() => frames.filter(({ op }) => op === "state").at(-1))
        .toMatchObject({ stations: [{ station: "cs1", removed: true, connectors: [] }] });
    }
    for (const read of ["/v1/stations/cs1", "/v1/stations/cs1/events", "/v1/stations/cs1/stream"]) {
      expect((await tenant.call("GET", read)).status).toBe(404);
    }
    expect((await tenant.call("DELETE", "/v1/stations/cs1")).status).toBe(404);
    expect(await tenant.items("/v1/stations")).toMatchObject([{ station: "cs2" }]);
    const later = await subscribe(tenant, "/v1/stream?from=snapshot");
    await expect.poll(() => later.frames.at(-1)).toMatchObject({ op: "snapshot", done: true });
    expect(later.frames.at(-1)).toMatchObject({ stations: [{ station: "cs2" }] });
  });

  it("is not undone by an event from before, and is by one from after", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.send(path, online("cs1"));
    const before = new Date(Date.now() - 1_000).toISOString();
    await removeStation(tenant, path);
    expect((await tenant.send(path, online("cs1", before))).status).toBe(200);
    expect((await tenant.call("GET", "/v1/stations/cs1")).status).toBe(404);
    // The event itself is relayed like any other.
    expect(await tenant.items("/v1/events?station=cs1")).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ late: true })]),
    );
    await scheduler.wait(2);
    await tenant.send(path, online("cs1"));
    expect((await tenant.call("GET", "/v1/stations/cs1")).body).toMatchObject({ online: true });
  });

  it("leaves what is owed to routes to be delivered", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    const filter = { types: ["session.updated"] };
    const { id } = await tenant.route(receiver.url, { filter });
    await tenant.call("POST", `/v1/routes/${id}/pause`);
    for (let count = 0; count < 3; count += 1) await tenant.send(path, webhook({ station: "cs1" }));
    await removeStation(tenant, path);
    await abortAllDurableObjects();
    await tenant.call("POST", `/v1/routes/${id}/resume`);
    expect(seqsOf(await receiver.received(3))).toEqual([1, 2, 3]);
    expect((await tenant.call("GET", "/v1/stations/cs1")).status).toBe(404);
  });
});
