import { DISABLE_AFTER_MS } from "../domain/breaker.ts";
import { RELAY_SOURCE, type StationEvent } from "../domain/event.ts";
import type { Gap } from "../domain/lane.ts";
import type { Notice } from "../domain/notice.ts";
import type { Database } from "../store/database.ts";
import { type RouteRow, readRoute } from "../store/route-store.ts";
import type { GivenUp, GiveUpReason, LaneReport } from "./station-lane-reports.ts";
import type { DeadLetters } from "./tenant-dead-letters.ts";
import type { RouteHealth } from "./tenant-health.ts";

/** What a lane's report may set off elsewhere in the tenant. */
export interface LaneReportWorld {
  readonly announce: (notice: Notice, nowMs: number) => void;
  /** Takes back what was announced of a route and not told yet; true when there was something. */
  readonly retract: (type: Notice["type"], routeId: string) => boolean;
  /** Resolves when the feed knows how the routes fare, or an alarm will tell it. */
  readonly tellFeed: () => Promise<void>;
  /** The breaker has opened: who waits at the route's gate is to look again. */
  readonly onOpened: (route: RouteRow) => Promise<void>;
  /** The breaker has closed: what waited for it goes on. */
  readonly onClosed: () => void;
  /** Lanes that registered as blocked may not be so any more. */
  readonly wakeWaiting: () => void;
  readonly disable: (routeId: string, reason: string) => Promise<void>;
}

/**
 * What the lanes tell their tenant: attempts of those that are not well, events given up, gaps.
 * What happens to an event of the relay's own is announced by none, so that no two routes keep
 * each other busy with it.
 */
export class LaneReports {
  readonly #db: Database;
  readonly #health: RouteHealth;
  readonly #deadLetters: DeadLetters;
  readonly #world: LaneReportWorld;

  constructor(db: Database, health: RouteHealth, deadLetters: DeadLetters, world: LaneReportWorld) {
    this.#db = db;
    this.#health = health;
    this.#deadLetters = deadLetters;
    this.#world = world;
  }

  /** Resolves to whether the lane may attempt nothing for now; it is woken then. */
  async report(report: LaneReport, nowMs: number): Promise<{ isOpen: boolean }> {
    const { routeId } = report;
    const route = readRoute(this.#db, routeId);
    if (route === null) return { isOpen: false };
    const { before, change } = this.#health.report(routeId, report, nowMs);
    const { state, failingSinceMs, announced, lastAnswer } = this.#health.breaker(routeId);
    if (state === "open" && !report.isQuiet && (!announced || change === "warn")) {
      this.#health.noteAnnounced(routeId);
      // Whoever was not told that it had recovered knows that it fails.
      const isKnown = change !== "warn" && this.#world.retract("relay.route.recovered", routeId);
      if (!isKnown) this.#announceFailing(route, failingSinceMs ?? nowMs, lastAnswer, nowMs);
    }
    // Whoever was not told that it failed need not hear that it has recovered.
    const isOver = change === "closed" && before.announced;
    if (isOver && !this.#world.retract("relay.route.failing", routeId)) {
      const failingSince = new Date(before.failingSinceMs ?? nowMs).toISOString();
      const data = { name: route.name, failingSince };
      this.#world.announce({ type: "relay.route.recovered", route: routeId, data }, nowMs);
    }
    if (change === "disable") {
      await this.#world.disable(routeId, "failing for five days");
    } else if (change !== "none" && change !== "warn") {
      await this.#world.tellFeed();
    }
    if (change === "closed") this.#world.onClosed();
    if (change === "opened") await this.#world.onOpened(route);
    const isOpen = this.isHeld(routeId);
    // It may have opened only while the feed was told, and the lane was noted as waiting before.
    const isStranded = isOpen && report.class !== "delivered" && !report.isParked;
    if (isStranded) this.#health.block(routeId, report.station, Date.now());
    return { isOpen };
  }

  #announceFailing({ id, name }: RouteRow, sinceMs: number, lastAnswer: string, nowMs: number) {
    const data = {
      name,
      lastAnswer,
      failingSince: new Date(sinceMs).toISOString(),
      disabledAt: new Date(sinceMs + DISABLE_AFTER_MS).toISOString(),
    };
    this.#world.announce({ type: "relay.route.failing", route: id, data }, nowMs);
  }

  /** A lane gives an event up; unless it is dropped it becomes a dead letter. Safe to repeat. */
  giveUp(given: GivenUp, reason: GiveUpReason, nowMs: number): void {
    const { routeId, event, attempts, lastAnswer } = given;
    if (readRoute(this.#db, routeId) === null) return;
    const isNew = reason === "dropped" || this.#deadLetters.keep(given, nowMs);
    this.#health.settle(routeId, event.station);
    if (isQuiet(event) || !isNew) return;
    const { station, id, type, seq } = event;
    const lane = { route: routeId, station };
    if (reason !== "dropped") {
      const data = { event: id, eventType: type, seq, attempts, lastAnswer, reason };
      this.#world.announce({ type: "relay.event.dead_lettered", ...lane, data }, nowMs);
    }
    const data = { first: seq, last: seq, reason };
    this.#world.announce({ type: "relay.lane.gap", ...lane, data }, nowMs);
  }

  /** A lane has fallen out of its station's log. */
  lost(routeId: string, station: string, { first, last }: Gap, nowMs: number): void {
    if (readRoute(this.#db, routeId) === null) return;
    const data = { first, last, reason: "lost" };
    this.#world.announce({ type: "relay.lane.gap", route: routeId, station, data }, nowMs);
  }

  /** A lane waits for a person. */
  park(given: GivenUp, nowMs: number): void {
    const { routeId, event, attempts, lastAnswer } = given;
    if (readRoute(this.#db, routeId) === null) return;
    const { station, id, type, seq } = event;
    this.#health.park(routeId, station, nowMs);
    if (isQuiet(event)) return;
    const data = { event: id, eventType: type, seq, attempts, lastAnswer };
    this.#world.announce({ type: "relay.lane.parked", route: routeId, station, data }, nowMs);
  }

  /** A lane may attempt nothing; its station is woken when its route goes on or goes away. */
  block(routeId: string, station: string, nowMs: number): void {
    this.#health.block(routeId, station, nowMs);
    // The route may have changed between the station's look and this.
    if (!this.isHeld(routeId)) this.#world.wakeWaiting();
  }

  /** Whether lanes of the route may attempt nothing. */
  isHeld(routeId: string): boolean {
    return readRoute(this.#db, routeId)?.enabled === 0 || this.#health.isOpen(routeId);
  }
}

const isQuiet = ({ source }: StationEvent) => source === RELAY_SOURCE;
