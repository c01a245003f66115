import {
  type AttemptReport,
  afterBlocked,
  afterGrant,
  afterNobody,
  afterReport,
  type Breaker,
  type BreakerChange,
  CALM_MS,
  HEALTHY,
  isCalm,
  probeAtMs,
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
  report(
    routeId: string,
    report: AttemptReport & { readonly isParked: boolean },
    nowMs: number,
  ): HealthStep {
    const before = this.breaker(routeId);
    const { breaker, change } = afterReport(before, report, nowMs);
    // What is counted has to outlive this instance, or an outage might never be recognised.
    const isCounted = report.class !== "delivered" || before.failures + before.refusals > 0;
    this.#put(routeId, breaker, isCounted || change !== "none");
    if (report.class === "delivered") store.deleteTrouble(this.#db, routeId, report.station);
    else store.putTrouble(this.#db, routeId, report.station, kindOf(breaker, report), true, nowMs);
    this.#arm(routeId, breaker);
    return { before, change };
  }

  /** The route was disabled, for this reason: shown until a person enables it again. */
  noteDisabled(routeId: string, lastAnswer: string, nowMs: number): void {
    const breaker = this.breaker(routeId);
    const state = breaker.state === "healthy" ? "suspect" : breaker.state;
    const failures = Math.max(breaker.failures, 1);
    this.#put(routeId, { ...breaker, state, failures, lastAnswer, lastFailureMs: nowMs }, true);
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

  /** For the alarm: grants the probes that are due. True when lanes may do now what they might not. */
  run(nowMs: number): boolean {
    let changed = false;
    for (const [routeId, breaker] of this.#breakers) {
      if (isCalm(breaker, nowMs) && !store.isWaited(this.#db, routeId)) {
        this.#breakers.delete(routeId);
        store.deleteHealth(this.#db, routeId);
        changed = true;
      } else if (breaker.state === "open" && probeAtMs(breaker, nowMs) <= nowMs) {
        this.#grant(routeId, breaker, nowMs);
        changed ||= !this.isOpen(routeId);
      } else {
        this.#arm(routeId, breaker);
      }
    }
    return changed;
  }

  #grant(routeId: string, breaker: Breaker, nowMs: number): void {
    if (!this.#world.isEnabled(routeId)) return;
    const station = store.nextToProbe(this.#db, routeId, nowMs);
    if (station === null) {
      // Nobody waits, so nobody can be probed: whatever comes next is the probe.
      this.#put(routeId, afterNobody(breaker), true);
      return;
    }
    const granted = afterGrant(breaker, nowMs);
    this.#put(routeId, granted, true);
    store.noteProbe(this.#db, routeId, station, nowMs);
    this.#arm(routeId, granted);
    // Not awaited: an alarm must not wait for a station. What is lost is granted anew.
    void this.#probe(routeId, station, nowMs);
  }

  async #probe(routeId: string, station: string, grantedMs: number): Promise<void> {
    try {
      if (await this.#world.probe(station, routeId)) return;
      // Unless it has been blocked again since.
      const times = { wokenMs: grantedMs, nowMs: Date.now() };
      store.deleteUnblocked(this.#db, routeId, station, times);
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

  #arm(routeId: string, breaker: Breaker): void {
    const { state, lastFailureMs } = breaker;
    const nowMs = Date.now();
    if (isCalm(breaker, Number.POSITIVE_INFINITY) && !store.isWaited(this.#db, routeId)) {
      this.#clock.wakeAt(Math.min(lastFailureMs, nowMs) + CALM_MS);
    }
    if (state === "open" && this.#world.isEnabled(routeId)) {
      this.#clock.wakeAt(probeAtMs(breaker, nowMs));
    }
  }
}

function kindOf({ state }: Breaker, { isParked }: { readonly isParked: boolean }) {
  if (isParked) return "parked";
  return state === "open" ? "blocked" : "waiting";
}
