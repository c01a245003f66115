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

/**
 * Hands letters that have their event, and are not being redelivered, to a replay: all of the
 * route's, or the one. The stations they are of, each with its oldest letter, oldest first.
 */
export function takeDeadLetters(
  db: Database,
  routeId: string,
  number: number | null,
  replayId: string,
): { station: string; oldest: number; lastSeq: number; letters: number }[] {
  db.run(
    `UPDATE dead_letters SET replay_id = ?
     WHERE route_id = ? AND replay_id IS NULL AND body IS NOT NULL AND number = coalesce(?, number)`,
    replayId,
    routeId,
    number,
  );
  return db.all<{ station: string; oldest: number; lastSeq: number; letters: number }>(
    `SELECT station, min(number) AS oldest, max(seq) AS lastSeq, count(*) AS letters
     FROM dead_letters WHERE route_id = ? AND replay_id = ? GROUP BY station ORDER BY oldest`,
    routeId,
    replayId,
  );
}

/** The next letter that a replay is to redeliver at a station. */
export function nextDeadLetter(
  db: Database,
  routeId: string,
  replayId: string,
  station: string,
  afterSeq: number,
): number | null {
  return (
    db.first<{ number: number }>(
      `SELECT number FROM dead_letters
       WHERE route_id = ? AND station = ? AND seq > ? AND replay_id = ? ORDER BY seq LIMIT 1`,
      routeId,
      station,
      afterSeq,
      replayId,
    )?.number ?? null
  );
}

/** A letter's redelivery has failed: it stays, with the newest answer. */
export function failDeadLetter(
  db: Database,
  letter: Pick<DeadLetterRow, "number" | "attempts" | "lastAnswer" | "snippet" | "atMs">,
): void {
  db.run(
    `UPDATE dead_letters SET replay_id = NULL, attempts = attempts + ?, last_answer = ?,
       snippet = ?, at_ms = ?
     WHERE number = ?`,
    letter.attempts,
    letter.lastAnswer,
    letter.snippet,
    letter.atMs,
    letter.number,
  );
}
