import {
  type AttemptReport,
  afterBlocked,
  afterGrant,
  afterReport,
  type Breaker,
  type BreakerChange,
  CALM_MS,
  HEALTHY,
  isCalm,
} from "../domain/breaker.ts";
import type { Standing } from "../domain/route.ts";
import { faultFields, log } from "../log.ts";
import type { Database } from "../store/database.ts";
import * as store from "../store/health-store.ts";
import type { AlarmClock } from "./alarm-clock.ts";

export interface HealthWorld {
  readonly tenant: string;
  /** Has the station try its head once. False when the lane owes nothing. */
  readonly probe: (station: string, routeId: string) => Promise<boolean>;
  /** Whether the route is there and enabled. */
  readonly isEnabled: (routeId: string) => boolean;
}

export interface HealthStep {
  readonly before: Breaker;
  readonly change: BreakerChange;
}

/**
 * How a tenant's routes fare, over all their lanes: one breaker per route (domain/breaker.ts),
 * and which lanes are in trouble. Synchronous but for the probes, so that each call is one
 * transaction.
 */
export class RouteHealth {
  readonly #db: Database;
  readonly #clock: AlarmClock;
  readonly #world: HealthWorld;
  readonly #breakers = new Map<string, Breaker>();

  constructor(db: Database, clock: AlarmClock, exists: boolean, world: HealthWorld) {
    this.#db = db;
    this.#clock = clock;
    this.#world = world;
    if (!exists) return;
    for (const { routeId, breaker } of store.readHealth(db)) {
      // Our own text, written by #put of this or an older version.
      const read: Breaker = JSON.parse(breaker);
      this.#breakers.set(routeId, { ...HEALTHY, ...read });
    }
  }

  breaker(routeId: string): Breaker {
    return this.#breakers.get(routeId) ?? HEALTHY;
  }

  isOpen(routeId: string): boolean {
    return this.breaker(routeId).state === "open";
  }

  /** What stations have to know. */
  standing(): Omit<Standing, "version"> {
    const inState = (state: Breaker["state"]) =>
      [...this.#breakers].filter(([, breaker]) => breaker.state === state).map(([id]) => id);
    return { suspect: inState("suspect"), open: inState("open") };
  }

  /** Takes an attempt into account that an unhealthy lane, or one of a suspect route, made. */
  report(routeId: string, report: AttemptReport, nowMs: number): HealthStep {
    const before = this.breaker(routeId);
    const { breaker, change } = afterReport(before, report, nowMs);
    this.#put(routeId, breaker, change !== "none");
    if (report.class === "delivered") store.deleteTrouble(this.#db, routeId, report.station);
    else {
      const kind = breaker.state === "open" ? "blocked" : "waiting";
      store.putTrouble(this.#db, routeId, report.station, kind, true, nowMs);
    }
    this.#arm(routeId, breaker);
    return { before, change };
  }

  /** The owner has been told that the route is failing. */
  noteAnnounced(routeId: string): void {
    this.#put(routeId, { ...this.breaker(routeId), announced: true }, true);
  }

  /** A lane may attempt nothing, and its station is to be woken when that changes. */
  block(routeId: string, station: string, nowMs: number): void {
    store.putTrouble(this.#db, routeId, station, "blocked", false, nowMs);
    const before = this.breaker(routeId);
    const breaker = afterBlocked(before, station, nowMs);
    if (breaker !== before) this.#put(routeId, breaker, true);
    this.#arm(routeId, breaker);
  }

  park(routeId: string, station: string, nowMs: number): void {
    store.putTrouble(this.#db, routeId, station, "parked", true, nowMs);
  }

  /** The lane has left its trouble behind. */
  settle(routeId: string, station: string): void {
    store.deleteTrouble(this.#db, routeId, station);
    this.#arm(routeId, this.breaker(routeId));
  }

  /** A person has changed the route: what failed before does not count, and no lane waits. */
  renew(routeId: string): void {
    this.#breakers.delete(routeId);
    store.deleteHealth(this.#db, routeId);
    store.blockAll(this.#db, routeId);
  }

  /** For the alarm: grants the probes that are due. True when a route has become healthy. */
  run(nowMs: number): boolean {
    let calmed = false;
    for (const [routeId, breaker] of this.#breakers) {
      if (isCalm(breaker, nowMs) && !store.isWaited(this.#db, routeId)) {
        this.#breakers.delete(routeId);
        store.deleteHealth(this.#db, routeId);
        calmed = true;
      } else if (breaker.state === "open" && breaker.nextProbeMs <= nowMs) {
        this.#grant(routeId, breaker, nowMs);
      } else {
        this.#arm(routeId, breaker);
      }
    }
    return calmed;
  }

  #grant(routeId: string, breaker: Breaker, nowMs: number): void {
    if (!this.#world.isEnabled(routeId)) return;
    const station = store.nextToProbe(this.#db, routeId);
    // The next lane that comes asks for the alarm.
    if (station === null) return;
    const granted = afterGrant(breaker, nowMs);
    this.#put(routeId, granted, true);
    store.noteProbe(this.#db, routeId, station, nowMs);
    this.#arm(routeId, granted);
    // Not awaited: an alarm must not wait for a station. What is lost is granted anew.
    void this.#probe(routeId, station);
  }

  async #probe(routeId: string, station: string): Promise<void> {
    try {
      if (await this.#world.probe(station, routeId)) return;
      store.deleteTrouble(this.#db, routeId, station);
      const breaker = this.#breakers.get(routeId);
      if (breaker?.state !== "open") return;
      // That lane has nothing to send, so it is another one's turn.
      this.#put(routeId, { ...breaker, nextProbeMs: Date.now() }, false);
      this.#arm(routeId, this.breaker(routeId));
    } catch (error) {
      const { tenant } = this.#world;
      log("warn", "probe.failed", { tenant, route: routeId, station, ...faultFields(error) });
    }
  }

  #put(routeId: string, breaker: Breaker, durable: boolean): void {
    if (breaker.state === "healthy") return;
    this.#breakers.set(routeId, breaker);
    if (!durable) return;
    store.writeHealth(this.#db, routeId, breaker.state === "open", JSON.stringify(breaker));
  }

  #arm(routeId: string, { state, nextProbeMs, lastFailureMs }: Breaker): void {
    if (state === "suspect" && !store.isWaited(this.#db, routeId)) {
      this.#clock.wakeAt(lastFailureMs + CALM_MS);
    }
    const isProbed = state === "open" && this.#world.isEnabled(routeId);
    if (isProbed && store.nextToProbe(this.#db, routeId) !== null) this.#clock.wakeAt(nextProbeMs);
  }
}
