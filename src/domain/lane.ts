import { classify, type Outcome } from "./outcome.ts";
import { retryDelayMs } from "./retry.ts";

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
  /** Failed attempts at the head so far. */
  readonly attempts: number;
  /** Of these, how many the destination refused. */
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

export const newLane = (cursor: number): Lane => ({
  cursor,
  prevSeq: null,
  headSeq: null,
  attempts: 0,
  refusals: 0,
  notBeforeMs: null,
  gap: null,
});

/** `notBeforeMs` of a lane whose head waits for a person, not for a time. */
export const PARKED = Number.MAX_SAFE_INTEGER;

export interface LanePolicy {
  readonly scheduleSeconds: readonly number[];
  readonly onExhausted: "dead_letter" | "park" | "drop";
}

export type LaneStep =
  | { readonly kind: "delivered"; readonly lane: Lane }
  /** The head waits for its time, and everything behind it with it. */
  | { readonly kind: "wait"; readonly lane: Lane; readonly atMs: number }
  /** The head is given up; unless `keep` is false it becomes a dead letter first. */
  | { readonly kind: "give_up"; readonly lane: Lane; readonly keep: boolean }
  /** The lane waits for a person. */
  | { readonly kind: "park"; readonly lane: Lane }
  /** The destination wants nothing more: the route is to be disabled, the head keeps its place. */
  | { readonly kind: "disable"; readonly lane: Lane };

/** An event that is refused gets one more try before it counts as refused for good. */
const MAX_REFUSALS = 2;
const REFUSED_RETRY_MS = 1_000;

/** The lane before an attempt at `seq`: what was tried at another head does not count for this one. */
export function withHead(lane: Lane, seq: number): Lane {
  if (lane.headSeq === seq) return lane;
  return { ...lane, headSeq: seq, attempts: 0, refusals: 0, notBeforeMs: null };
}

/** What the lane does after an attempt at its head `seq`. */
export function afterAttempt(
  lane: Lane,
  seq: number,
  outcome: Outcome,
  policy: LanePolicy,
  nowMs: number,
  random: number,
): LaneStep {
  const tried = { ...lane, attempts: lane.attempts + 1 };
  switch (classify(outcome)) {
    case "delivered":
      return { kind: "delivered", lane: settle(lane, seq, { prevSeq: seq, gap: null }) };
    case "gone":
      return { kind: "disable", lane: { ...lane, attempts: 0, refusals: 0, notBeforeMs: null } };
    case "refused": {
      const refused = { ...tried, refusals: lane.refusals + 1 };
      if (refused.refusals >= MAX_REFUSALS) return exhaust(refused, seq, policy);
      return wait(refused, nowMs + REFUSED_RETRY_MS);
    }
    case "trouble": {
      const failures = tried.attempts - tried.refusals;
      const delayMs = retryDelayMs(failures, policy.scheduleSeconds, random);
      if (delayMs === null) return exhaust(tried, seq, policy);
      const askedMs = outcome.kind === "answered" ? (outcome.retryAfterMs ?? 0) : 0;
      return wait(tried, nowMs + Math.max(delayMs, askedMs));
    }
  }
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
    cursor: Math.max(lane.cursor, seq),
    headSeq: null,
    attempts: 0,
    refusals: 0,
    notBeforeMs: null,
  };
}

function widen(gap: Gap | null, more: Gap): Gap {
  if (gap === null) return more;
  return { first: Math.min(gap.first, more.first), last: Math.max(gap.last, more.last) };
}
