/** Waits between attempts at one event, in seconds; after the last one it is exhausted. */
export const DEFAULT_SCHEDULE_SECONDS = [
  1, 5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 36_000,
] as const;

/** An event that is refused gets one more try, after this, before it counts as refused for good. */
export const MAX_REFUSALS = 2;
export const REFUSED_RETRY_MS = 1_000;

const JITTER = 0.2;

/** No wait of the schedule is longer. */
export function longestDelayMs(scheduleSeconds: readonly number[]): number {
  return Math.max(0, ...scheduleSeconds) * 1000 * (1 + JITTER);
}

/**
 * Milliseconds to wait after attempt number `attempt` (counted from 1) failed, or null when the
 * schedule is spent. `random` is in [0, 1): the wait is spread by ±20 %, so that lanes that
 * failed together do not return together.
 */
export function retryDelayMs(
  attempt: number,
  scheduleSeconds: readonly number[],
  random: number,
): number | null {
  const seconds = scheduleSeconds[attempt - 1];
  if (seconds === undefined) return null;
  return Math.round(seconds * 1000 * (1 + JITTER * (2 * random - 1)));
}
