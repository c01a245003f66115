import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { stationName } from "../../src/env.ts";
import { Database } from "../../src/store/database.ts";
import { putTrouble } from "../../src/store/health-store.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver, seqsOf } from "./receiver.ts";
import { newTenant } from "./support.ts";

afterEach(() => reset());

const Route = z.looseObject({ id: z.string(), troubledLanes: z.int() });
const Lane = z.looseObject({ station: z.string() });
const NEVER = { retry: { scheduleSeconds: [3600] } };

async function setUp(answers: Parameters<Receiver["script"]>, settings = {}) {
  const tenant = await newTenant();
  const { path } = await tenant.source();
  const receiver = await new Receiver().script(...answers);
  const { id: routeId } = await tenant.route(receiver.url, settings);
  const send = async (station = "cs1") => {
    const event = webhook({ station });
    expect((await tenant.send(path, event)).status).toBe(200);
    return event;
  };
  // The relay's own events have a lane, too; these tests are about stations.
  const lanes = async (query = "") => {
    const all = z.array(Lane).parse(await tenant.items(`/v1/routes/${routeId}/lanes${query}`));
    return all.filter(({ station }) => station !== "_account");
  };
  const act = (action: string, station = "cs1", key?: string) =>
    tenant.call("POST", `/v1/routes/${routeId}/lanes/${station}/${action}`, undefined, key);
  return { tenant, receiver, routeId, send, lanes, act };
}

async function readerKey(tenant: TestTenant): Promise<string> {
  const { body } = await tenant.call("POST", "/v1/keys", { name: "reader", role: "reader" });
  return z.object({ apiKey: z.string() }).parse(body).apiKey;
}

describe("GET /v1/routes/{id}/lanes", () => {
  it("shows where the route's lane of each station stands, by station", async () => {
    const { send, lanes, receiver } = await setUp([{ poison: "cs2" }], NEVER);
    await send("cs2");
    await send("cs1");
    await send("cs2");
    await receiver.received(2);
    await expect
      .poll(() => lanes())
      .toMatchObject([
        {
          station: "cs1",
          status: "idle",
          settledSeq: 1,
          behind: 0,
          deliveredSeq: 1,
          head: null,
          gap: null,
          lastAttempt: { seq: 1, class: "delivered", status: 200 },
        },
        {
          station: "cs2",
          status: "waiting",
          settledSeq: 0,
          behind: 2,
          deliveredSeq: null,
          head: { seq: 1, attempts: 1, nextAttemptAt: expect.any(String) },
          lastAttempt: { seq: 1, class: "trouble", status: 500 },
        },
      ]);
    expect(await lanes("?status=troubled")).toMatchObject([{ station: "cs2" }]);
  });

  it("counts those in trouble with each route, up to 1,000", async () => {
    const { tenant, routeId, send } = await setUp([{ poison: "cs2" }], NEVER);
    const { id: otherId } = await tenant.route((await new Receiver().script({})).url);
    for (const station of ["cs1", "cs2", "cs3"]) await send(station);
    const counts = async () => {
      const routes = z.array(Route).parse(await tenant.items("/v1/routes"));
      return new Map(routes.map(({ id, troubledLanes }) => [id, troubledLanes]));
    };
    await expect.poll(async () => (await counts()).get(routeId)).toBe(1);
    expect((await counts()).get(otherId)).toBe(0);
    await runInDurableObject(env.TENANT.getByName(tenant.id), (_instance, { storage }) => {
      for (let lane = 0; lane < 1_001; lane += 1) {
        putTrouble(new Database(storage), otherId, `cs${lane}`, "parked", true, Date.now());
      }
    });
    expect((await counts()).get(otherId)).toBe(1_000);
  });

  it("is paged by station", async () => {
    const { tenant, routeId, send } = await setUp([{}]);
    for (const station of ["c", "a", "b"]) await send(station);
    const page = await tenant.call("GET", `/v1/routes/${routeId}/lanes?limit=2`);
    expect(page.body).toMatchObject({ items: [{ station: "a" }, { station: "b" }], next: "b" });
    const rest = await tenant.call("GET", `/v1/routes/${routeId}/lanes?limit=2&after=b`);
    expect(rest.body).toMatchObject({ items: [{ station: "c" }], next: null });
  });

  it("answers 404 for a route of another tenant, 400 for an unknown status", async () => {
    const { tenant, routeId } = await setUp([{}]);
    const other = await newTenant();
    expect((await other.call("GET", `/v1/routes/${routeId}/lanes`)).status).toBe(404);
    expect((await other.call("GET", `/v1/routes/${routeId}/lanes?status=troubled`)).status).toBe(
      404,
    );
    expect((await tenant.call("GET", `/v1/routes/${routeId}/lanes?status=sad`)).status).toBe(400);
  });
});

