import { MAX_CLOCK_LEAD_MS } from "./event.ts";

/** How long an isolate relies on what it knows of a source, and so is unaware of a change. */
export const SOURCE_KEPT_MS = 10_000;
/** The longest time between two notes that an isolate makes of a source's events. */
const MAX_NOTE_EVERY_MS = 60_000;
/** What a note takes to reach the tenant, a second try included. */
const NOTE_DELAY_MS = 2_000;
/** Refusals within the window that are more than a sender's slip. */
export const REFUSALS_OF_A_BURST = 5;
export const REFUSAL_WINDOW_MS = 600_000;

/** How often an isolate notes that events come in, at most: often enough to tell silence from it. */
export function noteEveryMs(silentAfterSeconds: number): number {
  if (silentAfterSeconds === 0) return MAX_NOTE_EVERY_MS;
  return Math.min(MAX_NOTE_EVERY_MS, (silentAfterSeconds * 1000) / 4);
}

/** A source that is enabled, has had events, and whose owner wants to hear when they stop. */
export type WatchedSource = {
  readonly lastEventAtMs: number;
  readonly silentAfterSeconds: number;
  readonly updatedAtMs: number;
};

/**
 * The source without what was written down by a clock that was ahead: its last event counts as
 * one that has just come, and the change of its settings as one that everybody knows of.
 */
export function heedClock<S extends WatchedSource>(source: S, nowMs: number): S {
  const { lastEventAtMs, updatedAtMs } = source;
  const latestMs = nowMs + MAX_CLOCK_LEAD_MS;
  return {
    ...source,
    lastEventAtMs: lastEventAtMs > latestMs ? nowMs : lastEventAtMs,
    updatedAtMs: updatedAtMs > latestMs ? 0 : updatedAtMs,
  };
}

/**
 * When a source counts as silent unless another event is noted. Events that came after the one
 * noted last, too soon for another note, are allowed for, and so are notes made by isolates that
 * did not know of the newest settings.
 */
export function silentAtMs(source: WatchedSource): number {
  const { lastEventAtMs, silentAfterSeconds, updatedAtMs } = source;
  const sinceMs = Math.max(lastEventAtMs, updatedAtMs + SOURCE_KEPT_MS);
  return sinceMs + noteEveryMs(silentAfterSeconds) + silentAfterSeconds * 1000 + NOTE_DELAY_MS;
}

export type ReasonCount = {
  readonly reason: string;
  readonly count: number;
};

/**
 * Whether a source's refusals are a burst, given those within the window before and the new
 * ones: `count` is how many have not been told of, so at first the ones before as well.
 */
export function refusalBurst(
  before: readonly ReasonCount[],
  added: readonly ReasonCount[],
): { readonly count: number; readonly reasons: Readonly<Record<string, number>> } | null {
  const addedCount = sum(added);
  const beforeCount = sum(before);
  if (addedCount === 0 || beforeCount + addedCount < REFUSALS_OF_A_BURST) return null;
  const reasons = new Map<string, number>();
  for (const { reason, count } of [...before, ...added]) {
    reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }
  const isGoingOn = beforeCount >= REFUSALS_OF_A_BURST;
  return {
    count: isGoingOn ? addedCount : beforeCount + addedCount,
    reasons: Object.fromEntries(reasons),
  };
}

function sum(counts: readonly ReasonCount[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}
