import type { Extent } from "../domain/cursor.ts";
import { eventHead } from "../domain/event.ts";
import { randomText } from "../domain/ids.ts";
import type { MetricsView } from "../domain/metrics.ts";
import { invariant } from "../domain/result.ts";
import { countBefore } from "../domain/retention.ts";
import { seqOfState } from "../domain/state-view.ts";
import type { Totals } from "../domain/usage.ts";
import type { Database } from "../store/database.ts";
import { feedMigrations } from "../store/feed-schema.ts";
import {
  deleteCheckpointsFrom,
  readCheckpoints,
  readMeta,
  readMetrics,
  readNewestNumber,
  readSegment,
  readSpan,
  SEGMENT_SLOTS,
  type SegmentRow,
  writeCheckpoint,
  writeMeta,
  writeSegment,
} from "../store/feed-store.ts";
import { exists, migrate } from "../store/migrate.ts";
import { FeedMetrics } from "./feed-metrics.ts";
import { FeedUsage } from "./feed-usage.ts";
import type { StreamRecord } from "./stream-source.ts";

/** A segment is full at this size; the flush that fills it may take it further. */
const SEGMENT_CHARS = 16 * 1024;
/** And is never taken further than this, so that no row comes near the platform's limit. */
const MAX_SEGMENT_CHARS = 256 * 1024;
/** States are written out in full after this many events; a wake reads the events since. */
const CHECKPOINT_EVENTS = 1024;
const CHUNK_STATIONS = 512;
const MAX_CHECKPOINT_CHARS = 500_000;
/** JSON text holds no such character, so it separates texts safely. */
const SEPARATOR = "\u001e";

/** What the feed retains of a station. */
export interface Retained {
  readonly lastSeq: number;
  /** What the station had done when it pushed last (domain/usage.ts). */
  readonly totals?: Totals;
  /** The state as JSON text, or null while the station is gone from state and snapshots. */
  readonly state: string | null;
  /** Its first state comes with the end of the backlog that it is sending. */
  readonly awaited?: boolean;
  /** Where the feed stood when a call took the station out. Events take it out without that. */
  readonly removedOffset?: number;
  /** Where the feed stood before the event with which it came to a state that is {@link isNewsToAll}. */
  readonly restatedOffset?: number;
  /** Up to this seq of the station nothing brings it back after that. */
  readonly forgottenSeq?: number;
}

/**
 * Whether even those are to be told of its state who want none of the events that it came with. They
 * may know an older one, of a backlog's middle, when this is its end; and that it is gone, or back, is for all.
 */
export function isNewsToAll(before: Retained, now: Retained): boolean {
  if (isBehind(now)) return false;
  return isBehind(before) || (before.state === null) !== (now.state === null);
}

/** Its state lags behind its events: the end of the backlog that it is sending is still to come. */
function isBehind({ state, lastSeq, awaited = false }: Retained): boolean {
  return state === null ? awaited : seqOfState(state) < lastSeq;
}

export interface FeedEntry {
  readonly station: string;
  readonly seq: number;
  readonly type: string;
  readonly json: string;
}

/**
 * The tenant's events in the order of the feed, and the present state of every station, in
 * memory and on disk. Events are kept in segments, a ring of rows; the newest segment is
 * rewritten by each flush, so a flush costs one row however many events it brings.
 */
export class FeedLog {
  readonly #db: Database;
  readonly #slots: number;
  readonly #checkpointEvents: number;
  #epoch = "";
  #head = 0;
  #oldest = 0;
  /** The newest segment, which grows. */
  #open: Segment = newSegment(0, 1);
  readonly #stations = new Map<string, Retained>();
  /** A station's place in the checkpoints: chunks are filled in the order of appearance. */
  readonly #places = new Map<string, number>();
  readonly #dirty = new Set<number>();
  #checkpointed = 0;
  readonly usage: FeedUsage;
  /** Counted before the flush that brings what is counted. */
  readonly metrics = new FeedMetrics();

  /** A checkpoint has to come before the ring has turned once. */
  constructor(db: Database, slots = SEGMENT_SLOTS, checkpointEvents = CHECKPOINT_EVENTS) {
    this.#db = db;
    this.usage = new FeedUsage(db);
    this.#slots = slots;
    this.#checkpointEvents = checkpointEvents;
    if (exists(db)) this.#load();
  }

