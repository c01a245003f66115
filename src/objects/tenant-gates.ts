import { randomId } from "../domain/ids.ts";
import type { Outcome } from "../domain/outcome.ts";
import { needsGate, type StationRoute } from "../domain/route.ts";
import { testEvent } from "../domain/test-event.ts";
import { faultFields, log } from "../log.ts";
import type { Database } from "../store/database.ts";
import { type RouteRow, readRoute } from "../store/route-store.ts";
import type { CourierFacts } from "./courier.ts";
import { type RouteTestView, routeTestView, stationRoute } from "./tenant-views.ts";

export interface GatesWorld {
  readonly tenant: string;
  readonly attempt: (route: StationRoute, facts: CourierFacts) => Promise<Outcome>;
  /** The same, through the route's gate, yet outside its limits. */
  readonly attemptAtGate: (route: StationRoute, facts: CourierFacts) => Promise<Outcome>;
  /** Has every lane that waits at the route's gate look again. */
  readonly disperse: (routeId: string) => Promise<void>;
}

/** What the tenant has to do with its routes' gates (gate.ts); a route may have none. */
export class Gates {
  readonly #db: Database;
  readonly #world: GatesWorld;

  constructor(db: Database, world: GatesWorld) {
    this.#db = db;
    this.#world = world;
  }

  /** Lanes that wait at the route's gate, as it was, look again before they attempt anything. */
  async disperse(before: RouteRow): Promise<void> {
    if (!needsGate(stationRoute(before))) return;
    try {
      await this.#world.disperse(before.id);
    } catch (error) {
      // Then they go by the route as it was, for seconds at most.
      const { tenant } = this.#world;
      log("warn", "gate.failed", { tenant, route: before.id, ...faultFields(error) });
    }
  }

  /** One attempt at the route's destination, outside every lane; nothing is kept of it. Null when there is no such route. */
  async test(id: string, type: string): Promise<RouteTestView | null> {
    const row = readRoute(this.#db, id);
    if (row === null) return null;
    const route = stationRoute(row);
    const event = testEvent(randomId("test"), type, Date.now());
    const facts = { event, attempt: 1, prevSeq: null, gap: null, replay: null, isTest: true };
    const outcome = needsGate(route)
      ? await this.#world.attemptAtGate(route, facts)
      : await this.#world.attempt(route, facts);
    return routeTestView(outcome);
  }
}
