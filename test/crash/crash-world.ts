import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";

import { Api, NewRoute, Source, Tenant } from "../../cli/relay/api.ts";
import type { Account } from "../../cli/relay/ledger.ts";
import { Places } from "../../cli/relay/places.ts";
import type { Receiver } from "../../cli/relay/receiver.ts";
import { createRandom, mixSeed } from "../../cli/simulator/random.ts";
import { Destination, type Mood } from "./destination.ts";
import { RoutePlace } from "./route-place.ts";

export const SECRET = "secret-of-the-crash-test";
/** Soon, and then so often that nothing is given up. */
const RETRY = { scheduleSeconds: [0.05, 0.1, 0.2, 0.5, ...Array.from({ length: 16 }, () => 1)] };
const LOOK_INTERVAL_MS = 50;
/** Longer than anything by which the relay comes back to what it owes. */
const STALLED_MS = 60_000;

/** What the destinations are in: that of everything, that of sessions, and that behind a gate. */
export type Moods = readonly [all: Mood, sessions: Mood, gated: Mood];

/** A tenant, its subscribers and its destinations, which outlive each process of the relay. */
export class CrashWorld {
  readonly places: Places;
  readonly api: Api;
  readonly #all: Destination;
  readonly #sessions: RoutePlace;
  readonly #gated: RoutePlace;
  #routeIds: readonly string[] = [];

  private constructor(relayUrl: string, apiKey: string, seed: number) {
    const random = (stream: number) => createRandom(mixSeed(seed, stream));
    this.api = new Api(relayUrl, apiKey);
    this.#all = new Destination(random(1));
    this.#sessions = new RoutePlace("route, sessions", "session.", random(2));
    this.#gated = new RoutePlace("route, gated", "chargestation.", random(3));
    const { reply } = this.#all;
    this.places = new Places({ relayUrl, apiKey, random: random(4), reply });
  }

  /** Resolves, when the subscribers are there, to the world and the path of its source. */
  static async open(
    relay: { readonly url: string; readonly operatorKey: string },
    seed: number,
  ): Promise<{ world: CrashWorld; ingestPath: string }> {
    const operator = new Api(relay.url, relay.operatorKey);
    const { apiKey } = await operator.post("/v1/tenants", { name: "Crashes" }, Tenant);
    const world = new CrashWorld(relay.url, apiKey, seed);
    const { ingestPath } = await world.#setUp();
    return { world, ingestPath };
  }

  feel([all, sessions, gated]: Moods): void {
    this.#all.mood = all;
    this.#sessions.destination.mood = sessions;
    this.#gated.destination.mood = gated;
  }

  /** Acknowledged events that no destination has taken yet, by route. */
  get owed(): readonly number[] {
    const { sent } = this.places;
    const routes = [this.#sessions, this.#gated];
    return [
      sent.size - this.places.deliveredCount,
      ...routes.map((route) => route.expected(sent).size - route.receivedCount),
    ];
  }

  /** Returns when nothing is missing anywhere, or when nothing has moved for too long. */
  async untilArrived(signal: AbortSignal): Promise<void> {
    let received = -1;
    let movedMs = Date.now();
    while (!this.#isComplete && Date.now() - movedMs < STALLED_MS) {
      signal.throwIfAborted();
      if (this.#receivedCount !== received) movedMs = Date.now();
      received = this.#receivedCount;
      await sleep(LOOK_INTERVAL_MS);
    }
  }

  async accounts(): Promise<Account[]> {
    const { sent } = this.places;
    const routes = [this.#sessions, this.#gated];
    return [...(await this.places.close(this.api)), ...routes.map((route) => route.account(sent))];
  }

  /** Events that a route gave up. */
  async deadLetterCount(): Promise<number> {
    let count = 0;
    for (const id of this.#routeIds) {
      const letters = this.api.list(`/v1/routes/${id}/dead-letters`, z.unknown());
      for await (const _ of letters) count += 1;
    }
    return count;
  }

  async stop(): Promise<void> {
    await Promise.all([
      this.places.stop(),
      this.#sessions.receiver.close(),
      this.#gated.receiver.close(),
    ]);
  }

  async #setUp(): Promise<{ ingestPath: string }> {
    const input = { name: "Simulator", secret: SECRET };
    const source = await this.api.post("/v1/sources", input, Source);
    const ofTypes = (types: string) => ({ filter: { types: [types] } });
    this.#routeIds = [
      await this.#addRoute("all", this.places.receiver),
      await this.#addRoute("sessions", this.#sessions.receiver, ofTypes("session.*")),
      await this.#addRoute("gated", this.#gated.receiver, {
        ...ofTypes("chargestation.*"),
        concurrency: 8,
      }),
    ];
    await this.places.subscribe();
    return source;
  }

  async #addRoute(name: string, receiver: Receiver, settings: object = {}): Promise<string> {
    const input = { name, url: await receiver.listen(), retry: RETRY, ...settings };
    const route = await this.api.post("/v1/routes", input, NewRoute);
    receiver.trust(route.secret);
    return route.id;
  }

  get #isComplete(): boolean {
    return this.places.isComplete && this.owed.every((count) => count <= 0);
  }

  get #receivedCount(): number {
    const { receivedCount } = this.places;
    return receivedCount + this.#sessions.receivedCount + this.#gated.receivedCount;
  }
}