describe("POST /v1/routes/{id}/lanes/{station}/retry", () => {
  it("tries the head now, and what is behind it follows", async () => {
    const { send, act, receiver, tenant, routeId } = await setUp([{ status: 500 }, {}], NEVER);
    await send();
    await send();
    await receiver.received(1);
    expect(await act("retry")).toMatchObject({ status: 200, body: { station: "cs1" } });
    expect(seqsOf(await receiver.received(3))).toEqual([1, 1, 2]);
    expect(await tenant.items("/v1/audit")).toMatchObject([
      { action: "lane.retried", target: routeId, detail: { station: "cs1" } },
      { action: "route.created" },
      { action: "source.created" },
    ]);
  });

  it("leaves a parked lane parked when its head fails again", async () => {
    const { send, act, receiver, lanes } = await setUp([{ status: 422 }], { onExhausted: "park" });
    await send();
    await expect.poll(() => lanes()).toMatchObject([{ status: "parked" }]);
    expect((await receiver.requests()).length).toBe(2);
    await act("retry");
    await receiver.received(3);
    await expect.poll(() => lanes()).toMatchObject([{ status: "parked", head: { attempts: 3 } }]);
  });
});

describe("POST /v1/routes/{id}/lanes/{station}/skip", () => {
  it("gives the head up: a dead letter, and a gap with the next delivery", async () => {
    const { send, act, receiver, tenant, routeId } = await setUp(
      [{ status: 500, body: "no" }, {}],
      NEVER,
    );
    const skipped = await send();
    await send();
    await receiver.received(1);
    expect((await act("skip")).status).toBe(200);
    const received = await receiver.received(2);
    expect(received[1]?.headers).toMatchObject({ "chargewire-seq": "2", "chargewire-gap": "1-1" });
    expect(await tenant.items(`/v1/routes/${routeId}/dead-letters`)).toMatchObject([
      {
        event: skipped._id,
        seq: 1,
        attempts: 1,
        lastAnswer: "skipped after HTTP 500",
        snippet: "no",
      },
    ]);
    expect(await tenant.items("/v1/audit?limit=1")).toMatchObject([{ action: "lane.skipped" }]);
  });

  it("keeps the skipped event where the route drops what is exhausted", async () => {
    const { send, act, receiver, tenant, routeId } = await setUp([{ status: 500 }, {}], {
      ...NEVER,
      onExhausted: "drop",
    });
    await send();
    await receiver.received(1);
    await act("skip");
    expect(await tenant.items(`/v1/routes/${routeId}/dead-letters`)).toHaveLength(1);
  });

  it("waits for the attempt that is on its way, and gives up what that did not deliver", async () => {
    const { send, act, receiver, tenant, routeId } = await setUp([{ fault: "hang" }, {}], {
      timeoutMs: 1_000,
      ...NEVER,
    });
    await send();
    await send();
    await receiver.received(1);
    expect((await act("skip")).status).toBe(200);
    expect(seqsOf(await receiver.received(2))).toEqual([1, 2]);
    expect(await tenant.items(`/v1/routes/${routeId}/dead-letters`)).toMatchObject([{ seq: 1 }]);
  });

  it("works while the route is paused", async () => {
    const { send, act, receiver, tenant, routeId, lanes } = await setUp([{}]);
    await tenant.call("POST", `/v1/routes/${routeId}/pause`);
    await send();
    await send();
    await expect.poll(() => lanes()).toMatchObject([{ status: "blocked" }]);
    expect((await act("skip")).status).toBe(200);
    await tenant.call("POST", `/v1/routes/${routeId}/resume`);
    expect(seqsOf(await receiver.received(1))).toEqual([2]);
  });
});

describe("POST /v1/routes/{id}/lanes/{station}/resume", () => {
  it("ends parking: the head has all its tries again", async () => {
    const { send, act, receiver, tenant, lanes } = await setUp(
      [{ status: 422 }, { status: 422 }, { status: 422 }, {}],
      { onExhausted: "park" },
    );
    await send();
    await send();
    await expect.poll(() => lanes()).toMatchObject([{ status: "parked", behind: 2 }]);
    expect(await lanes("?status=troubled")).toHaveLength(1);
    expect((await act("resume")).status).toBe(200);
    expect(seqsOf(await receiver.received(5))).toEqual([1, 1, 1, 1, 2]);
    await expect.poll(() => lanes("?status=troubled")).toEqual([]);
    expect(await tenant.items("/v1/audit?limit=1")).toMatchObject([{ action: "lane.resumed" }]);
  });
});

