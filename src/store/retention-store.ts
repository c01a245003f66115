import type { Database } from "./database.ts";

export function readRetentionDays(db: Database): number {
  return db.first<{ days: number }>("SELECT retention_days AS days FROM tenant")?.days ?? 0;
}

export function writeRetentionDays(db: Database, days: number): void {
  db.run("UPDATE tenant SET retention_days = ?", days);
}

/** The round under way has seen to the stations up to `sweptTo`; null while there is none. */
export type Sweep = { readonly sweptTo: string | null; readonly dueMs: number };

export function readSweep(db: Database): Sweep {
  return (
    db.first<Sweep>("SELECT swept_to AS sweptTo, sweep_due_ms AS dueMs FROM tenant") ?? {
      sweptTo: null,
      dueMs: Number.MAX_SAFE_INTEGER,
    }
  );
}

/** A round begins, also when one is under way. */
export function beginSweep(db: Database, nowMs: number): void {
  db.run("UPDATE tenant SET swept_to = '', sweep_due_ms = ?", nowMs);
}

/** The round under way has seen to the stations up to that one. */
export function noteSwept(db: Database, to: string): void {
  db.run("UPDATE tenant SET swept_to = ?", to);
}

/** The next round is due at that time. */
export function endSweep(db: Database, dueMs: number): void {
  db.run("UPDATE tenant SET swept_to = NULL, sweep_due_ms = ?", dueMs);
}

/** Letters of events received before that time stay without their events, as those of older versions. */
export function clearDeadLetters(db: Database, beforeMs: number): void {
  db.run(
    `UPDATE dead_letters SET replay_id = NULL, size = 0, source = NULL, late = NULL,
       occurred_at_ms = NULL, received_at_ms = NULL, body = NULL, snippet = ''
     WHERE received_at_ms < ? OR (at_ms < ? AND snippet <> '')`,
    beforeMs,
    beforeMs,
  );
}

export function deleteQuarantinedBefore(db: Database, beforeMs: number): void {
  db.run("DELETE FROM quarantine WHERE received_at_ms < ?", beforeMs);
}
