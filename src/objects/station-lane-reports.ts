import { isRecent } from "../domain/clock.ts";
import type { StationEvent } from "../domain/event.ts";
import {
  describeOutcome,
  type Outcome,
  type OutcomeClass,
  retryAfterMs,
} from "../domain/outcome.ts";
import type { StationRoutes } from "./station-routes.ts";

/** A lane that is well tells of its successes this often at most, while its route is suspect. */
const SUCCESS_REPORT_MS = 1_000;

/** An event that a lane could not deliver. */
export interface GivenUp {
  readonly routeId: string;
  readonly event: StationEvent;
  readonly attempts: number;
  readonly lastAnswer: string;
  readonly snippet: string;
}
/** `exhausted` and `skipped` ones are kept as dead letters. */
export type GiveUpReason = "exhausted" | "skipped" | "dropped";

/** What an attempt of a lane came to, for the tenant, which minds the route as a whole. */
export interface LaneReport {
  readonly routeId: string;
  readonly station: string;
  readonly class: Exclude<OutcomeClass, "gone">;
  readonly retryAfterMs: number | null;
  readonly answer: string;
  /** The event is one of the relay's own: what happens to it is announced by none. */
  readonly isQuiet: boolean;
  /** A person had a parked lane try its head: it stays parked. */
  readonly isParked: boolean;
}

/** The tenant, as the lanes' reports reach it. */
export interface ReportWorld {
  /** Resolves to whether the route's breaker is open now; then the tenant wakes the lane. */
  readonly report: (report: Omit<LaneReport, "station">) => Promise<{ isOpen: boolean }>;
  /** An event is given up. Durable when it resolves; safe to call twice for one event. */
  readonly giveUp: (given: GivenUp, reason: GiveUpReason) => Promise<void>;
  /** Asks to be woken when the route goes on, because no attempt can be made until then. */
  readonly registerBlocked: (routeId: string) => Promise<void>;
  readonly registerParked: (given: GivenUp) => Promise<void>;
  /** The relay itself could not do something. */
  readonly onFault: (routeId: string, error: unknown) => void;
}

/** What the lanes tell the tenant of themselves, and what it therefore knows of them. */
export class LaneReporter {
  readonly #routes: StationRoutes;
  readonly #world: ReportWorld;
  /** Blocked lanes that the tenant knows of; only asked for again after a wake or a change. */
  readonly #registered = new Set<string>();
  /** Lanes whose trouble the tenant knows of, so that it has to hear of its end. */
  readonly #reported = new Set<string>();
  readonly #successMs = new Map<string, number>();

  constructor(routes: StationRoutes, world: ReportWorld) {
    this.#routes = routes;
    this.#world = world;
  }

  /** Resolves to whether the route's breaker is open now. */
  async report(
    routeId: string,
    outcomeClass: LaneReport["class"],
    outcome: Outcome,
    about: Pick<LaneReport, "isParked" | "isQuiet">,
  ): Promise<boolean> {
    const { isOpen } = await this.#world.report({
      routeId,
      class: outcomeClass,
      retryAfterMs: retryAfterMs(outcome),
      answer: describeOutcome(outcome),
      ...about,
    });
    // What the tenant knew of this lane has been replaced by the report.
    this.#registered.delete(routeId);
    this.#routes.hearOf(routeId, isOpen);
    if (outcomeClass === "delivered") this.#reported.delete(routeId);
    else this.#reported.add(routeId);
    return isOpen;
  }

  /** The end of this lane's trouble; and while the route is suspect, now and then that it is well here. */
  async tellSuccess(routeId: string, outcome: Outcome, wasInTrouble: boolean): Promise<void> {
    const toldMs = this.#successMs.get(routeId) ?? 0;
    const isDue = !isRecent(toldMs, Date.now(), SUCCESS_REPORT_MS);
    const isEnd = wasInTrouble || this.#reported.has(routeId);
    if (!isEnd && !(isDue && this.#routes.isSuspect(routeId))) return;
    this.#successMs.set(routeId, Date.now());
    this.#reported.add(routeId);
    try {
      await this.report(routeId, "delivered", outcome, { isParked: false, isQuiet: false });
    } catch (error) {
      // The event is delivered; the next success is reported in its place.
      this.#world.onFault(routeId, error);
    }
  }

  async giveUp(given: GivenUp, reason: GiveUpReason): Promise<void> {
    await this.#world.giveUp(given, reason);
    // With its head the lane has left its trouble behind, as far as the tenant knows.
    this.#reported.delete(given.routeId);
    this.#registered.delete(given.routeId);
  }

  async park(given: GivenUp): Promise<void> {
    await this.#world.registerParked(given);
  }

  /** No attempt may be made; the tenant wakes the station when that changes. */
  async block(routeId: string): Promise<void> {
    if (this.#registered.has(routeId)) return;
    // Noted before it is known: a wake meanwhile takes it back, and must not be overwritten.
    this.#registered.add(routeId);
    try {
      await this.#world.registerBlocked(routeId);
    } catch (error) {
      this.#registered.delete(routeId);
      throw error;
    }
  }

  /** The tenant has noted with the report that the lane is blocked. */
  noteBlocked(routeId: string): void {
    this.#registered.add(routeId);
  }

  isBlockKnown(routeId: string): boolean {
    return this.#registered.has(routeId);
  }

  /** The lane is not blocked any more, or has to ask again. */
  forgetBlock(routeId: string): void {
    this.#registered.delete(routeId);
  }

  forgetBlocks(): void {
    this.#registered.clear();
  }
}
