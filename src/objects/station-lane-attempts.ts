import { dueAt } from "../domain/clock.ts";
import { RELAY_SOURCE, type StationEvent } from "../domain/event.ts";
import {
  afterAttempt,
  giveUp,
  type Lane,
  type LaneStep,
  PARKED,
  withHead,
} from "../domain/lane.ts";
import { classify, describeOutcome, type Outcome, snippetOf } from "../domain/outcome.ts";
import type { StationRoute } from "../domain/route.ts";
import { type Later, MAX_AWAY_MS } from "../domain/throttle.ts";
import type { LaneHeads } from "./station-lane-heads.ts";
import type { GivenUp, LaneReporter } from "./station-lane-reports.ts";
import type { AttemptArguments, LaneTable } from "./station-lane-table.ts";
import type { StationRoutes } from "./station-routes.ts";

export interface AttemptWorld {
  readonly attempt: (
    route: StationRoute,
    event: StationEvent,
    lane: Lane,
  ) => Promise<Outcome | Later>;
  /** The destination of the route as it was then wants nothing more. */
  readonly disableRoute: (routeId: string, asOfMs: number) => Promise<void>;
  /** Whether the routes were confirmed just now, with the push of the events after `seq`. */
  readonly knowsRoutesOf: (seq: number) => boolean;
  /** Has the station take up the routes as they are now, and how they fare. */
  readonly checkRoutes: () => Promise<void>;
  readonly wakeAt: (atMs: number) => void;
}

/**
 * A lane's next attempt: whether it may be made now, and what follows from it. To be called for
 * a lane by one at a time (station-lane-work.ts).
 */
export class LaneAttempts {
  readonly #table: LaneTable;
  readonly #routes: StationRoutes;
  readonly #heads: LaneHeads;
  readonly #reporter: LaneReporter;
  readonly #world: AttemptWorld;
  /** Lanes that the gate has sent away, and until when; what wakes them is the alarm. */
  readonly #awayUntilMs = new Map<string, number>();
  /** Lanes that may try their head once whatever stands against it. */
  readonly #granted = new Set<string>();

  constructor(
    table: LaneTable,
    routes: StationRoutes,
    heads: LaneHeads,
    reporter: LaneReporter,
    world: AttemptWorld,
  ) {
    this.#table = table;
    this.#routes = routes;
    this.#heads = heads;
    this.#reporter = reporter;
    this.#world = world;
  }

  /** The lane may try its head once, whatever stands against it. */
  grant(routeId: string): void {
    this.#granted.add(routeId);
  }

