import type { StationEvent } from "../domain/event.ts";
import type { Database } from "./database.ts";
import { newestInRing } from "./ring.ts";

/** A row of the log. `head` is what the station knew right after this event (station-journal.ts). */
export type LogRow = {
  readonly seq: number;
  readonly eventId: string;
  readonly type: string;
  readonly source: string;
  readonly late: number;
  readonly occurredAtMs: number;
  readonly receivedAtMs: number;
  readonly body: string;
};

const COLUMNS = `seq, event_id AS eventId, type, source, late,
  occurred_at_ms AS occurredAtMs, received_at_ms AS receivedAtMs, body`;

/** The ring's size, and the epoch of the station's stream. Null before the first event. */
export function readRing(db: Database): { capacity: number; epoch: string } | null {
  return db.first<{ capacity: number; epoch: string }>("SELECT capacity, epoch FROM ring");
}

export function insertRing(db: Database, capacity: number, epoch: string): void {
  db.run("INSERT INTO ring (id, capacity, epoch) VALUES (1, ?, ?)", capacity, epoch);
}

/** The newest seq in the log, 0 when it is empty. */
export function readNewestSeq(db: Database, capacity: number): number {
  const number = (row: { seq: number } | null) => (row === null ? null : row.seq - 1);
  const newest = newestInRing({
    capacity,
    numberAt: (slot) => number(db.first("SELECT seq FROM log WHERE slot = ?", slot)),
    numberAtEnd: () => number(db.first("SELECT seq FROM log ORDER BY slot DESC LIMIT 1")),
  });
  return newest === null ? 0 : newest + 1;
}

/** The stored head of the event with this seq. */
export function readHead(db: Database, capacity: number, seq: number): string | null {
  const slot = slotOf(seq, capacity);
  return db.first<{ head: string }>("SELECT head FROM log WHERE slot = ?", slot)?.head ?? null;
}

export function rewriteHead(db: Database, capacity: number, seq: number, head: string): void {
  db.run("UPDATE log SET head = ? WHERE slot = ?", head, slotOf(seq, capacity));
}

/** One row written, whether the slot was used before or not. */
export function writeEvent(
  db: Database,
  capacity: number,
  event: StationEvent,
  head: string,
): void {
  db.run(
    `INSERT INTO log (slot, seq, event_id, type, source, late, occurred_at_ms, received_at_ms, head, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (slot) DO UPDATE SET
       seq = excluded.seq, event_id = excluded.event_id, type = excluded.type,
       source = excluded.source, late = excluded.late,
       occurred_at_ms = excluded.occurred_at_ms, received_at_ms = excluded.received_at_ms,
       head = excluded.head, body = excluded.body`,
    slotOf(event.seq, capacity),
    event.seq,
    event.id,
    event.type,
    event.source,
    event.late ? 1 : 0,
    event.occurredAtMs,
    event.receivedAtMs,
    head,
    event.body,
  );
}

export interface SlotOwner {
  readonly seq: number;
  readonly eventId: string;
  readonly occurredAtMs: number;
  readonly receivedAtMs: number;
}

/** Who occupies the slot that `seq` would take, or null when it is free. */
export function readSlotOwner(db: Database, capacity: number, seq: number): SlotOwner | null {
  return db.first<{ seq: number; eventId: string; occurredAtMs: number; receivedAtMs: number }>(
    `SELECT seq, event_id AS eventId, occurred_at_ms AS occurredAtMs, received_at_ms AS receivedAtMs
     FROM log WHERE slot = ?`,
    slotOf(seq, capacity),
  );
}

/** Makes room for twice as many events: every other turn of the ring moves to the new half. */
export function doubleCapacity(db: Database, capacity: number): void {
  db.run(
    "UPDATE log SET slot = slot + ? WHERE (seq - 1) % ? >= ?",
    capacity,
    capacity * 2,
    capacity,
  );
  db.run("UPDATE ring SET capacity = ?", capacity * 2);
}

/** A read ends early when it has this much, so that large bodies do not fill the memory. */
const MAX_READ_CHARS = 4_000_000;

/** Events with `afterSeq` < seq <= `untilSeq`, at most `limit` but one at least, oldest first. */
export function readEvents(
  db: Database,
  capacity: number,
  afterSeq: number,
  untilSeq: number,
  limit: number,
): LogRow[] {
  const rows: LogRow[] = [];
  let chars = 0;
  const take = (row: LogRow): boolean => {
    rows.push(row);
    chars += row.body.length;
    return chars < MAX_READ_CHARS;
  };
  const last = Math.min(untilSeq, afterSeq + limit);
  // The wanted seqs are one run of slots, or two when they wrap.
  for (let from = afterSeq + 1; from <= last && chars < MAX_READ_CHARS; ) {
    const slot = slotOf(from, capacity);
    const to = Math.min(last, from + (capacity - 1 - slot));
    db.scan<LogRow>(
      take,
      `SELECT ${COLUMNS} FROM log WHERE slot BETWEEN ? AND ? ORDER BY slot`,
      slot,
      slot + (to - from),
    );
    from = to + 1;
  }
  return rows;
}