describe.each(["retry", "skip", "resume"])("POST /v1/routes/{id}/lanes/{station}/%s", (action) => {
  it("refuses what it cannot do, and whom it may not obey", async () => {
    const { tenant, send, act, routeId } = await setUp([{}]);
    await send();
    await expect.poll(async () => (await act(action)).status).toBe(409);
    expect((await act(action, "unknown")).status).toBe(404);
    expect((await act(action, "a%2Fb")).status).toBe(404);
    const nowhere = `/v1/routes/rt_none/lanes/cs1/${action}`;
    expect((await tenant.call("POST", nowhere)).status).toBe(404);
    expect((await act(action, "cs1", await readerKey(tenant))).status).toBe(403);
    const other = await newTenant();
    const theirs = `/v1/routes/${routeId}/lanes/cs1/${action}`;
    expect((await other.call("POST", theirs)).status).toBe(404);
  });
});

describe("GET /v1/stations/{id}/deliveries", () => {
  it("lists every attempt, newest first, with what was answered", async () => {
    const { tenant, send, receiver, routeId } = await setUp(
      [{ status: 500, body: "down" }, { status: 422, body: "x".repeat(2000) }, { status: 204 }],
      { retry: { scheduleSeconds: [0.05] } },
    );
    const event = await send();
    await receiver.received(3);
    const deliveries = () => tenant.items("/v1/stations/cs1/deliveries");
    await expect.poll(async () => (await deliveries()).length).toBe(3);
    const common = { route: routeId, seq: 1, event: event._id, type: event.type, replay: null };
    expect(await deliveries()).toMatchObject([
      { ...common, attempt: 3, class: "delivered", status: 204, snippet: "" },
      { ...common, attempt: 2, class: "refused", status: 422, snippet: "x".repeat(1024) },
      { ...common, attempt: 1, class: "trouble", status: 500, error: null, snippet: "down" },
    ]);
  });

  it("survives a restart, and can be paged and narrowed to a route", async () => {
    const { tenant, send, receiver, routeId } = await setUp([{}]);
    const second = new Receiver();
    const other = await tenant.route(second.url);
    for (let i = 0; i < 3; i += 1) await send();
    await receiver.received(3);
    await second.received(3);
    const list = (query = "") => tenant.items(`/v1/stations/cs1/deliveries${query}`);
    await expect.poll(async () => (await list()).length).toBe(6);
    const all = await list();
    await evictDurableObject(env.STATION.getByName(stationName(tenant.id, "cs1")));
    expect(await list()).toEqual(all);
    const pages: unknown[] = [];
    for (let next: string | null = ""; next !== null; ) {
      const query = next === "" ? "?limit=4" : `?limit=4&after=${next}`;
      const { body } = await tenant.call("GET", `/v1/stations/cs1/deliveries${query}`);
      const page = Page.parse(body);
      pages.push(...page.items);
      next = page.next;
    }
    expect(pages).toEqual(all);
    expect(await list(`?route=${other.id}`)).toHaveLength(3);
    expect(await list(`?route=${routeId}`)).toHaveLength(3);
    expect(await list("?route=rt_none")).toEqual([]);
  });

  it("answers 404 for an unknown station and creates nothing, 400 for an unreadable place", async () => {
    const { tenant, send } = await setUp([{}]);
    await send();
    const status = async (path: string) => (await tenant.call("GET", path)).status;
    expect(await status("/v1/stations/unknown/deliveries")).toBe(404);
    expect(await status("/v1/stations/cs1/deliveries?after=yesterday")).toBe(400);
    const stored = await runInDurableObject(
      env.STATION.getByName(stationName(tenant.id, "unknown")),
      (_instance, { storage }) => storage.sql.databaseSize,
    );
    expect(stored).toBe(await emptySize());
  });
});

const Page = z.object({ items: z.array(z.unknown()), next: z.string().nullable() });

const emptySize = () =>
  runInDurableObject(
    env.STATION.getByName("nobody/nothing"),
    (_instance, { storage }) => storage.sql.databaseSize,
  );
