import { dueAt } from "./clock.ts";
import { classify, MAX_RETRY_AFTER_MS, type Outcome, retryAfterMs } from "./outcome.ts";
import { longestDelayMs, MAX_REFUSALS, REFUSED_RETRY_MS, retryDelayMs } from "./retry.ts";

/**
 * A lane is a route at one station: a cursor over the station's log. Everything up to
 * `cursor` is settled; the head is the first matching event after it.
 */
export interface Lane {
  readonly cursor: number;
  /** The seq delivered last, which the next delivery names, or null before the first. */
  readonly prevSeq: number | null;
  /** The event that the attempts were made at, or null when there were none. */
  readonly headSeq: number | null;
  /** Attempts made at the head so far; all failed. */
  readonly attempts: number;
  /** Of these, how many used up a try of its schedule: none made while the breaker was open. */
  readonly failures: number;
  /** And how many times the destination refused it, likewise. */
  readonly refusals: number;
  /** The head is not tried before this time; nothing behind it is tried before it. */
  readonly notBeforeMs: number | null;
  /** Seqs given up since the last delivery, announced with the next one. */
  readonly gap: Gap | null;
}

export interface Gap {
  readonly first: number;
  readonly last: number;
}

/** What a lane knows of a head that was not tried yet. */
const UNTRIED = { headSeq: null, attempts: 0, failures: 0, refusals: 0, notBeforeMs: null };

export const newLane = (cursor: number): Lane => ({
  cursor,
  prevSeq: null,
  ...UNTRIED,
  gap: null,
});

/** `notBeforeMs` of a lane whose head waits for a person, not for a time. */
export const PARKED = Number.MAX_SAFE_INTEGER;

/** What a person may do about a lane: try its head now, give its head up, end its parking. */
export const LANE_ACTIONS = ["retry", "skip", "resume"] as const;
export type LaneAction = (typeof LANE_ACTIONS)[number];

/**
 * - `idle`: everything that the route wants is delivered or given up
 * - `delivering`: an attempt is on its way
 * - `waiting`: its head is tried again at its time
 * - `blocked`: the route is paused, disabled, or its breaker open
 * - `parked`: it waits for a person
 */
export type LaneStatus = "idle" | "delivering" | "waiting" | "blocked" | "parked";

/** Until when the head is not tried: null when it may be tried now, {@link PARKED} when no time will do. */
export function waitsUntil(
  { notBeforeMs }: Pick<Lane, "notBeforeMs">,
  scheduleSeconds: readonly number[],
  nowMs: number,
): number | null {
  if (notBeforeMs === null || notBeforeMs === PARKED) return notBeforeMs;
  const longestMs = Math.max(longestDelayMs(scheduleSeconds), MAX_RETRY_AFTER_MS);
  const dueMs = dueAt(notBeforeMs, nowMs, longestMs);
  return dueMs > nowMs ? dueMs : null;
}

export interface LanePolicy {
  readonly scheduleSeconds: readonly number[];
  readonly onExhausted: "dead_letter" | "park" | "drop";
}

export type LaneStep =
  | { readonly kind: "delivered"; readonly lane: Lane }
  /** The head waits for its time, and everything behind it with it. */
  | { readonly kind: "wait"; readonly lane: Lane; readonly atMs: number }
  /** The breaker is open: the head keeps its place and its tries, and waits to be woken. */
  | { readonly kind: "hold"; readonly lane: Lane }
  /** The head is given up; unless `keep` is false it becomes a dead letter first. */
  | { readonly kind: "give_up"; readonly lane: Lane; readonly keep: boolean }
  /** The lane waits for a person. */
  | { readonly kind: "park"; readonly lane: Lane }
  /** The destination wants nothing more: the route is to be disabled, the head keeps its place. */
  | { readonly kind: "disable"; readonly lane: Lane };

/** The lane before an attempt at `seq`: what was tried at another head does not count for this one. */
export function withHead(lane: Lane, seq: number): Lane {
  if (lane.headSeq === seq) return lane;
  // What lies before it was not wanted when it was tried, and may not follow it should that change.
  return { ...lane, ...UNTRIED, headSeq: seq, cursor: Math.max(lane.cursor, seq - 1) };
}

/** The lane with all tries of its head again, as when a person has changed its route. */
export function afresh(lane: Lane): Lane {
  return { ...lane, failures: 0, refusals: 0, notBeforeMs: null };
}

/**
 * What the lane does after an attempt at its head `seq`. `isOpen` says what the route's breaker
 * is after this attempt was reported.
 */
export function afterAttempt(
  lane: Lane,
  seq: number,
  outcome: Outcome,
  policy: LanePolicy,
  isOpen: boolean,
  nowMs: number,
  random: number,
): LaneStep {
  const tried = { ...lane, attempts: lane.attempts + 1, notBeforeMs: null };
  const outcomeClass = classify(outcome);
  if (outcomeClass === "delivered") {
    return { kind: "delivered", lane: settle(lane, seq, { prevSeq: seq, gap: null }) };
  }
  if (outcomeClass === "gone") return { kind: "disable", lane: afresh(tried) };
  // A parked lane stays parked when a person's try of its head comes to nothing.
  const parkedMs = lane.notBeforeMs === PARKED ? PARKED : null;
  if (isOpen) return { kind: "hold", lane: { ...tried, notBeforeMs: parkedMs } };
  if (outcomeClass === "refused") {
    const refused = { ...tried, refusals: lane.refusals + 1 };
    if (refused.refusals >= MAX_REFUSALS) return exhaust(refused, seq, policy);
    return wait(refused, nowMs + REFUSED_RETRY_MS);
  }
  const failed = { ...tried, failures: lane.failures + 1 };
  const delayMs = retryDelayMs(failed.failures, policy.scheduleSeconds, random);
  if (delayMs === null) return exhaust(failed, seq, policy);
  return wait(failed, nowMs + Math.max(delayMs, retryAfterMs(outcome) ?? 0));
}

/** The lane past an event that it gave up, with the gap that its next delivery announces. */
export function giveUp(lane: Lane, seq: number): Lane {
  return settle(lane, seq, {
    prevSeq: lane.prevSeq,
    gap: widen(lane.gap, { first: seq, last: seq }),
  });
}

/** The lane past events that the log no longer has: a gap, never silence. */
export function skipLost(lane: Lane, lost: Gap): Lane {
  return settle(lane, lost.last, { prevSeq: lane.prevSeq, gap: widen(lane.gap, lost) });
}

function exhaust(lane: Lane, seq: number, policy: LanePolicy): LaneStep {
  if (policy.onExhausted === "park") {
    return { kind: "park", lane: { ...lane, notBeforeMs: PARKED } };
  }
  return { kind: "give_up", lane: giveUp(lane, seq), keep: policy.onExhausted !== "drop" };
}

function wait(lane: Lane, atMs: number): LaneStep {
  return { kind: "wait", lane: { ...lane, notBeforeMs: atMs }, atMs };
}

function settle(lane: Lane, seq: number, rest: Pick<Lane, "prevSeq" | "gap">): Lane {
  return {
    ...lane,
    ...rest,
    ...UNTRIED,
    cursor: Math.max(lane.cursor, seq),
  };
}

function widen(gap: Gap | null, more: Gap): Gap {
  if (gap === null) return more;
  return { first: Math.min(gap.first, more.first), last: Math.max(gap.last, more.last) };
}
