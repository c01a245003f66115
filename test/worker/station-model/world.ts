import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { expect } from "vitest";

import type { TestTenant } from "../../support/api.ts";
import type { Answer } from "../../support/receiver.ts";
import { type WebhookBody, webhook } from "../../support/webhooks.ts";
import { alarmInMs, around, grantProbe, healthOf, lanesOf, troubles } from "../outage-support.ts";
import { Receiver } from "../receiver.ts";
import { feedOf, newTenant, stationOf, tenantOf } from "../support.ts";

export const STATIONS = ["a", "b"];
/** Soon, so that a run does not wait for retries. */
const RETRY = { scheduleSeconds: Array.from({ length: 9 }, () => 1) };

type Fault = "lost call" | "lost answer";

/** The relay with one route, what was sent to it, and everything that can go wrong around it. */
export class World {
  readonly tenant: TestTenant;
  readonly receiver: Receiver;
  readonly routeId: string;
  readonly #path: string;
  readonly sent: WebhookBody[] = [];
  /** Ids that the relay has acknowledged. */
  readonly acknowledged = new Set<string>();
  #faults: Fault[] = [];
  /** Whether an attempt may have been cut off, so that the next may begin while it still goes on. */
  wasAborted = false;

  private constructor(tenant: TestTenant, path: string, receiver: Receiver, routeId: string) {
    this.tenant = tenant;
    this.#path = path;
    this.receiver = receiver;
    this.routeId = routeId;
  }

  static async open(): Promise<World> {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 200 });
    const { id } = await tenant.route(receiver.url, { retry: RETRY });
    const world = new World(tenant, path, receiver, id);
    await around(feedOf(tenant), "push", (real) => world.#push(real));
    return world;
  }

  /** New webhooks, all at once. Of one made `earlierMs` ago the time comes late. */
  async send(station: string, count: number, earlierMs: number): Promise<void> {
    const createdAt = new Date(Date.now() - earlierMs).toISOString();
    const fresh = Array.from({ length: count }, () => webhook({ station, createdAt }));
    this.sent.push(...fresh);
    await Promise.all(fresh.map((body) => this.#post(body)));
  }

  /** What was sent before, again; twice at once. */
  async sendAgain(place: number): Promise<void> {
    const body = this.sent[place % Math.max(1, this.sent.length)];
    if (body !== undefined) await Promise.all([this.#post(body), this.#post(body)]);
  }

  /** What eDRV does with what was not acknowledged. */
  async sendUnacknowledged(): Promise<void> {
    for (const body of this.sent) if (!this.acknowledged.has(body._id)) await this.#post(body);
  }

  failPushes(faults: readonly Fault[]): void {
    this.#faults = [...faults];
  }

  async answer(answers: readonly Answer[]): Promise<void> {
    await this.receiver.script(...answers);
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

  async act(action: "pause" | "resume"): Promise<void> {
    expectDoneOrBrokenOff((await this.#route("POST", `/${action}`)).status);
  }

  async retry(station: string): Promise<void> {
    // Nothing owed or paused is no failure of this.
    await this.#route("POST", `/lanes/${station}/retry`);
  }

  /** The route wants everything all the same, but it is a new version of it. */
  async changeRoute(types: readonly string[]): Promise<void> {
    expectDoneOrBrokenOff((await this.#route("PATCH", "", { filter: { types } })).status);
  }

  /** Everything is well again, and whatever is owed is made good. */
  async settle(): Promise<void> {
    this.#faults = [];
    await this.receiver.script({ status: 200 });
    expect((await this.#route("POST", "/resume")).status).toBe(200);
    await this.sendUnacknowledged();
    await expect
      .poll(() => this.#settleOnce(), { timeout: 60_000, interval: 200 })
      .toEqual(new Set(["idle"]));
  }

  /** A lane that owes something is known to whoever will wake it, at any time. */
  async lanesWithoutAnybody(): Promise<string[]> {
    const lanes = await lanesOf(this.tenant, this.routeId);
    const known = await troubles(this.tenant, this.routeId);
    const forgotten: string[] = [];
    for (const [station, status] of Object.entries(lanes)) {
      if (status === "idle" || known[station] !== undefined) continue;
      if ((await alarmInMs(stationOf(this.tenant, station))) === null) forgotten.push(station);
    }
    return forgotten;
  }

  async #settleOnce(): Promise<Set<string>> {
    if ((await healthOf(this.tenant, this.routeId)) === "failing") {
      await grantProbe(this.tenant, this.routeId);
    }
    // A push that failed is made again, and what it has to tell comes with it.
    for (const station of STATIONS) await this.ring(station);
    const lanes = await lanesOf(this.tenant, this.routeId);
    return new Set(["idle", ...Object.values(lanes)]);
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

  #route(method: string, path: string, body?: unknown) {
    return this.tenant.call(method, `/v1/routes/${this.routeId}${path}`, body);
  }

  #objectOf(object: string): DurableObjectStub {
    if (object === "feed") return feedOf(this.tenant);
    return object === "tenant" ? tenantOf(this.tenant) : stationOf(this.tenant, object);
  }
}

/** A call is broken off when an object that it asks is aborted. */
function expectDoneOrBrokenOff(status: number): void {
  expect([200, 500, 503]).toContain(status);
}

/** What a station's log holds, straight from storage. */
export function seqsStored(tenant: TestTenant, station: string): Promise<number[]> {
  return runInDurableObject(stationOf(tenant, station), (_instance, { storage }) =>
    storage.sql
      .exec<{ seq: number }>("SELECT seq FROM log ORDER BY seq")
      .toArray()
      .map(({ seq }) => seq),
  );
}
