import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, onTestFinished } from "vitest";
import * as z from "zod";

import type { TestTenant } from "../support/api.ts";
import type { Answer } from "../support/receiver.ts";
import { webhook } from "../support/webhooks.ts";
import { type Received, Receiver } from "./receiver.ts";
import { newTenant, tenantOf } from "./support.ts";

/** Stations enough to open a breaker, when each of them fails once. */
export const FIVE = ["a", "b", "c", "d", "e"];

/** A tenant with one route, to a destination that answers as told. */
export async function setUpRoute(answers: readonly Answer[], settings = {}) {
  const tenant = await newTenant();
  const { path } = await tenant.source();
  const receiver = await new Receiver().script(...answers);
  const { id: routeId } = await tenant.route(receiver.url, settings);
  const send = (station: string) => sendOne(tenant, path, station);
  return { tenant, path, receiver, routeId, send };
}

/** The same, with the destination down and the breaker open: lanes of {@link FIVE} are held. */
export async function setUpOutage() {
  const setting = await setUpRoute([{ status: 503 }]);
  const { tenant, routeId, send } = setting;
  for (const station of FIVE) await send(station);
  await expect.poll(() => healthOf(tenant, routeId)).toBe("failing");
  return setting;
}

/** The same, with the destination well again, but for a lane that is parked at its head. */
export async function setUpParked() {
  const setting = await setUpRoute([{ status: 422 }], { onExhausted: "park" });
  const { tenant, routeId, send } = setting;
  await send("bad");
  await expect.poll(() => lanesOf(tenant, routeId)).toEqual({ bad: "parked" });
  return setting;
}

export async function sendOne(tenant: TestTenant, path: string, station: string): Promise<void> {
  expect((await tenant.send(path, webhook({ station }))).status).toBe(200);
}

export function times<T>(count: number, ...values: T[]): T[] {
  return Array.from({ length: count }, () => values).flat();
}

export const ofStation = (received: Received, station: string) =>
  received.filter(({ headers }) => headers["chargewire-station"] === station);

/** Stations that the destination has heard of, after its first `from` requests, by name. */
export async function stationsHeard(receiver: Receiver, from: number): Promise<string[]> {
  const received = (await receiver.requests()).slice(from);
  return [...new Set(received.map(({ headers }) => String(headers["chargewire-station"])))].sort();
}

export const countOf = async (receiver: Receiver) => (await receiver.requests()).length;

const RouteBody = z.object({
  health: z.string(),
  trouble: z.looseObject({ nextProbeAt: z.string().nullable() }).nullable(),
});

export async function routeOf(tenant: TestTenant, id: string): Promise<z.infer<typeof RouteBody>> {
  return RouteBody.parse((await tenant.call("GET", `/v1/routes/${id}`)).body);
}

export const healthOf = async (tenant: TestTenant, routeId: string) =>
  (await routeOf(tenant, routeId)).health;

export const deadLetters = (tenant: TestTenant, routeId: string) =>
  tenant.items(`/v1/routes/${routeId}/dead-letters`);

const Lane = z.looseObject({
  station: z.string(),
  status: z.string(),
  head: z.object({ attempts: z.number() }).nullable(),
});

/** The status of a route's lane at each station that events came from. */
export async function lanesOf(
  tenant: TestTenant,
  routeId: string,
  query = "",
): Promise<Record<string, string>> {
  const lanes = z.array(Lane).parse(await tenant.items(`/v1/routes/${routeId}/lanes${query}`));
  // The relay's own events have a lane, too.
  const ofStations = lanes.filter(({ station }) => station !== "_account");
  return Object.fromEntries(ofStations.map(({ station, status }) => [station, status]));
}

/** Attempts that a lane has made at its head and settled. */
export async function attemptsOf(
  tenant: TestTenant,
  routeId: string,
  station: string,
): Promise<number> {
  const lanes = z.array(Lane).parse(await tenant.items(`/v1/routes/${routeId}/lanes`));
  return lanes.find((lane) => lane.station === station)?.head?.attempts ?? 0;
}

export const blocked = (stations: readonly string[]) =>
  Object.fromEntries(stations.map((station) => [station, "blocked"]));

/** What the tenant knows of a route's lanes in trouble, by station. */
export function troubles(tenant: TestTenant, routeId: string): Promise<Record<string, string>> {
  return runInDurableObject(tenantOf(tenant), (_instance, { storage }) => {
    const query = "SELECT station, kind FROM troubled_lanes WHERE route_id = ?";
    const rows = storage.sql.exec<{ station: string; kind: string }>(query, routeId).toArray();
    return Object.fromEntries(rows.map(({ station, kind }) => [station, kind]));
  });
}

/** Has every other lane probed before this one. */
export function probeLast(tenant: TestTenant, station: string): Promise<void> {
  return runInDurableObject(tenantOf(tenant), (_instance, { storage }) => {
    const query = "UPDATE troubled_lanes SET tried_ms = iif(station = ?, ?, 0)";
    storage.sql.exec(query, station, Date.now());
  });
}

/** Rewrites a breaker as stored, and has the tenant read it anew: so that time passes at once. */
export async function rewriteBreaker(
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

/** Lets the time of the next probe come. */
export async function grantProbe(tenant: TestTenant, routeId: string): Promise<void> {
  await rewriteBreaker(tenant, routeId, { nextProbeMs: 0 });
  await runDurableObjectAlarm(tenantOf(tenant));
}

/** Lets the time of the next probe come, and waits for the attempt. */
export async function probeNow(
  tenant: TestTenant,
  routeId: string,
  receiver: Receiver,
): Promise<void> {
  const before = await countOf(receiver);
  await grantProbe(tenant, routeId);
  await receiver.received(before + 1);
}

/** In how many milliseconds the object's alarm rings, or null. */
export const alarmInMs = (object: DurableObjectStub): Promise<number | null> =>
  runInDurableObject(object, async (_instance, { storage }) => {
    const atMs = await storage.getAlarm();
    return atMs === null ? null : atMs - Date.now();
  });

const Opened = z.object({ ctx: z.object({ id: z.object({ name: z.string() }) }) });

/**
 * Puts something around a method of an object, for those that call it, until the test has ended
 * or what this resolves to is called.
 */
export async function around<T extends Rpc.DurableObjectBranded>(
  object: DurableObjectStub<T>,
  method: keyof T & string,
  wrap: (real: () => Promise<unknown>, ...input: unknown[]) => Promise<unknown>,
): Promise<() => void> {
  let restore = () => {};
  await runInDurableObject(object, (instance: object) => {
    // Callers reach what an object has of its class, not what it has of its own.
    let owner: object = Object.getPrototypeOf(instance);
    while (!Object.hasOwn(owner, method)) owner = Object.getPrototypeOf(owner);
    const real: unknown = Reflect.get(owner, method);
    if (typeof real !== "function") throw new Error(`${method} is no method`);
    const put = (value: unknown) => {
      Object.defineProperty(owner, method, { configurable: true, writable: true, value });
    };
    put(function (this: unknown, ...input: unknown[]) {
      const call = async (): Promise<unknown> => Reflect.apply(real, this, input);
      return Opened.parse(this).ctx.id.name === object.name ? wrap(call, ...input) : call();
    });
    restore = () => put(real);
  });
  onTestFinished(() => restore());
  return restore;
}
