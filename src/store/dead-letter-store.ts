import type { StationEvent } from "../domain/event.ts";
import type { Database } from "./database.ts";

export type DeadLetterRow = {
  readonly number: number;
  readonly routeId: string;
  readonly station: string;
  readonly seq: number;
  readonly eventId: string;
  readonly type: string;
  readonly attempts: number;
  readonly lastAnswer: string;
  readonly snippet: string;
  readonly atMs: number;
  /** Null where an older version kept the letter without its event; so are the times. */
  readonly source: string | null;
  readonly occurredAtMs: number | null;
  readonly receivedAtMs: number | null;
  /** The replay that is redelivering it, or null. */
  readonly replayId: string | null;
};

export interface NewDeadLetter {
  readonly routeId: string;
  readonly event: StationEvent;
  /** Bytes of the event's body. */
  readonly size: number;
  readonly attempts: number;
  readonly lastAnswer: string;
  readonly snippet: string;
  readonly atMs: number;
}

/** Dead letters a tenant keeps; the oldest go first. */
export const MAX_DEAD_LETTERS = 10_000;
/** And of their bodies. */
export const MAX_DEAD_LETTER_BYTES = 256 * 1024 * 1024;

const COLUMNS = `number, route_id AS routeId, station, seq, event_id AS eventId, type, attempts,
  last_answer AS lastAnswer, snippet, at_ms AS atMs, source, occurred_at_ms AS occurredAtMs,
  received_at_ms AS receivedAtMs, replay_id AS replayId`;

/** False when the route has a letter for this event already. */
export function insertDeadLetter(db: Database, letter: NewDeadLetter): boolean {
  const { routeId, event } = letter;
  const known = db.first(
    "SELECT 1 FROM dead_letters WHERE route_id = ? AND station = ? AND seq = ?",
    routeId,
    event.station,
    event.seq,
  );
  if (known !== null) return false;
  db.run(
    `INSERT INTO dead_letters (route_id, station, seq, event_id, type, attempts, last_answer,
       snippet, at_ms, size, source, late, occurred_at_ms, received_at_ms, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    routeId,
    event.station,
    event.seq,
    event.id,
    event.type,
    letter.attempts,
    letter.lastAnswer,
    letter.snippet,
    letter.atMs,
    letter.size,
    event.source,
    event.late ? 1 : 0,
    event.occurredAtMs,
    event.receivedAtMs,
    event.body,
  );
  return true;
}

export function deadLetterFill(db: Database): { letters: number; bytes: number } {
  return (
    db.first<{ letters: number; bytes: number }>(
      "SELECT count(*) AS letters, coalesce(sum(size), 0) AS bytes FROM dead_letters",
    ) ?? { letters: 0, bytes: 0 }
  );
}

export function oldestDeadLetter(db: Database): { number: number; size: number } | null {
  return db.first<{ number: number; size: number }>(
    "SELECT number, size FROM dead_letters ORDER BY number LIMIT 1",
  );
}

export function deleteDeadLetter(db: Database, number: number): void {
  db.run("DELETE FROM dead_letters WHERE number = ?", number);
}

/** Oldest first, after the given one. */
export function listDeadLetters(
  db: Database,
  routeId: string,
  after: number,
  limit: number,
): DeadLetterRow[] {
  return db.all<DeadLetterRow>(
    `SELECT ${COLUMNS} FROM dead_letters WHERE route_id = ? AND number > ? ORDER BY number LIMIT ?`,
    routeId,
    after,
    limit,
  );
}

export function readDeadLetter(
  db: Database,
  routeId: string,
  number: number,
): DeadLetterRow | null {
  return db.first<DeadLetterRow>(
    `SELECT ${COLUMNS} FROM dead_letters WHERE number = ? AND route_id = ?`,
    number,
    routeId,
  );
}

/** The letter's event; null where there is none. */
export function readLetterEvent(db: Database, number: number): StationEvent | null {
  const row = db.first<Omit<StationEvent, "late"> & { late: number }>(
    `SELECT event_id AS id, type, source, station, seq, late, occurred_at_ms AS occurredAtMs,
       received_at_ms AS receivedAtMs, body
     FROM dead_letters WHERE number = ? AND body IS NOT NULL`,
    number,
  );
  return row === null ? null : { ...row, late: row.late === 1 };
}
