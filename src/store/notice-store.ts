import type { NoticeKey, NoticeProgress } from "../domain/notice.ts";
import type { Database } from "./database.ts";

export type NoticeRow = NoticeProgress &
  NoticeKey & {
    /** JSON of the newest occurrence's facts. */
    readonly data: string;
    /** When the newest occurrence was. */
    readonly atMs: number;
    /** When an event is to be sent; null when there is nothing to tell. */
    readonly dueMs: number | null;
  };

/** Rows for lanes; beyond, a lane's notices count with those of its route. */
export const MAX_LANE_NOTICES = 9_000;
/** Rows in all, which leaves every route and source that a tenant may have a row of each type. */
export const MAX_NOTICES = 10_000;

const COLUMNS = `type, subject, station, data, at_ms AS atMs, pending_count AS pendingCount,
  sending_id AS sendingId, sending_count AS sendingCount, sending_ms AS sendingMs,
  sent_ms AS sentMs, due_ms AS dueMs`;

export function readNotice(db: Database, { type, subject, station }: NoticeKey): NoticeRow | null {
  return db.first<NoticeRow>(
    `SELECT ${COLUMNS} FROM notices WHERE type = ? AND subject = ? AND station = ?`,
    type,
    subject,
    station,
  );
}

export function writeNotice(db: Database, row: NoticeRow): void {
  db.run(
    `INSERT INTO notices (type, subject, station, data, at_ms, pending_count, sending_id,
       sending_count, sending_ms, sent_ms, due_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (type, subject, station) DO UPDATE SET data = excluded.data,
       at_ms = excluded.at_ms, pending_count = excluded.pending_count,
       sending_id = excluded.sending_id, sending_count = excluded.sending_count,
       sending_ms = excluded.sending_ms, sent_ms = excluded.sent_ms, due_ms = excluded.due_ms`,
    row.type,
    row.subject,
    row.station,
    row.data,
    row.atMs,
    row.pendingCount,
    row.sendingId,
    row.sendingCount,
    row.sendingMs,
    row.sentMs,
    row.dueMs,
  );
}

/** What is due, or further away than any wait lasts, in the order in which things happened. */
export function listDueNotices(
  db: Database,
  { nowMs, longestMs }: { readonly nowMs: number; readonly longestMs: number },
  limit: number,
): NoticeRow[] {
  return db.all<NoticeRow>(
    `SELECT ${COLUMNS} FROM notices WHERE due_ms <= ? OR due_ms > ? ORDER BY at_ms LIMIT ?`,
    nowMs,
    nowMs + longestMs,
    limit,
  );
}

/** When the next event is to be sent, or null when there is nothing to tell. */
export function nextNoticeDueMs(db: Database): number | null {
  return (
    db.first<{ dueMs: number | null }>("SELECT min(due_ms) AS dueMs FROM notices")?.dueMs ?? null
  );
}

export function countNotices(db: Database): number {
  return db.first<{ rows: number }>("SELECT count(*) AS rows FROM notices")?.rows ?? 0;
}

/** Rows that have nothing to tell and, sent `heldMs` ago or longer, hold nothing back any more. */
export function deleteOverNotices(db: Database, nowMs: number, heldMs: number): void {
  db.run(
    "DELETE FROM notices WHERE due_ms IS NULL AND (sent_ms <= ? OR sent_ms > ?)",
    nowMs - heldMs,
    nowMs,
  );
}
