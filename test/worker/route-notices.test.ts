import {
  abortAllDurableObjects,
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { stationName } from "../../src/env.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver, seqsOf } from "./receiver.ts";
import { eventsOf, newTenant, subscribe } from "./support.ts";

afterEach(() => reset());

const ONCE = { retry: { scheduleSeconds: [] } };

async function setUp(answers: Parameters<Receiver["script"]>, settings = {}) {
  const tenant = await newTenant();
  const { path } = await tenant.source();
  const receiver = await new Receiver().script(...answers);
  const { id: route } = await tenant.route(receiver.url, settings);
  const send = async (station = "cs1") => {
    const event = webhook({ station });
    expect((await tenant.send(path, event)).status).toBe(200);
    return event;
  };
  return { tenant, receiver, route, send };
}

const Told = z.object({
  type: z.string(),
  class: z.string(),
  station: z.string(),
  source: z.string(),
  body: z.object({ data: z.looseObject({ route: z.string(), count: z.number() }) }),
});

/** What the relay has told of itself, oldest first: type and facts. */
async function toldBy(tenant: TestTenant) {
  const told = z.array(Told).parse(await tenant.items("/v1/events?types=relay.*"));
  for (const event of told) {
    expect(event).toMatchObject({ class: "relay", station: "_account", source: "relay" });
  }
  return told.map(({ type, body: { data } }) => ({ ...data, type }));
}

describe("a route in trouble", () => {
  it("is told of when its breaker opens, and when it has recovered", async () => {
    const answers = Array.from({ length: 5 }, () => ({ status: 503 }));
    const { tenant, route, send } = await setUp([...answers, {}]);
    const subscriber = await subscribe(tenant, "/v1/stream?types=relay.route.*");
    for (const station of ["a", "b", "c", "d", "e"]) await send(station);
    await expect
      .poll(() => toldBy(tenant))
      .toMatchObject([
        {
          type: "relay.route.failing",
          route,
          count: 1,
          name: "receiver",
          lastAnswer: "HTTP 503",
          failingSince: expect.any(String),
          disabledAt: expect.any(String),
        },
      ]);
    await tenant.call("POST", `/v1/routes/${route}/lanes/a/retry`);
    await expect
      .poll(() => eventsOf(subscriber.frames).map(({ type }) => type))
      .toEqual(["relay.route.failing", "relay.route.recovered"]);
  });

  it("is told of once more a day before it is disabled, and then", async () => {
    const { tenant, route, send, receiver } = await setUp([{ status: 503 }]);
    for (const station of ["a", "b", "c", "d", "e"]) await send(station);
    const failing = { type: "relay.route.failing", route, count: 1 };
    await expect.poll(() => toldBy(tenant)).toMatchObject([failing]);
    const failAgainAfter = async (days: number) => {
      const before = (await receiver.requests()).length;
      await failFor(tenant, days);
      await runDurableObjectAlarm(env.TENANT.getByName(tenant.id));
      await receiver.received(before + 1);
    };
    await failAgainAfter(4);
    await expect.poll(() => toldBy(tenant)).toMatchObject([failing, failing]);
    await failAgainAfter(5);
    const disabled = { type: "relay.route.disabled", route, reason: "failing for five days" };
    await expect.poll(() => toldBy(tenant)).toMatchObject([failing, failing, disabled]);
  });

  it("is told of when a 410 disables it", async () => {
    const { tenant, route, send } = await setUp([{ status: 410 }]);
    await send();
    await expect
      .poll(() => toldBy(tenant))
      .toMatchObject([{ type: "relay.route.disabled", route, reason: "HTTP 410" }]);
    expect(await tenant.items("/v1/audit?limit=1")).toMatchObject([
      { action: "route.disabled", key: null, target: route },
    ]);
  });
});

describe("a lane in trouble", () => {
  it("is told of with the event that became a dead letter, and the gap it leaves", async () => {
    const { tenant, route, send } = await setUp([{ status: 500 }, {}], ONCE);
    const event = await send();
    const lane = { route, station: "cs1", count: 1 };
    await expect
      .poll(() => toldBy(tenant))
      .toMatchObject([
        {
          type: "relay.event.dead_lettered",
          ...lane,
          event: event._id,
          seq: 1,
          attempts: 1,
          lastAnswer: "HTTP 500",
          reason: "exhausted",
        },
        { type: "relay.lane.gap", ...lane, first: 1, last: 1, reason: "exhausted" },
      ]);
  });

  it("is told of with the gap alone where the route drops what is exhausted", async () => {
    const settings = { ...ONCE, onExhausted: "drop" };
    const { tenant, route, send, receiver } = await setUp([{ status: 500 }, {}], settings);
    await send();
    await send();
    const gap = { type: "relay.lane.gap", route, first: 1, last: 1, reason: "dropped" };
    await expect.poll(() => toldBy(tenant)).toMatchObject([gap]);
    expect((await receiver.nth(2)).headers["chargewire-gap"]).toBe("1-1");
    expect(await tenant.items(`/v1/routes/${route}/dead-letters`)).toEqual([]);
  });

  it("is told of when it is parked", async () => {
    const settings = { ...ONCE, onExhausted: "park" };
    const { tenant, route, send } = await setUp([{ status: 500 }], settings);
    await send();
    await expect
      .poll(() => toldBy(tenant))
      .toMatchObject([{ type: "relay.lane.parked", route, station: "cs1", seq: 1, attempts: 1 }]);
  });

  it("is told of when its station's log has let go of what it was to deliver", async () => {
    const { tenant, route, send, receiver } = await setUp([{}]);
    await tenant.call("POST", `/v1/routes/${route}/pause`);
    for (let i = 0; i < 5; i += 1) await send();
    await forgetBefore(tenant, 4);
    await tenant.call("POST", `/v1/routes/${route}/resume`);
    const received = await receiver.received(2);
    expect(seqsOf(received)).toEqual([4, 5]);
    expect(received[0]?.headers["chargewire-gap"]).toBe("1-3");
    const gap = {
      type: "relay.lane.gap",
      route,
      station: "cs1",
      first: 1,
      last: 3,
      reason: "lost",
    };
    await expect.poll(() => toldBy(tenant)).toMatchObject([gap]);
  });
});

describe("the relay's own events", () => {
  it("never reach the route that they are about", async () => {
    const { tenant, route, send, receiver } = await setUp([{ status: 410 }]);
    const other = new Receiver();
    await tenant.route(other.url);
    await send();
    const received = await other.received(2);
    expect(received.map(({ headers }) => headers["chargewire-type"]).sort()).toEqual([
      "relay.route.disabled",
      "session.updated",
    ]);
    await receiver.script({});
    await tenant.call("POST", `/v1/routes/${route}/resume`);
    await send();
    expect(seqsOf(await receiver.received(3))).toEqual([1, 1, 2]);
  });

  it("come to an end between two routes that refuse everything", async () => {
    const { tenant, route, send, receiver } = await setUp([{ status: 422 }]);
    const other = await new Receiver().script({ status: 422 });
    const { id: second } = await tenant.route(other.url);
    await send();
    const lanesOf = (id: string) => tenant.items(`/v1/routes/${id}/lanes`);
    const idle = [
      { station: "_account", status: "idle" },
      { station: "cs1", status: "idle" },
    ];
    // Each refuses the event and two notices about the other, twice each.
    for (const destination of [receiver, other]) {
      expect(await destination.received(6)).toHaveLength(6);
    }
    await expect.poll(() => lanesOf(route)).toMatchObject(idle);
    await expect.poll(() => lanesOf(second)).toMatchObject(idle);
    expect(
      (await toldBy(tenant)).map(({ type, route: about }) => `${type} ${about}`).sort(),
    ).toEqual(
      [route, second]
        .flatMap((id) => [`relay.event.dead_lettered ${id}`, `relay.lane.gap ${id}`])
        .sort(),
    );
    expect(await tenant.items(`/v1/routes/${route}/dead-letters`)).toHaveLength(3);
    expect((await receiver.requests()).length + (await other.requests()).length).toBe(12);
  });
});

/** As if the route had been failing for so many days, and the last notice long been sent. */
async function failFor(tenant: TestTenant, days: number): Promise<void> {
  await runInDurableObject(env.TENANT.getByName(tenant.id), (_instance, { storage }) => {
    const change = { failingSinceMs: Date.now() - days * 86_400_000, nextProbeMs: 0 };
    storage.sql.exec(
      "UPDATE route_health SET breaker = json_patch(breaker, ?)",
      JSON.stringify(change),
    );
    storage.sql.exec("UPDATE notices SET sent_ms = sent_ms - 600000");
  });
  await evictDurableObject(env.TENANT.getByName(tenant.id));
}

/** As if the log had wrapped: the station has nothing before `oldest` any more. */
async function forgetBefore(tenant: TestTenant, oldest: number): Promise<void> {
  const station = env.STATION.getByName(stationName(tenant.id, "cs1"));
  await runInDurableObject(station, (_instance, { storage }) => {
    storage.sql.exec("UPDATE log SET head = json_set(head, '$.oldest', ?)", oldest);
    storage.sql.exec("DELETE FROM log WHERE seq < ?", oldest);
  });
  await abortAllDurableObjects();
}