  /** Whether the route as a whole stands against an attempt. */
  isBlocked(routeId: string): boolean {
    const isPaused = this.#routes.get(routeId)?.route.enabled === false;
    return isPaused || (this.#routes.isOpen(routeId) && !this.#granted.has(routeId));
  }

  /** Until when the gate has sent the lane away, if it has. */
  awayUntilMs(routeId: string, nowMs: number): number | null {
    const awayMs = dueAt(this.#awayUntilMs.get(routeId) ?? 0, nowMs, MAX_AWAY_MS);
    return awayMs > nowMs ? awayMs : null;
  }

  /** What the gate said was of the route as it was. */
  forgetAway(routeId: string): void {
    this.#awayUntilMs.delete(routeId);
  }

  /** No attempt may be made; the tenant wakes the station when that changes. */
  async block(routeId: string): Promise<false> {
    this.#granted.delete(routeId);
    await this.#reporter.block(routeId);
    return false;
  }

  /** Brings the lane one event further; false when it is empty or its head has to wait. */
  async step(routeId: string): Promise<boolean> {
    const before = this.#table.owing(routeId);
    if (before === null) return false;
    const isGranted = this.#granted.has(routeId);
    const waitMs = this.#routes.waitsUntil(routeId, before, Date.now());
    if (!isGranted && waitMs !== null) {
      if (waitMs < PARKED) this.#world.wakeAt(waitMs);
      return false;
    }
    const awayMs = this.awayUntilMs(routeId, Date.now());
    if (awayMs !== null) {
      this.#world.wakeAt(awayMs);
      return false;
    }
    // A retry or a backlog may come long after its push: it must not use what the route was then.
    const isOld = before.attempts > 0 || this.#awayUntilMs.has(routeId);
    if (isGranted || isOld || !this.#world.knowsRoutesOf(before.cursor)) {
      await this.#world.checkRoutes();
    }
    const event = await this.#heads.of(routeId);
    const route = this.#routes.get(routeId)?.route;
    const lane = this.#table.owing(routeId);
    if (event === null || lane === null || route === undefined) {
      this.#granted.delete(routeId);
      return false;
    }
    // Only a lane that has something to send may wait for its route.
    if (this.isBlocked(routeId)) return this.block(routeId);
    const wasGranted = this.#granted.delete(routeId);
    const outcome = await this.#world.attempt(route, event, withHead(lane, event.seq));
    if (outcome.kind === "later") {
      // Nothing was attempted, so what was granted is so still.
      if (wasGranted) this.#granted.add(routeId);
      const atMs = Date.now() + outcome.inMs;
      this.#awayUntilMs.set(routeId, atMs);
      this.#world.wakeAt(atMs);
      return false;
    }
    this.#awayUntilMs.delete(routeId);
    return this.#settle(routeId, event, outcome, wasGranted, route.changedAtMs);
  }

  /** Gives the head up if it is still that one: it becomes a dead letter. Its seq, or null. */
  async skip(routeId: string, seq: number): Promise<number | null> {
    const event = await this.#heads.of(routeId);
    const lane = this.#table.owing(routeId);
    if (event?.seq !== seq || lane === null) return null;
    const head = withHead(lane, event.seq);
    const last = this.#table.log(routeId).findLast(({ seq }) => seq === event.seq);
    const { attempts } = head;
    const snippet = last?.answer ?? "";
    const came = last === undefined ? "" : `HTTP ${last.status}`;
    const lastAnswer = last === undefined ? "skipped" : `skipped after ${last.error ?? came}`;
    const given = { routeId, event, attempts, lastAnswer, snippet };
    await this.#reporter.giveUp(given, "skipped");
    this.#table.store(routeId, giveUp(head, event.seq));
    return event.seq;
  }

  async #settle(
    routeId: string,
    event: StationEvent,
    outcome: Outcome,
    wasGranted: boolean,
    routeAsOfMs: number,
  ): Promise<boolean> {
    const route = this.#routes.get(routeId)?.route;
    const owing = this.#table.owing(routeId);
    // The route may have been deleted while the attempt was on its way.
    if (route === undefined || owing === null) return false;
    const lane = withHead(owing, event.seq);
    const { seq } = event;
    const made = { seq, attempt: lane.attempts + 1, replay: null };
    const attempt: AttemptArguments = [made, outcome, Date.now()];
    const decide = (isOpen: boolean) =>
      afterAttempt(lane, seq, outcome, route, isOpen, Date.now(), Math.random());
    const outcomeClass = classify(outcome);
    if (outcomeClass === "delivered") {
      this.#table.store(routeId, decide(false).lane, attempt);
      const wasInTrouble = lane.attempts > 0 || wasGranted;
      await this.#reporter.tellSuccess(routeId, outcome, wasInTrouble);
      return true;
    }
    if (outcomeClass === "gone") {
      await this.#world.disableRoute(routeId, routeAsOfMs);
      this.#table.store(routeId, decide(false).lane, attempt);
      // Not attempted again before the station has heard what has become of the route.
      return this.block(routeId);
    }
    const isParked = lane.notBeforeMs === PARKED;
    const about = { isParked, isQuiet: event.source === RELAY_SOURCE };
    const isOpen = await this.#reporter.report(routeId, outcomeClass, outcome, about);
    return this.#follow(routeId, decide(isOpen), givenUp(routeId, event, lane, outcome), attempt);
  }

  /** Carries out what is to be done after an attempt that failed. */
  async #follow(
    routeId: string,
    step: LaneStep,
    given: GivenUp,
    attempt: AttemptArguments,
  ): Promise<boolean> {
    switch (step.kind) {
      case "give_up":
        await this.#reporter.giveUp(given, step.keep ? "exhausted" : "dropped");
        break;
      case "park":
        await this.#reporter.park(given);
        break;
      case "hold":
        if (step.lane.notBeforeMs !== PARKED) this.#reporter.noteBlocked(routeId);
        break;
      case "wait":
        this.#world.wakeAt(step.atMs);
        break;
    }
    this.#table.store(routeId, step.lane, attempt);
    return step.kind === "give_up";
  }
}

function givenUp(routeId: string, event: StationEvent, lane: Lane, outcome: Outcome): GivenUp {
  return {
    routeId,
    event,
    attempts: lane.attempts + 1,
    lastAnswer: describeOutcome(outcome),
    snippet: snippetOf(outcome),
  };
}
