import { dueAt } from "./clock.ts";
import type { StationEvent } from "./event.ts";
import { compileFilter, type Filter, filterable } from "./filter.ts";
import { routeOfNotice } from "./notice.ts";
import { classify, MAX_RETRY_AFTER_MS, type Outcome, retryAfterMs } from "./outcome.ts";
import { MAX_REFUSALS, REFUSED_RETRY_MS, retryDelayMs } from "./retry.ts";

/** Replays of a tenant that may be unfinished at once. */
export const MAX_UNFINISHED_REPLAYS = 10;
/** Stations of one replay that are at work at once. Those that wait for a retry do not count. */
export const REPLAY_STATIONS = 10;
/** Attempts that one replay makes in a second, over all its stations. */
export const REPLAY_ATTEMPTS_PER_SECOND = 50;
/** Waits between attempts at one event after trouble; after the last one it has failed. */
export const REPLAY_SCHEDULE_SECONDS = [1, 5, 30, 120, 600] as const;

/** No station of a replay waits for longer: all waits of the schedule are shorter. */
export const MAX_REPLAY_WAIT_MS = MAX_RETRY_AFTER_MS;

/** Which events of a station's log a replay sends: all parts must hold. */
export interface ReplaySelection {
  /** It gets nothing that the relay says of itself about this route. */
  readonly routeId: string;
  /** The route's own. */
  readonly filter: Filter;
  /** Patterns as in filters, or null for every type. */
  readonly types: readonly string[] | null;
  /** Received at or after this time … */
  readonly fromMs: number;
  /** … and before this one. */
  readonly toMs: number;
}

export function compileSelection(selection: ReplaySelection): (event: StationEvent) => boolean {
  const { routeId, types, fromMs, toMs } = selection;
  const route = compileFilter(selection.filter);
  const named = compileFilter(types === null ? {} : { types: [...types] });
  return (event) => {
    if (event.receivedAtMs < fromMs || event.receivedAtMs >= toMs) return false;
    const seen = filterable(event, () => event.body);
    return named.wants(seen) && route.wants(seen) && routeOfNotice(event) !== routeId;
  };
}

/** How far a replay has come at one station. Everything up to `afterSeq` is settled. */
export interface ReplayProgress {
  readonly afterSeq: number;
  /** Failed attempts at the event `afterSeq + 1`. */
  readonly attempts: number;
  /** Of these, how many the destination refused. */
  readonly refusals: number;
  /** Nothing of the station is tried before this time. */
  readonly notBeforeMs: number | null;
}

export interface ReplayStep {
  /** `gone`: the destination wants nothing more; the event keeps its place and its tries. */
  readonly kind: "delivered" | "failed" | "wait" | "gone";
  readonly progress: ReplayProgress;
}

/** Failed attempts at the event `seq`: what was tried at another does not count for it. */
export function attemptsAt(progress: Pick<ReplayProgress, "afterSeq" | "attempts">, seq: number) {
  return seq === progress.afterSeq + 1 ? progress.attempts : 0;
}

/** What a replay does after an attempt at the event `seq` of a station. `random` is in [0, 1). */
export function afterReplayAttempt(
  progress: ReplayProgress,
  seq: number,
  outcome: Outcome,
  nowMs: number,
  random: number,
): ReplayStep {
  const before = seq === progress.afterSeq + 1 ? progress : past(seq - 1);
  const attempts = before.attempts + 1;
  switch (classify(outcome)) {
    case "delivered":
      return { kind: "delivered", progress: past(seq) };
    case "gone":
      return { kind: "gone", progress: { ...before, notBeforeMs: null } };
    case "refused": {
      const refusals = before.refusals + 1;
      if (refusals >= MAX_REFUSALS) return { kind: "failed", progress: past(seq) };
      const notBeforeMs = nowMs + REFUSED_RETRY_MS;
      return { kind: "wait", progress: { ...before, attempts, refusals, notBeforeMs } };
    }
    case "trouble": {
      const failures = attempts - before.refusals;
      const delayMs = retryDelayMs(failures, REPLAY_SCHEDULE_SECONDS, random);
      if (delayMs === null) return { kind: "failed", progress: past(seq) };
      const notBeforeMs = nowMs + Math.max(delayMs, retryAfterMs(outcome) ?? 0);
      return { kind: "wait", progress: { ...before, attempts, notBeforeMs } };
    }
  }
}

/** When the next attempt of a replay may be made, after one that was given the time `lastMs`. */
export function nextAttemptMs(lastMs: number, nowMs: number): number {
  const intervalMs = 1000 / REPLAY_ATTEMPTS_PER_SECOND;
  // Each station at work waits for one.
  return Math.max(nowMs, dueAt(lastMs, nowMs, REPLAY_STATIONS * intervalMs) + intervalMs);
}

function past(seq: number): ReplayProgress {
  return { afterSeq: seq, attempts: 0, refusals: 0, notBeforeMs: null };
}
