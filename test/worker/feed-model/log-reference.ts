import { expect } from "vitest";

import type { FeedEntry, FeedLog, Retained } from "../../../src/objects/feed-log.ts";

/** What a push brings of one station. */
export interface Brought {
  readonly station: string;
  readonly chars: number;
  /** The state after it, that it is to follow, or that the station is gone. */
  readonly state: "present" | "awaited" | "gone";
  readonly stateChars: number;
}

interface Logged {
  readonly json: string;
  readonly receivedAtMs: number;
}

/** What a feed's log has to hold: an array and a map. */
export class LogReference {
  #events: readonly Logged[] = [];
  #stations: ReadonlyMap<string, Retained> = new Map();
  /** Everything up to here may have been let go of because it was to be. */
  #expired = 0;
  #oldest = 0;
  #epoch = "";

  get head(): number {
    return this.#events.length;
  }

  get stations(): string[] {
    return [...this.#stations.keys()];
  }

  receivedAtMs(offset: number): number {
    return this.#events[offset - 1]?.receivedAtMs ?? 0;
  }

  /** The entries and what is retained with them; `accept` puts them in. */
  entries(brought: readonly Brought[], nowMs: number) {
    const events = [...this.#events];
    const retained = new Map<string, Retained>();
    const entries: FeedEntry[] = [];
    for (const { station, chars, state, stateChars } of brought) {
      const before = retained.get(station) ?? this.#stations.get(station);
      const seq = (before?.lastSeq ?? 0) + 1;
      const entry = { station, seq, type: "session.updated", chars, receivedAtMs: nowMs };
      const json = eventJson(entry);
      events.push({ json, receivedAtMs: nowMs });
      entries.push({ station, seq, type: entry.type, json });
      retained.set(station, retainedAfter(before, station, seq, state, stateChars));
    }
    const accept = () => {
      this.#events = events;
      this.#stations = new Map([...this.#stations, ...retained]);
    };
    return { entries, retained, accept };
  }

  remove(station: string): void {
    const known = this.#stations.get(station);
    if (known === undefined) return;
    const removed = { ...known, state: null, removedOffset: this.head };
    this.#stations = new Map([...this.#stations, [station, removed]]);
  }

  /** Events before the first that was received at that time or later may go. Up to where they are. */
  expire(beforeMs: number): number {
    const first = this.#events.findIndex(
      ({ receivedAtMs }, index) => index >= this.#oldest && receivedAtMs >= beforeMs,
    );
    const upTo = first < 0 ? this.head : first;
    this.#expired = Math.max(this.#expired, upTo);
    return upTo;
  }

  renewed(log: FeedLog): void {
    expect(log.extent().epoch).not.toBe(this.#epoch);
    this.#epoch = log.extent().epoch;
  }

  /** Cheap, after each step. */
  check(log: FeedLog, leastChars: number): void {
    const { epoch, oldest, head } = log.extent();
    expect(head).toBe(this.head);
    expect(oldest).toBeGreaterThanOrEqual(this.#oldest);
    expect(oldest).toBeLessThanOrEqual(head);
    if (this.#epoch !== "") expect(epoch).toBe(this.#epoch);
    this.#epoch = epoch;
    // What went without having been asked to is what the ring has no room for.
    if (oldest > Math.max(this.#oldest, this.#expired)) {
      expect(this.#charsAfter(oldest)).toBeGreaterThanOrEqual(leastChars);
    }
    this.#oldest = oldest;
  }

  /** Everything that the log tells. */
  checkAll(log: FeedLog): void {
    const { oldest, head } = log.extent();
    const kept = this.#events.slice(oldest);
    expect(forwards(log, oldest)).toEqual(kept.map(({ json }) => json));
    expect(backwards(log, head, oldest)).toEqual(kept.map(({ json }) => json));
    expect(log.newest()?.json ?? null).toBe(kept.at(-1)?.json ?? null);
    const names = this.stations.sort();
    expect(log.namesAfter("", names.length + 1)).toEqual(names);
    const present = names.filter((name) => (this.#stations.get(name)?.state ?? null) !== null);
    expect(log.stationsAfter("", names.length + 1)).toEqual(present);
    for (const [station, now] of this.#stations) {
      expect([station, log.lastSeq(station), log.state(station)]).toEqual([
        station,
        now.lastSeq,
        now.state,
      ]);
      if (now.state === null) {
        expect(log.whyNoState(station)).toBe(now.awaited === true ? null : "gone");
      }
    }
    this.#checkSnapshots(log);
    this.#checkRemovals(log, Math.floor((oldest + head) / 2));
  }

  #checkSnapshots(log: FeedLog): void {
    const wants = (station: string) => !station.endsWith("1");
    const wanted = [...this.#stations].filter(([station]) => wants(station));
    const states = wanted.flatMap(([, { state }]) => state ?? []);
    expect(log.snapshot(wants, true)?.toSorted()).toEqual(states.toSorted());
    const isBehind = wanted.some(([station, { state, lastSeq }]) => {
      return state !== null && !state.startsWith(`{"station":"${station}","seq":${lastSeq},`);
    });
    expect(log.snapshot(wants, false)?.toSorted()).toEqual(
      isBehind ? undefined : states.toSorted(),
    );
  }

  #checkRemovals(log: FeedLog, offset: number): void {
    const removed = [...this.#stations].filter(
      ([, { removedOffset }]) => removedOffset !== undefined && removedOffset >= offset,
    );
    expect([...log.restatedSince(offset)].sort()).toEqual(
      removed.map(([station]) => station).sort(),
    );
  }

  #charsAfter(offset: number): number {
    return this.#events.slice(offset).reduce((chars, { json }) => chars + json.length, 0);
  }
}

function retainedAfter(
  before: Retained | undefined,
  station: string,
  lastSeq: number,
  state: Brought["state"],
  stateChars: number,
): Retained {
  if (state === "gone") return { lastSeq, state: null };
  if (state === "present") return { lastSeq, state: stateText(station, lastSeq, stateChars) };
  const known = before?.state ?? null;
  return { lastSeq, state: known, ...(known === null ? { awaited: true } : {}) };
}

function eventJson({ chars, receivedAtMs, ...head }: FeedEntryFacts): string {
  const receivedAt = new Date(receivedAtMs).toISOString();
  const text = JSON.stringify({ id: `${head.station}-${head.seq}`, ...head, receivedAt });
  return `${text.slice(0, -1)},"body":"${"x".repeat(chars)}"}`;
}

interface FeedEntryFacts {
  readonly station: string;
  readonly seq: number;
  readonly type: string;
  readonly chars: number;
  readonly receivedAtMs: number;
}

const stateText = (station: string, seq: number, chars: number) =>
  JSON.stringify({ station, seq, text: "y".repeat(chars) });

/** All events after an offset, as read by who goes on where the last reading ended. */
function forwards(log: FeedLog, from: number): string[] {
  const all: string[] = [];
  for (let position = from; position < log.extent().head; ) {
    const { records, offset } = log.read(position);
    expect(offset).toBeGreaterThan(position);
    expect(records.map((record) => record.offset)).toEqual(
      Array.from({ length: offset - position }, (_, index) => position + 1 + index),
    );
    all.push(...records.map(({ json }) => json));
    position = offset;
  }
  return all;
}

/** The same, read from the head to the oldest; in the order of the log. */
function backwards(log: FeedLog, from: number, to: number): string[] {
  const all: string[] = [];
  for (let position = from; position > to; ) {
    const { records, offset } = log.readBack(position);
    expect(offset).toBeLessThan(position);
    all.unshift(...records.filter((record) => record.offset > to).map(({ json }) => json));
    position = offset;
  }
  return all;
}
