import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { expect } from "vitest";

import type { Answer as ApiAnswer, TestTenant } from "../../support/api.ts";
import type { Answer } from "../../support/receiver.ts";
import { type WebhookBody, webhook } from "../../support/webhooks.ts";
import { alarmInMs, around, grantProbe, healthOf, lanesOf, troubles } from "../outage-support.ts";
import { Receiver } from "../receiver.ts";
import { feedOf, newTenant, stationOf, tenantOf } from "../support.ts";
import { cancelReplays } from "./people.ts";

export const STATIONS = ["a", "b"];
/** Soon, so that a run does not wait for retries. */
const PATIENT: Policy = {
  scheduleSeconds: Array.from({ length: 9 }, () => 1),
  onExhausted: "park",
};
/** No answer is late on a machine that is slow. */
const TIMEOUT_MS = 30_000;
const CONNECTOR = { type: "connector.updated", object: "connector" };

/** What the main route does with an event that its destination does not take. */
export interface Policy {
  readonly scheduleSeconds: readonly number[];
  readonly onExhausted: "dead_letter" | "park";
}

type Fault = "lost call" | "lost answer";

interface Route {
  readonly routeId: string;
  readonly receiver: Receiver;
}

/** A route as the checks know it. */
export interface Destination extends Route {
  /** Whether events of a type are for it; null when they were at times. */
  readonly wants: (type: string) => boolean | null;
}

/**
 * The relay with a route that has to put up with everything and a quiet one beside it, what was
 * sent to it, and everything that can go wrong around it. What persons do is in people.ts.
 */
export class World {
  readonly tenant: TestTenant;
  readonly main: Destination;
  readonly quiet: Destination;
  readonly #path: string;
  readonly sent: { readonly station: string; readonly body: WebhookBody }[] = [];
  /** Ids that the relay has acknowledged. */
  readonly acknowledged = new Set<string>();
  /** Events, as `<station> <seq>`, that were seen among the main route's dead letters. */
  readonly givenUp = new Set<string>();
  #faults: Fault[] = [];
  /** Whether an attempt may have been cut off, so that the next may begin while it still goes on. */
  wasAborted = false;
  /** Whether the main route's filter was another at any time. */
  wasChanged = false;

  private constructor(tenant: TestTenant, path: string, main: Route, quiet: Route) {
    this.tenant = tenant;
    this.#path = path;
    const isSession = (type: string) => type.startsWith("session.");
    const wants = (type: string) => isSession(type) || (this.wasChanged ? null : true);
    this.main = { ...main, wants };
    this.quiet = { ...quiet, wants: (type) => !isSession(type) };
  }