  extent(): Extent {
    return { epoch: this.#epoch, oldest: this.#oldest, head: this.#head };
  }

  lastSeq(station: string): number {
    return this.#stations.get(station)?.lastSeq ?? 0;
  }

  retained(station: string): Retained | null {
    return this.#stations.get(station) ?? null;
  }

  /** The newest event; null when there is none. */
  newest(): StreamRecord | null {
    return this.#head <= this.#oldest ? null : (this.read(this.#head - 1).records.at(-1) ?? null);
  }

  /** Null for a station that never sent anything, or that is gone. */
  state(station: string): string | null {
    return this.#stations.get(station)?.state ?? null;
  }

  /** Of a station without a state: whether it is gone, or has yet to send one. */
  whyNoState(station: string): "gone" | null {
    return this.#stations.get(station)?.awaited === true ? null : "gone";
  }

  knows(station: string): boolean {
    return this.#stations.has(station);
  }

  /** Ids of the stations that are there, in order, after the given one. */
  stationsAfter(after: string, limit: number): string[] {
    const names: string[] = [];
    for (const [name, { state }] of this.#stations) {
      if (state !== null && name > after) names.push(name);
    }
    return names.sort().slice(0, limit);
  }

  allStations(): string[] {
    return [...this.#stations.keys()];
  }

  /** Ids of all stations, gone or not, in order, after the given one. */
  namesAfter(after: string, limit: number): string[] {
    const names = this.allStations().filter((name) => name > after);
    return names.sort().slice(0, limit);
  }

  /**
   * The states of the stations that pass. A station with a long backlog sends its state with the
   * end of it: until then the log is ahead of the state, and this is null unless even such
   * states are wanted.
   */
  snapshot(wants: (station: string) => boolean, evenBehind: boolean): string[] | null {
    const states: string[] = [];
    for (const [station, now] of this.#stations) {
      if (now.state === null || !wants(station)) continue;
      if (!evenBehind && isBehind(now)) return null;
      states.push(now.state);
    }
    return states;
  }

  /** Creates the tables and the epoch at the tenant's first event or subscriber, never before. */
  create(): void {
    if (this.#epoch !== "") return;
    migrate(this.#db, feedMigrations);
    this.#epoch = randomText(12);
    writeMeta(this.#db, "epoch", this.#epoch);
  }

  /** A new epoch: every cursor given out so far is unknown from now on. */
  renewEpoch(): void {
    this.#epoch = randomText(12);
    writeMeta(this.#db, "epoch", this.#epoch);
  }

  /**
   * Puts events at the end, with what their stations are now: all of it or none. One row, as
   * long as a segment lasts. When it throws, this log is ahead of what is stored; make a new one.
   */
  append(
    entries: readonly FeedEntry[],
    retained: ReadonlyMap<string, Retained>,
  ): readonly StreamRecord[] {
    this.create();
    return this.#db.transaction(() => this.#append(entries, retained));
  }

  #append(
    entries: readonly FeedEntry[],
    retained: ReadonlyMap<string, Retained>,
  ): readonly StreamRecord[] {
    const records: StreamRecord[] = [];
    for (const [station, now] of retained) this.#retain(station, now);
    for (const { type, station, json } of entries) {
      this.#head += 1;
      records.push({ offset: this.#head, type, station, json });
    }
    this.#write(records, retained);
    if (this.#head - this.#checkpointed >= this.#checkpointEvents) this.#checkpoint();
    return records;
  }

  /**
   * Lets go of events received before that time, from the oldest on, in at most so many
   * segments: one row for each and one more. True while there may be more to let go of. When it
   * throws, this log is ahead of what is stored; make a new one.
   */
  clearBefore(beforeMs: number, maxSegments: number): boolean {
    if (this.#epoch === "") return false;
    return this.#db.transaction(() => {
      const before = this.#oldest;
      let segmentCount = 0;
      while (segmentCount < maxSegments && this.#clearOldest(beforeMs)) segmentCount += 1;
      if (this.#oldest > before) writeMeta(this.#db, "cleared", String(this.#oldest));
      return segmentCount === maxSegments;
    });
  }

  /** Takes a station out of state and snapshots. When it throws, make a new log, as above. */
  remove(station: string, forgottenSeq = this.lastSeq(station)): void {
    const known = this.#stations.get(station);
    if (known === undefined) return;
    this.#retain(station, { ...known, state: null, removedOffset: this.#head, forgottenSeq });
    // All of its rows or none: a part left over from before would set stations back.
    this.#db.transaction(() => this.#checkpoint());
  }

  /** Stations that at that offset or after it were taken out by a call, and still are, or {@link isNewsToAll}. */
  *restatedSince(offset: number): Generator<string> {
    for (const [station, { removedOffset = -1, restatedOffset = -1 }] of this.#stations) {
      if (Math.max(removedOffset, restatedOffset) >= offset) yield station;
    }
  }

  /** The events of the segment that holds the one after `offset`, from that one on. */
  read(offset: number): { records: StreamRecord[]; offset: number } {
    if (offset >= this.#head) return { records: [], offset: this.#head };
    const { first, events } = this.#segmentAfter(offset);
    const records = recordsFrom(offset + 1, events.slice(offset + 1 - first));
    return { records, offset: first + events.length - 1 };
  }

  /** The events of the segment that holds the one at `offset`, up to that one; the offset before them. */
  readBack(offset: number): { records: StreamRecord[]; offset: number } {
    const { first, events } = this.#segmentAfter(offset - 1);
    const records = recordsFrom(first, events.slice(0, offset + 1 - first));
    return { records, offset: first - 1 };
  }

  /** What was counted in the last minutes, as far as there are segments of them. */
  reportMetrics(minutes: number, nowMs: number): Promise<MetricsView> {
    const readRow = (number: number) => readMetrics(this.#db, this.#slots, number);
    return this.metrics.report(minutes, nowMs, readRow);
  }

  #write(records: readonly StreamRecord[], retained: ReadonlyMap<string, Retained>): void {
    const lastOffsets = new Map(records.map(({ station, offset }) => [station, offset]));
    if (this.#open.eventChars >= SEGMENT_CHARS || this.#open.stateChars >= MAX_SEGMENT_CHARS) {
      this.#turn(this.#head - records.length + 1);
    }
    for (const { offset, station, json } of records) {
      const { events, eventChars, stateChars } = this.#open;
      if (events.length > 0 && eventChars + stateChars + json.length > MAX_SEGMENT_CHARS) {
        this.#store();
        this.#turn(offset);
      }
      this.#open.events.push(json);
      this.#open.eventChars += json.length;
      // The state goes with the newest event that made it what it is.
      const now = retained.get(station);
      if (now !== undefined && lastOffsets.get(station) === offset) this.#putState(station, now);
    }
    this.#store();
    const oldest = this.#open.number - this.#slots + 1;
    if (oldest > 0) this.#raiseOldest(oldest);
  }

  #turn(first: number): void {
    this.metrics.turn(this.#open.number);
    this.#open = newSegment(this.#open.number + 1, first);
  }

  /** Of the segment with the oldest event; true when nothing of it is left, and there are others. */
  #clearOldest(beforeMs: number): boolean {
    if (this.#oldest >= this.#head) return false;
    const segment = this.#segmentAfter(this.#oldest);
    const count = countBefore(segment.events.map(receivedAtMs), beforeMs);
    if (count === 0) return false;
    this.#oldest = segment.first + count - 1;
    const isEmpty = count === segment.events.length;
    if (!("last" in segment)) {
      this.#open.first += count;
      for (const json of this.#open.events.splice(0, count)) this.#open.eventChars -= json.length;
      this.#store();
      return false;
    }
    writeSegment(this.#db, this.#slots, {
      ...segment,
      first: segment.first + count,
      events: segment.events.slice(count).join(SEPARATOR),
    });
    return isEmpty;
  }

  /** The ring has come round: it begins with this segment now, unless more was let go of before. */
  #raiseOldest(number: number): void {
    const first = readSpan(this.#db, this.#slots, number)?.first ?? 1;
    this.#oldest = Math.max(this.#oldest, first - 1);
  }

  #putState(station: string, now: Retained): void {
    const before = this.#open.states.get(station);
    this.#open.stateChars += (now.state?.length ?? 0) - (before?.state?.length ?? 0);
    this.#open.states.set(station, now);
  }

  #store(): void {
    const { number, first, events, states } = this.#open;
    writeSegment(this.#db, this.#slots, {
      number,
      first,
      last: first + events.length - 1,
      states: JSON.stringify([...states]),
      events: events.join(SEPARATOR),
      usage: this.usage.serialize(),
      metrics: this.metrics.serialize(),
    });
  }

  #retain(station: string, now: Retained): void {
    let place = this.#places.get(station);
    if (place === undefined) {
      place = this.#places.size;
      this.#places.set(station, place);
    }
    this.#stations.set(station, now);
    this.#dirty.add(Math.floor(place / CHUNK_STATIONS));
  }

  #checkpoint(): void {
    const names = [...this.#places.keys()];
    for (const chunk of this.#dirty) {
      const from = chunk * CHUNK_STATIONS;
      const parts = cut(
        names
          .slice(from, from + CHUNK_STATIONS)
          .map((name) => JSON.stringify([name, this.#stations.get(name)])),
      );
      parts.forEach((texts, part) => {
        writeCheckpoint(this.#db, chunk, part, `[${texts.join(",")}]`);
      });
      deleteCheckpointsFrom(this.#db, chunk, parts.length);
    }
    this.#dirty.clear();
    this.#checkpointed = this.#head;
    writeMeta(this.#db, "checkpointed", String(this.#head));
  }

  /** The segment that holds the first event after `offset`, which is before the head. */
  #segmentAfter(offset: number): Segment | StoredSegment {
    if (offset + 1 >= this.#open.first) return this.#open;
    let low = Math.max(0, this.#open.number - this.#slots + 1);
    let high = this.#open.number;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((readSpan(this.#db, this.#slots, middle)?.last ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    const row = readSegment(this.#db, this.#slots, low);
    invariant(row !== null, "the feed has every segment up to its head");
    return { ...row, events: textsOf(row) };
  }

  #load(): void {
    migrate(this.#db, feedMigrations);
    this.#epoch = readMeta(this.#db, "epoch") ?? "";
    this.#checkpointed = Number(readMeta(this.#db, "checkpointed") ?? "0");
    for (const states of readCheckpoints(this.#db)) {
      // Our own text, written by #checkpoint of this or an older version.
      const entries: [string, Retained][] = JSON.parse(states);
      for (const [station, retained] of entries) this.#retain(station, retained);
    }
    this.#dirty.clear();
    const newest = readNewestNumber(this.#db, this.#slots);
    if (newest === null) return;
    this.#oldest = Number(readMeta(this.#db, "cleared") ?? "0");
    this.#raiseOldest(Math.max(0, newest - this.#slots + 1));
    this.#loadSegmentsUpTo(newest);
  }

  /** The states written with the segments since the last checkpoint, oldest first; the newest goes on growing. */
  #loadSegmentsUpTo(newest: number): void {
    const since: SegmentRow[] = [];
    for (let number = newest; number >= 0; number -= 1) {
      const row = readSegment(this.#db, this.#slots, number);
      if (row === null || (number < newest && row.last <= this.#checkpointed)) break;
      since.unshift(row);
    }
    for (const row of since) {
      this.#open = newSegment(row.number, row.first);
      this.#open.events.push(...textsOf(row));
      this.#open.eventChars = row.events.length;
      this.usage.load(row.usage);
      this.metrics.load(row.metrics);
      const states: [string, Retained][] = JSON.parse(row.states);
      for (const [station, now] of states) {
        this.#putState(station, now);
        if (now.lastSeq > this.lastSeq(station)) this.#retain(station, now);
      }
      this.#head = row.last;
    }
  }
}

/** Events as records, the first of them at `offset`. */
function recordsFrom(offset: number, events: readonly string[]): StreamRecord[] {
  return events.map((json, index) => {
    const { type, station }: { type: string; station: string } = JSON.parse(eventHead(json));
    return { offset: offset + index, type, station, json };
  });
}

type StoredSegment = Omit<SegmentRow, "events"> & { readonly events: readonly string[] };

/** A segment of which all is let go has none. */
function textsOf({ events }: SegmentRow): string[] {
  return events === "" ? [] : events.split(SEPARATOR);
}

function receivedAtMs(json: string): number {
  const { receivedAt }: { receivedAt: string } = JSON.parse(eventHead(json));
  return Date.parse(receivedAt);
}

/** The segment that the next flush adds to. */
interface Segment {
  readonly number: number;
  first: number;
  readonly events: string[];
  eventChars: number;
  readonly states: Map<string, Retained>;
  stateChars: number;
}

function newSegment(number: number, first: number): Segment {
  return { number, first, events: [], eventChars: 0, states: new Map(), stateChars: 0 };
}

/** Texts in runs that a row takes. */
function cut(texts: readonly string[]): string[][] {
  const rows: string[][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const text of texts) {
    if (chars + text.length > MAX_CHECKPOINT_CHARS) {
      rows.push([]);
      chars = 0;
    }
    rows.at(-1)?.push(text);
    chars += text.length;
  }
  return rows;
}
