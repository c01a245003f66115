import type { ReasonCount, WatchedSource } from "../domain/source-health.ts";
import type { Database } from "./database.ts";

export type WatchedSourceRow = WatchedSource & { readonly id: string };

/** Sources whose silence would be news: those told of are not, until events have come again. */
export function listWatchedSources(db: Database): WatchedSourceRow[] {
  return db.all<WatchedSourceRow>(
    `SELECT id, last_event_at_ms AS lastEventAtMs, silent_after_seconds AS silentAfterSeconds,
       updated_at_ms AS updatedAtMs
     FROM sources
     WHERE enabled = 1 AND silent_after_seconds > 0 AND last_event_at_ms IS NOT NULL
       AND last_event_at_ms IS NOT silence_told_ms`,
  );
}

/** Corrects when the source's last event came. */
export function setLastEvent(db: Database, id: string, atMs: number): void {
  db.run("UPDATE sources SET last_event_at_ms = ? WHERE id = ?", atMs, id);
}

/** The silence since the source's last event has been told of. */
export function markSilenceTold(db: Database, id: string): void {
  db.run("UPDATE sources SET silence_told_ms = last_event_at_ms WHERE id = ?", id);
}

/** Refusals noted after that time, per reason. */
export function countRefusals(db: Database, sourceId: string, afterMs: number): ReasonCount[] {
  return db.all<ReasonCount>(
    `SELECT reason, sum(count) AS count FROM refusals
     WHERE source_id = ? AND at_ms > ? GROUP BY reason`,
    sourceId,
    afterMs,
  );
}
