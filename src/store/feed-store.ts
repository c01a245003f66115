import type { Database } from "./database.ts";
import { newestInRing } from "./ring.ts";

/** Segments kept. Each is full at 16 KiB or more, so the feed keeps 256 MiB of events at least. */
export const SEGMENT_SLOTS = 16_384;

export type SegmentRow = {
  readonly number: number;
  readonly first: number;
  readonly last: number;
  readonly states: string;
  readonly events: string;
  readonly usage: string;
  readonly metrics: string;
};

export type SegmentSpan = {
  readonly number: number;
  readonly first: number;
  readonly last: number;
};

export function readMeta(db: Database, key: string): string | null {
  return db.first<{ value: string }>("SELECT value FROM meta WHERE key = ?", key)?.value ?? null;
}

export function writeMeta(db: Database, key: string, value: string): void {
  db.run(
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    key,
    value,
  );
}

export function readNewestNumber(db: Database, slots: number): number | null {
  return newestInRing({
    capacity: slots,
    numberAt: (slot) => readSpanInSlot(db, slot)?.number ?? null,
    numberAtEnd: () =>
      db.first<{ number: number }>("SELECT number FROM segments ORDER BY slot DESC LIMIT 1")
        ?.number ?? null,
  });
}

export function readSpan(db: Database, slots: number, number: number): SegmentSpan | null {
  return readSpanInSlot(db, number % slots);
}

export function readSegment(db: Database, slots: number, number: number): SegmentRow | null {
  return db.first<SegmentRow>(
    "SELECT number, first, last, states, events, usage, metrics FROM segments WHERE slot = ?",
    number % slots,
  );
}

/** What was counted, as written with that segment; null when its slot is another's by now. */
export function readMetrics(db: Database, slots: number, number: number): string | null {
  return (
    db.first<{ metrics: string }>(
      "SELECT metrics FROM segments WHERE slot = ? AND number = ?",
      number % slots,
      number,
    )?.metrics ?? null
  );
}

/** One row written, whether the segment is new or has grown. */
export function writeSegment(db: Database, slots: number, segment: SegmentRow): void {
  db.run(
    `INSERT INTO segments (slot, number, first, last, states, events, usage, metrics)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (slot) DO UPDATE SET number = excluded.number, first = excluded.first,
       last = excluded.last, states = excluded.states, events = excluded.events,
       usage = excluded.usage, metrics = excluded.metrics`,
    segment.number % slots,
    segment.number,
    segment.first,
    segment.last,
    segment.states,
    segment.events,
    segment.usage,
    segment.metrics,
  );
}

export function readCheckpoints(db: Database): string[] {
  return db
    .all<{ states: string }>("SELECT states FROM checkpoints ORDER BY chunk, part")
    .map(({ states }) => states);
}

export function writeCheckpoint(db: Database, chunk: number, part: number, states: string): void {
  db.run(
    `INSERT INTO checkpoints (chunk, part, states) VALUES (?, ?, ?)
     ON CONFLICT (chunk, part) DO UPDATE SET states = excluded.states`,
    chunk,
    part,
    states,
  );
}

/** Parts that a chunk takes no longer, so that no old state comes back with them. */
export function deleteCheckpointsFrom(db: Database, chunk: number, part: number): void {
  db.run("DELETE FROM checkpoints WHERE chunk = ? AND part >= ?", chunk, part);
}

function readSpanInSlot(db: Database, slot: number): SegmentSpan | null {
  return db.first<SegmentSpan>("SELECT number, first, last FROM segments WHERE slot = ?", slot);
}