  static async open(policy = PATIENT): Promise<World> {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const main = await openRoute(tenant, ["*"], policy);
    const world = new World(tenant, path, main, await openRoute(tenant, ["connector.*"], PATIENT));
    await around(feedOf(tenant), "push", (real) => world.#push(real));
    return world;
  }

  /** New webhooks, all at once. Of one made `earlierMs` ago the time comes late. */
  async send(station: string, count: number, earlierMs: number, ofConnector = false) {
    const createdAt = new Date(Date.now() - earlierMs).toISOString();
    const kind = ofConnector ? CONNECTOR : {};
    const fresh = Array.from({ length: count }, () => webhook({ station, createdAt, ...kind }));
    this.sent.push(...fresh.map((body) => ({ station, body })));
    await Promise.all(fresh.map((body) => this.#post(body)));
  }

  /** What was sent before, again; twice at once. */
  async sendAgain(place: number): Promise<void> {
    const again = this.sent[place % Math.max(1, this.sent.length)];
    if (again !== undefined) await Promise.all([this.#post(again.body), this.#post(again.body)]);
  }

  failPushes(faults: readonly Fault[]): void {
    this.#faults = [...faults];
  }

  /** What the main destination answers from now on; the last goes on for ever. */
  async answer(answers: readonly Answer[]): Promise<void> {
    await this.main.receiver.script(...answers);
  }

  async ring(station: string): Promise<void> {
    await runDurableObjectAlarm(stationOf(this.tenant, station));
  }

  async evict(object: string): Promise<void> {
    this.wasAborted = true;
    await evictDurableObject(this.#objectOf(object)).catch(() => {});
  }

  async abort(): Promise<void> {
    this.wasAborted = true;
    await abortAllDurableObjects();
  }

  /** A call of the management API about the main route. */
  route(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    return this.tenant.call(method, `/v1/routes/${this.main.routeId}${path}`, body);
  }

  /** Everything is well again, and whatever is owed is made good. */
  async settle(): Promise<void> {
    this.#faults = [];
    await this.answer([{ status: 200 }]);
    await cancelReplays(this);
    expect((await this.route("POST", "/resume")).status).toBe(200);
    // What eDRV does with what was not acknowledged.
    for (const { body } of this.sent) {
      if (!this.acknowledged.has(body._id)) await this.#post(body);
    }
    await expect
      .poll(() => this.#settleOnce(), { timeout: 60_000, interval: 200 })
      .toEqual(new Set(["idle"]));
  }

  /** A lane that owes something is known to whoever will wake it, at any time. */
  async lanesWithoutAnybody(): Promise<string[]> {
    const forgotten: string[] = [];
    for (const { routeId } of [this.main, this.quiet]) {
      const lanes = await lanesOf(this.tenant, routeId);
      const known = await troubles(this.tenant, routeId);
      for (const [station, status] of Object.entries(lanes)) {
        if (status === "idle" || known[station] !== undefined) continue;
        const alarm = await alarmInMs(stationOf(this.tenant, station));
        if (alarm === null) forgotten.push(`${routeId} ${station}`);
      }
    }
    return forgotten;
  }

  async #settleOnce(): Promise<Set<string>> {
    const { routeId } = this.main;
    if ((await healthOf(this.tenant, routeId)) === "failing") {
      await grantProbe(this.tenant, routeId);
    }
    // A push that failed is made again, and what it has to tell comes with it.
    for (const station of STATIONS) await this.ring(station);
    const lanes = await lanesOf(this.tenant, routeId);
    for (const [station, status] of Object.entries(lanes)) {
      if (status === "parked") await this.route("POST", `/lanes/${station}/resume`);
    }
    const quiet = await lanesOf(this.tenant, this.quiet.routeId);
    return new Set(["idle", ...Object.values(lanes), ...Object.values(quiet)]);
  }

  async #push(real: () => Promise<unknown>): Promise<unknown> {
    const fault = this.#faults.shift();
    if (fault === "lost call") throw new Error("lost before it came");
    const answer = await real();
    if (fault === "lost answer") throw new Error("lost on its way back");
    return answer;
  }

  async #post(body: WebhookBody): Promise<void> {
    const response = await this.tenant.send(this.#path, body);
    await response.body?.cancel();
    if (response.status === 200) this.acknowledged.add(body._id);
    else expect(response.status).toBe(503);
  }

  #objectOf(object: string): DurableObjectStub {
    if (object === "feed") return feedOf(this.tenant);
    return object === "tenant" ? tenantOf(this.tenant) : stationOf(this.tenant, object);
  }
}

async function openRoute(
  tenant: TestTenant,
  types: readonly string[],
  { scheduleSeconds, onExhausted }: Policy,
): Promise<Route> {
  const receiver = await new Receiver().script({ status: 200 });
  const settings = { filter: { types }, retry: { scheduleSeconds }, onExhausted };
  const { id } = await tenant.route(receiver.url, { ...settings, timeoutMs: TIMEOUT_MS });
  return { routeId: id, receiver };
}

/** What a station's log holds, straight from storage. */
export function storedAt(
  tenant: TestTenant,
  station: string,
): Promise<{ seq: number; id: string }[]> {
  return runInDurableObject(stationOf(tenant, station), (_instance, { storage }) => {
    // A station that took nothing in yet has no tables.
    const tables = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'log'").toArray();
    if (tables.length === 0) return [];
    const query = "SELECT seq, event_id AS id FROM log ORDER BY seq";
    return storage.sql.exec<{ seq: number; id: string }>(query).toArray();
  });
}
