import { dueAt } from "./clock.ts";

/** What a route's owner lets the relay do at its destination, over all its lanes. */
export interface Limits {
  readonly ratePerSecond: number | null;
  /** Attempts in flight. */
  readonly concurrency: number | null;
}

/** In place of an attempt: the lane's turn is too far away to wait for. It keeps its place meanwhile. */
export interface Later {
  readonly kind: "later";
  readonly inMs: number;
}

/** A lane waits for its turn this long; if its turn is further away, it comes back. */
export const MAX_WAIT_MS = 15_000;
/** A start that came late is caught up with by so much, so that lateness does not lower the rate. */
const CATCH_UP_MS = 250;
/** When a lane in line for a free attempt is to come back; nobody knows when one ends. */
const COME_BACK_MS = 5_000;
/** No lane is sent away for longer: by then the limits may be others. */
export const MAX_AWAY_MS = 300_000;
/** A lane that does not come back this long after it was to has lost its place. */
const PLACE_KEPT_MS = 60_000;

interface Place {
  readonly lane: string;
  /** Null while the lane waits here, else when its place is given up. */
  keptUntilMs: number | null;
}

/**
 * The line of lanes before a destination: first come, first served, at a rate and a number in
 * flight. A lane has one place. Starts are spaced by what has really started, so a lane that
 * is not here when its turn comes is passed over and costs nobody anything.
 */
export class Throttle {
  #limits: Limits = { ratePerSecond: null, concurrency: null };
  readonly #line: Place[] = [];
  #inFlight = 0;
  #freeAtMs = 0;

  setLimits(limits: Limits, nowMs: number): void {
    if (limits.ratePerSecond !== this.#limits.ratePerSecond) {
      // What was counted at the old rate holds at most for one start at the new one.
      this.#freeAtMs = Math.min(this.#freeAtMs, nowMs + intervalMs(limits));
    }
    this.#limits = limits;
  }

  /** The lane joins the line, or is back at its place. `later` when its turn is too far away. */
  enter(lane: string, nowMs: number): Later | null {
    this.#dropLost(nowMs);
    this.#heedClock(nowMs);
    let at = this.#line.findIndex((place) => place.lane === lane);
    if (at < 0) at = this.#line.push({ lane, keptUntilMs: null }) - 1;
    const place = this.#line[at];
    const startInMs = Math.max(this.#freeAtMs - nowMs, 0) + at * intervalMs(this.#limits);
    if (startInMs > MAX_WAIT_MS) return leave(place, Math.min(startInMs, MAX_AWAY_MS), nowMs);
    if (place !== undefined) place.keptUntilMs = null;
    return null;
  }

  /** The lane has waited long enough. It keeps its place while it is away. */
  sendAway(lane: string, nowMs: number, inMs = COME_BACK_MS): Later {
    return leave(
      this.#line.find((place) => place.lane === lane),
      inMs,
      nowMs,
    );
  }

  /**
   * Whose turn it is: its attempt counts as started. Else when to ask again, null when that is
   * after an attempt has ended, or a lane has come.
   */
  next(nowMs: number): { readonly lane: string } | { readonly inMs: number } | null {
    this.#heedClock(nowMs);
    const at = this.#line.findIndex(({ keptUntilMs }) => keptUntilMs === null);
    const place = this.#line[at];
    if (place === undefined || this.#inFlight >= (this.#limits.concurrency ?? Infinity))
      return null;
    if (this.#freeAtMs > nowMs) return { inMs: this.#freeAtMs - nowMs };
    this.#line.splice(at, 1);
    this.#inFlight += 1;
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs - CATCH_UP_MS) + intervalMs(this.#limits);
    return { lane: place.lane };
  }

  /** An attempt that {@link next} started has ended. */
  end(): void {
    this.#inFlight -= 1;
  }

  /** The next start is not before this. */
  get freeAtMs(): number {
    return this.#freeAtMs;
  }

  /** No start is further away than an interval, unless the clock was set back. */
  #heedClock(nowMs: number): void {
    this.#freeAtMs = Math.min(this.#freeAtMs, nowMs + intervalMs(this.#limits));
  }

  #dropLost(nowMs: number): void {
    const longestMs = MAX_AWAY_MS + PLACE_KEPT_MS;
    const kept = this.#line.filter(
      ({ keptUntilMs }) => keptUntilMs === null || dueAt(keptUntilMs, nowMs, longestMs) > nowMs,
    );
    if (kept.length < this.#line.length) this.#line.splice(0, this.#line.length, ...kept);
  }
}

function leave(place: Place | undefined, inMs: number, nowMs: number): Later {
  if (place !== undefined) place.keptUntilMs = nowMs + inMs + PLACE_KEPT_MS;
  return { kind: "later", inMs };
}

function intervalMs({ ratePerSecond }: Limits): number {
  return ratePerSecond === null ? 0 : 1000 / ratePerSecond;
}
