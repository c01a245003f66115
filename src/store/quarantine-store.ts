import type { Database } from "./database.ts";

export type QuarantineRow = {
  readonly number: number;
  readonly id: string;
  readonly sourceId: string;
  readonly reason: string;
  readonly receivedAtMs: number;
  readonly size: number;
};

/** What a tenant's quarantine holds at most. When it is full, webhooks for it are refused, not lost. */
export const MAX_QUARANTINED = 10_000;
export const MAX_QUARANTINED_BYTES = 256 * 1024 * 1024;

export function quarantineFill(db: Database): { entries: number; bytes: number } {
  return (
    db.first<{ entries: number; bytes: number }>(
      "SELECT count(*) AS entries, coalesce(sum(size), 0) AS bytes FROM quarantine",
    ) ?? { entries: 0, bytes: 0 }
  );
}

export function insertQuarantined(
  db: Database,
  row: Omit<QuarantineRow, "number">,
  body: ArrayBuffer,
): void {
  db.run(
    `INSERT INTO quarantine (id, source_id, reason, received_at_ms, size, body)
     VALUES (?, ?, ?, ?, ?, ?)`,
    row.id,
    row.sourceId,
    row.reason,
    row.receivedAtMs,
    row.size,
    body,
  );
}

export function isQuarantined(db: Database, id: string): boolean {
  return db.first("SELECT 1 FROM quarantine WHERE id = ?", id) !== null;
}

/** A body's beginning; null when it is empty, because SQLite has no empty part of a blob. */
export type QuarantinedRow = QuarantineRow & { readonly beginning: ArrayBuffer | null };

/** Oldest first, with the beginning of each body. */
export function listQuarantined(db: Database, after: number, limit: number): QuarantinedRow[] {
  return db.all<QuarantinedRow>(
    `SELECT number, id, source_id AS sourceId, reason, received_at_ms AS receivedAtMs, size,
       substr(body, 1, 1024) AS beginning
     FROM quarantine WHERE number > ? ORDER BY number LIMIT ?`,
    after,
    limit,
  );
}

export type QuarantinedBody = QuarantineRow & {
  readonly body: ArrayBuffer;
  readonly releasedTo: string | null;
};

/** One entry with all of its body. */
export function readQuarantined(db: Database, id: string): QuarantinedBody | null {
  return db.first<QuarantinedBody>(
    `SELECT number, id, source_id AS sourceId, reason, received_at_ms AS receivedAtMs, size, body,
       released_to AS releasedTo
     FROM quarantine WHERE id = ?`,
    id,
  );
}

/** Notes the station that an entry is released to, unless one is noted. Returns the one noted. */
export function claimRelease(db: Database, id: string, station: string): string | null {
  db.run("UPDATE quarantine SET released_to = ? WHERE id = ? AND released_to IS NULL", station, id);
  return (
    db.first<{ station: string | null }>(
      "SELECT released_to AS station FROM quarantine WHERE id = ?",
      id,
    )?.station ?? null
  );
}

export function deleteQuarantined(db: Database, id: string): boolean {
  if (!isQuarantined(db, id)) return false;
  db.run("DELETE FROM quarantine WHERE id = ?", id);
  return true;
}