/** The first seq after `afterSeq` that was received at that time or later; null when there is none. */
export function firstSeqSince(db: Database, afterSeq: number, sinceMs: number): number | null {
  return (
    db.first<{ seq: number | null }>(
      "SELECT min(seq) AS seq FROM log WHERE seq > ? AND received_at_ms >= ?",
      afterSeq,
      sinceMs,
    )?.seq ?? null
  );
}

/** Empties the bodies of events with `afterSeq` < seq <= `untilSeq`; everything else of them stays. One row each. */
export function clearBodies(db: Database, afterSeq: number, untilSeq: number): void {
  db.run("UPDATE log SET body = '' WHERE seq > ? AND seq <= ? AND body <> ''", afterSeq, untilSeq);
}

/** Of the events from that seq on. */
export function readEventIds(db: Database, fromSeq: number): string[] {
  return db
    .all<{ eventId: string }>("SELECT event_id AS eventId FROM log WHERE seq >= ?", fromSeq)
    .map(({ eventId }) => eventId);
}

/** Ids of the newest events up to this seq, at most so many, oldest first. */
export function readNewestIds(
  db: Database,
  capacity: number,
  seq: number,
  limit: number,
): string[] {
  const count = Math.min(limit, seq, capacity);
  const slots = Array.from({ length: count }, (_, index) => slotOf(seq - index, capacity));
  return db
    .all<{ eventId: string }>(
      `SELECT event_id AS eventId FROM log WHERE slot IN (${slots.map(() => "?").join()}) ORDER BY seq`,
      ...slots,
    )
    .map(({ eventId }) => eventId);
}

export function readConfig(db: Database): { version: number; routes: string } | null {
  return db.first<{ version: number; routes: string }>("SELECT version, routes FROM config");
}

export function writeConfig(db: Database, version: number, routes: string): void {
  db.run(
    `INSERT INTO config (id, version, routes) VALUES (1, ?, ?)
     ON CONFLICT (id) DO UPDATE SET version = excluded.version, routes = excluded.routes`,
    version,
    routes,
  );
}

export type LaneRow = {
  readonly routeId: string;
  readonly cursor: number;
  readonly prevSeq: number | null;
  readonly headSeq: number | null;
  readonly attempts: number;
  readonly failures: number;
  readonly refusals: number;
  readonly notBeforeMs: number | null;
  readonly gapFirst: number | null;
  readonly gapLast: number | null;
  /** JSON of AttemptLog (domain/attempt-log.ts). */
  readonly attemptLog: string;
  /** JSON of Totals (domain/usage.ts). */
  readonly totals: string;
};

export function readLanes(db: Database): LaneRow[] {
  return db.all<LaneRow>(
    `SELECT route_id AS routeId, cursor, prev_seq AS prevSeq, head_seq AS headSeq,
       attempts, failures, refusals, not_before_ms AS notBeforeMs,
       gap_first AS gapFirst, gap_last AS gapLast, attempt_log AS attemptLog, totals FROM lanes`,
  );
}

export function writeLane(db: Database, lane: LaneRow): void {
  db.run(
    `INSERT INTO lanes (route_id, cursor, prev_seq, head_seq, attempts, failures, refusals,
       not_before_ms, gap_first, gap_last, attempt_log, totals)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (route_id) DO UPDATE SET
       cursor = excluded.cursor, prev_seq = excluded.prev_seq,
       head_seq = excluded.head_seq, attempts = excluded.attempts,
       failures = excluded.failures, refusals = excluded.refusals,
       not_before_ms = excluded.not_before_ms, gap_first = excluded.gap_first,
       gap_last = excluded.gap_last, attempt_log = excluded.attempt_log,
       totals = excluded.totals`,
    lane.routeId,
    lane.cursor,
    lane.prevSeq,
    lane.headSeq,
    lane.attempts,
    lane.failures,
    lane.refusals,
    lane.notBeforeMs,
    lane.gapFirst,
    lane.gapLast,
    lane.attemptLog,
    lane.totals,
  );
}

export function deleteLane(db: Database, routeId: string): void {
  db.run("DELETE FROM lanes WHERE route_id = ?", routeId);
}

function slotOf(seq: number, capacity: number): number {
  return (seq - 1) % capacity;
}
