/** A day is the least: for so long an event's id is remembered in any case. */
export const MIN_RETENTION_DAYS = 1;
export const MAX_RETENTION_DAYS = 365;

const DAY_MS = 86_400_000;
/** What has become too old goes within this time: each round wakes every station of the tenant once. */
export const SWEEP_EVERY_MS = DAY_MS;
/** How soon a round is repeated in which a station could not be reached. */
export const SWEEP_AGAIN_MS = 3_600_000;

/** Bodies of events received before this are not kept any more. */
export function keptSinceMs(nowMs: number, retentionDays: number): number {
  return nowMs - retentionDays * DAY_MS;
}

/** When the next round is due after one that ended at `nowMs`. */
export function nextSweepMs(nowMs: number, isComplete: boolean): number {
  return nowMs + (isComplete ? SWEEP_EVERY_MS : SWEEP_AGAIN_MS);
}

/**
 * How many events at the beginning were received before that time. One that stands behind a
 * younger one stays until that has gone, so that what is kept has no holes.
 */
export function countBefore(receivedAtMs: readonly number[], beforeMs: number): number {
  const first = receivedAtMs.findIndex((atMs) => atMs >= beforeMs);
  return first < 0 ? receivedAtMs.length : first;
}
