import { type StationEvent, serializeEvent } from "../../../src/domain/event.ts";
import {
  EMPTY_STATE,
  foldEvent,
  forgetStation,
  type StationState,
  serializeState,
} from "../../../src/domain/state.ts";
import type { PushBatch } from "../../../src/objects/feed.ts";

/** An event as its station has it, and the station's state right after it. */
export interface Accepted {
  readonly station: string;
  readonly seq: number;
  readonly type: string;
  readonly n: number;
  readonly json: string;
  readonly state: string;
  readonly isGone: boolean;
}

export interface Fresh {
  readonly station: string;
  readonly type: string;
  /** What filters look at. */
  readonly n: number;
  /** How much earlier than now it occurred. */
  readonly lateMs: number;
  readonly padding: number;
}

/** How a batch goes wrong, or does not. */
export type Shape = "exact" | "repeated" | "holed" | "part";

/** Stations as the feed knows them: what they have accepted, and what they believe the feed has. */
export class Fleet {
  readonly #events = new Map<string, Accepted[]>();
  readonly #folded = new Map<string, StationState>();
  readonly #believed = new Map<string, number>();
  /** By station, seqs that batches ended with which brought no state. */
  readonly #parts = new Set<string>();
  /** By station, seqs that no feed will ever have. */
  readonly #lost = new Set<string>();
  readonly #oldest = new Map<string, number>();

  accept({ station, type, n, lateMs, padding }: Fresh, nowMs: number): void {
    const events = this.of(station);
    const seq = events.length + 1;
    const body = JSON.stringify({
      type,
      data: {
        _id: type.startsWith("session.") ? `s${n % 3}` : station,
        status: ["Charging", "Available", "Started"][n % 3],
        n,
        connectors: [{ _id: `c${n % 2}`, status: ["Available", "Charging"][n % 2] }],
        padding: "x".repeat(padding),
      },
    });
    const occurredAtMs = nowMs - lateMs;
    const event: StationEvent = {
      id: `${station}-${seq}`,
      type,
      source: "src_model",
      station,
      seq,
      late: lateMs > 0,
      occurredAtMs,
      receivedAtMs: nowMs,
      body,
    };
    const folded = foldEvent(this.#folded.get(station) ?? EMPTY_STATE, event);
    this.#folded.set(station, folded);
    const state = serializeState(station, seq, folded);
    const json = serializeEvent(event);
    events.push({ station, seq, type, n, json, state, isGone: folded.isGone });
  }

  of(station: string): Accepted[] {
    const events = this.#events.get(station) ?? [];
    this.#events.set(station, events);
    return events;
  }

  get stations(): string[] {
    return [...this.#events.keys()];
  }

  event(station: string, seq: number): Accepted | null {
    return this.#events.get(station)?.[seq - 1] ?? null;
  }

  /** A batch; null when there is nothing that it could be made of. */
  batch(station: string, shape: Shape, by: number): PushBatch | null {
    const events = this.of(station);
    const believed = this.#believed.get(station) ?? 0;
    const from =
      shape === "holed" ? believed + by : shape === "repeated" ? believed - by : believed;
    const first = Math.max(from, (this.#oldest.get(station) ?? 1) - 1, 0);
    const end = shape === "part" ? Math.min(first + by, events.length - 1) : events.length;
    const sent = events.slice(first, end);
    const last = sent.at(-1);
    if (last === undefined) return null;
    if (end < events.length) this.#parts.add(`${station}#${last.seq}`);
    return {
      station,
      oldestSeq: this.#oldest.get(station) ?? 1,
      events: sent.map(({ seq, type, json }) => ({ seq, type, json })),
      state: end < events.length ? null : last.state,
      removed: end === events.length && last.isGone,
    };
  }

  /** What the feed says that it has of a station. */
  believe(station: string, lastSeq: number): void {
    this.#believed.set(station, lastSeq);
  }

  believed(station: string): number {
    return this.#believed.get(station) ?? 0;
  }

  isBehind(station: string): boolean {
    return this.believed(station) < this.of(station).length;
  }

  /** The station's log turns before the feed has had all of it. */
  lose(station: string): boolean {
    const newest = this.of(station).length;
    if (newest - this.believed(station) < 2) return false;
    for (let seq = this.believed(station) + 1; seq < newest; seq += 1) {
      this.#lost.add(`${station}#${seq}`);
    }
    this.#oldest.set(station, newest);
    return true;
  }

  isLost(station: string, seq: number): boolean {
    return this.#lost.has(`${station}#${seq}`);
  }

  /** Whether what the feed has of a station may have ended there without its state. */
  mayLackState(station: string, seq: number): boolean {
    return this.#parts.has(`${station}#${seq}`);
  }

  /** A person takes it out. */
  forget(station: string, nowMs: number): void {
    this.#folded.set(station, forgetStation(this.#folded.get(station) ?? EMPTY_STATE, nowMs));
  }
}
