/*
 * A clock may be wrong and be set right while the relay runs, and the clocks of two machines
 * differ. So no time that was written down is trusted further than it can be true: nothing waits
 * for longer than it ever would have, and what lies ahead as if it had been does not count as new.
 */

/** When a wait ends that was to end at `dueMs`: now, if that is further ahead than any wait is long. */
export function dueAt(dueMs: number, nowMs: number, longestMs: number): number {
  return dueMs - nowMs > longestMs ? nowMs : dueMs;
}

/** Whether that was less than `spanMs` ago. What lies ahead by as much is not recent either. */
export function isRecent(atMs: number, nowMs: number, spanMs: number): boolean {
  return Math.abs(nowMs - atMs) < spanMs;
}
