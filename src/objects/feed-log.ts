import type { Extent } from "../domain/cursor.ts";
import { eventHead } from "../domain/event.ts";
import { randomText } from "../domain/ids.ts";
import type { Database } from "../store/database.ts";
import { feedMigrations } from "../store/feed-schema.ts";
import {
  readCheckpoints,
  readMeta,
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
import type { StreamRecord } from "./stream.ts";

/** A segment is full at this size; the flush that fills it may take it further. */
const SEGMENT_CHARS = 16 * 1024;
/** And is never taken further than this, so that no row comes near the platform's limit. */
const MAX_SEGMENT_CHARS = 256 * 1024;
/** States are written out in full after this many events; a wake reads the events since. */
const CHECKPOINT_EVENTS = 1024;
const CHUNK_STATIONS = 512;
/** JSON text holds no such character, so it separates texts safely. */
const SEPARATOR = "\u001e";

/** What the feed retains of a station. */
interface Retained {
  readonly lastSeq: number;
  /** The state as JSON text, or null while the station is gone from state and snapshots. */
  readonly state: string | null;
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
  #epoch = "";
  #head = 0;
  #oldest = 0;
  #segment: SegmentRow = { number: 0, first: 1, last: 0, states: "{}", events: "" };
  readonly #segmentStates = new Map<string, Retained>();
  readonly #stations = new Map<string, Retained>();
  /** A station's place in the checkpoints: chunks are filled in the order of appearance. */
  readonly #places = new Map<string, number>();
  readonly #dirty = new Set<number>();
  #checkpointed = 0;

  constructor(db: Database, slots = SEGMENT_SLOTS) {
    this.#db = db;
    this.#slots = slots;
    if (exists(db)) this.#load();
  }

  extent(): Extent {
    return { epoch: this.#epoch, oldest: this.#oldest, head: this.#head };
  }

  lastSeq(station: string): number {
    return this.#stations.get(station)?.lastSeq ?? 0;
  }

  /** Null for a station that never sent anything, or that is gone. */
  state(station: string): string | null {
    return this.#stations.get(station)?.state ?? null;
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

  snapshot(wants: (station: string) => boolean): string[] {
    const states: string[] = [];
    for (const [station, { state }] of this.#stations) {
      if (state !== null && wants(station)) states.push(state);
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
    if (this.#head - this.#checkpointed >= CHECKPOINT_EVENTS) this.#checkpoint();
    return records;
  }

  /** Takes a station out of state and snapshots. */
  remove(station: string): void {
    const known = this.#stations.get(station);
    if (known === undefined) return;
    this.#retain(station, { ...known, state: null });
    this.#checkpoint();
  }

  /** The events of the segment that holds the one after `offset`, from that one on. */
  read(offset: number): { records: StreamRecord[]; offset: number } {
    const row = this.#segmentAfter(offset);
    if (row === null) return { records: [], offset: this.#head };
    const records = row.events.split(SEPARATOR).flatMap((json, index) => {
      const at = row.first + index;
      if (at <= offset) return [];
      const { type, station }: { type: string; station: string } = JSON.parse(eventHead(json));
      return [{ offset: at, type, station, json }];
    });
    return { records, offset: row.last };
  }

  #write(records: readonly StreamRecord[], retained: ReadonlyMap<string, Retained>): void {
    for (const [station, now] of retained) this.#segmentStates.set(station, now);
    let { number, first, events } = this.#segment;
    let size = events.length;
    let parts = events === "" ? [] : [events];
    const flush = (last: number) => {
      const states = JSON.stringify(Object.fromEntries(this.#segmentStates));
      this.#segment = { number, first, last, states, events: parts.join(SEPARATOR) };
      writeSegment(this.#db, this.#slots, this.#segment);
    };
    if (size >= SEGMENT_CHARS) {
      [number, first, size, parts] = [number + 1, this.#segment.last + 1, 0, []];
      this.#resetSegmentStates(retained);
    }
    for (const { offset, json } of records) {
      if (size > 0 && size + json.length > MAX_SEGMENT_CHARS) {
        flush(offset - 1);
        [number, first, size, parts] = [number + 1, offset, 0, []];
        this.#resetSegmentStates(retained);
      }
      parts.push(json);
      size += json.length;
    }
    flush(this.#head);
    const oldest = number - this.#slots + 1;
    if (oldest > 0) this.#oldest = (readSpan(this.#db, this.#slots, oldest)?.first ?? 1) - 1;
  }

  #resetSegmentStates(retained: ReadonlyMap<string, Retained>): void {
    this.#segmentStates.clear();
    for (const [station, now] of retained) this.#segmentStates.set(station, now);
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
      const states = names
        .slice(from, from + CHUNK_STATIONS)
        .map((name) => [name, this.#stations.get(name)]);
      writeCheckpoint(this.#db, chunk, JSON.stringify(states));
    }
    this.#dirty.clear();
    this.#checkpointed = this.#head;
    writeMeta(this.#db, "checkpointed", String(this.#head));
  }

  /** The segment that holds the first event after `offset`; null when there is none. */
  #segmentAfter(offset: number): SegmentRow | null {
    if (offset >= this.#head) return null;
    if (offset + 1 >= this.#segment.first) return this.#segment;
    let low = Math.max(0, this.#segment.number - this.#slots + 1);
    let high = this.#segment.number;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((readSpan(this.#db, this.#slots, middle)?.last ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    return readSegment(this.#db, this.#slots, low);
  }

  #load(): void {
    migrate(this.#db, feedMigrations);
    this.#epoch = readMeta(this.#db, "epoch") ?? "";
    this.#checkpointed = Number(readMeta(this.#db, "checkpointed") ?? "0");
    for (const { states } of readCheckpoints(this.#db)) {
      // Our own text, written by #checkpoint of this or an older version.
      const entries: [string, Retained][] = JSON.parse(states);
      for (const [station, retained] of entries) this.#retain(station, retained);
    }
    this.#dirty.clear();
    const newest = readNewestNumber(this.#db, this.#slots);
    if (newest === null) return;
    this.#segment = readSegment(this.#db, this.#slots, newest) ?? this.#segment;
    this.#head = this.#segment.last;
    const oldest = Math.max(0, newest - this.#slots + 1);
    this.#oldest = (readSpan(this.#db, this.#slots, oldest)?.first ?? 1) - 1;
    this.#loadStatesSince(newest);
  }

  /** The states written with the segments since the last checkpoint, oldest first. */
  #loadStatesSince(newest: number): void {
    const since: SegmentRow[] = [];
    for (let number = newest; number >= 0; number -= 1) {
      const row = number === newest ? this.#segment : readSegment(this.#db, this.#slots, number);
      if (row === null || row.last <= this.#checkpointed) break;
      since.unshift(row);
    }
    for (const { states } of since) {
      this.#segmentStates.clear();
      const retained: Record<string, Retained> = JSON.parse(states);
      for (const [station, now] of Object.entries(retained)) {
        this.#segmentStates.set(station, now);
        if (now.lastSeq > this.lastSeq(station)) this.#retain(station, now);
      }
    }
  }
}
