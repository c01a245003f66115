import { setTimeout as sleep } from "node:timers/promises";

import type { StationEvent } from "../../../src/domain/event.ts";
import type { Gap } from "../../../src/domain/lane.ts";
import type { Outcome } from "../../../src/domain/outcome.ts";
import type { AttemptPlace } from "./attempt.ts";
import type { StationPlace } from "./state-file.ts";
import { Turnstile } from "./turnstile.ts";
import { judge, type Tries, type Verdict } from "./verdict.ts";

export interface ForwarderOptions {
  /** Attempts in flight over all stations. */
  readonly concurrency: number;
  /** What is settled already. */
  readonly stations: Readonly<Record<string, StationPlace>>;
  /** Never rejects. */
  readonly attempt: (event: StationEvent, place: AttemptPlace) => Promise<Outcome>;
  readonly onAttempt: (
    event: StationEvent,
    attempt: number,
    outcome: Outcome,
    verdict: Verdict,
  ) => void;
  /** The destination wants nothing any more: nothing more is sent. */
  readonly onGone: () => void;
}

interface Pending {
  readonly event: StationEvent;
  /** From here on the stream brings this event, and all that came after it. */
  readonly cursorBefore: string | null;
  readonly gap: Gap | null;
}

interface Lane {
  readonly queue: Pending[];
  isDraining: boolean;
  /** The last seq that was taken in. */
  takenSeq: number;
  settledSeq: number;
  prevSeq: number | null;
  /** What was refused since the last delivery. */
  gap: Gap | null;
  /** Events may be missing before the next one. */
  hasHole: boolean;
}

const UNKNOWN: StationPlace = { settledSeq: 0, prevSeq: null, gap: null };
const NO_TRIES: Tries = { attempts: 0, refusals: 0 };

/** Delivers events one after the other per station, stations beside each other, until told to stop. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #lanes = new Map<string, Lane>();
  /** In the order in which they came. */
  readonly #pending = new Set<Pending>();
  readonly #turnstile: Turnstile;
  readonly #stopping = new AbortController();
  readonly #drains = new Set<Promise<void>>();
  readonly #waiting: (() => void)[] = [];

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#turnstile = new Turnstile(options.concurrency);
    for (const [station, place] of Object.entries(options.stations))
      this.#lanes.set(station, newLane(place));
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Takes an event in, in the order of its station. One that was taken in before is passed over. */
  offer(event: StationEvent, cursorBefore: string | null): void {
    const lane = this.#lanes.get(event.station) ?? newLane(UNKNOWN);
    this.#lanes.set(event.station, lane);
    if (event.seq <= lane.takenSeq) return;
    const isMissing = lane.hasHole && event.seq > lane.takenSeq + 1;
    const gap = isMissing ? { first: lane.takenSeq + 1, last: event.seq - 1 } : null;
    lane.hasHole = false;
    lane.takenSeq = event.seq;
    const pending = { event, cursorBefore, gap };
    lane.queue.push(pending);
    this.#pending.add(pending);
    if (!lane.isDraining) this.#start(lane);
  }

  /** Events are missing before those that come now. */
  noteHole(): void {
    for (const lane of this.#lanes.values()) lane.hasHole = true;
  }

  /** What comes now is another stream, whose seqs are others. Resolves when the first is delivered. */
  async forget(): Promise<void> {
    await this.drained(0);
    if (!this.#stopping.signal.aborted) this.#lanes.clear();
  }

  /** Where to go on so that nothing is lost; `current` is where the stream stands. */
  safeCursor(current: string | null): string | null {
    const [oldest] = this.#pending;
    return oldest === undefined ? current : oldest.cursorBefore;
  }

  get stations(): Record<string, StationPlace> {
    const places = [...this.#lanes].filter(([, { settledSeq }]) => settledSeq > 0);
    return Object.fromEntries(
      places.map(([station, { settledSeq, prevSeq, gap, queue }]) => [
        station,
        // The event that comes first may come again without what shows that others were left out.
        { settledSeq, prevSeq, gap: span(gap, queue[0]?.gap ?? null) },
      ]),
    );
  }

  /** Resolves when at most `count` are left to be delivered, or at the end. */
  async drained(count: number): Promise<void> {
    while (this.#pending.size > count && !this.#stopping.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** Resolves when what was in flight has ended; what waits keeps its place. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await Promise.all(this.#drains);
  }

  #start(lane: Lane): void {
    const drain = this.#drain(lane).finally(() => this.#drains.delete(drain));
    this.#drains.add(drain);
  }

  async #drain(lane: Lane): Promise<void> {
    lane.isDraining = true;
    for (let head = lane.queue[0]; head !== undefined; head = lane.queue[0]) {
      const settled = await this.#deliver(lane, head);
      if (settled === "stopped") break;
      lane.queue.shift();
      this.#settle(lane, head, settled);
    }
    lane.isDraining = false;
  }

  async #deliver(
    lane: Lane,
    { event, gap }: Pending,
  ): Promise<"delivered" | "refused" | "stopped"> {
    const { signal } = this.#stopping;
    const announced = span(lane.gap, gap);
    for (let tries = NO_TRIES; ; ) {
      const outcome = await this.#turnstile.pass(async () => {
        if (signal.aborted) return null;
        const place = { attempt: tries.attempts + 1, prevSeq: lane.prevSeq, gap: announced };
        return this.#options.attempt(event, place);
      });
      if (outcome === null) return "stopped";
      const verdict = judge(tries, outcome, Math.random());
      this.#options.onAttempt(event, tries.attempts + 1, outcome, verdict);
      if (verdict.kind === "gone") {
        this.#stopping.abort();
        this.#options.onGone();
        return "stopped";
      }
      if (verdict.kind !== "retry") return verdict.kind;
      tries = verdict.tries;
      await sleep(verdict.delayMs, undefined, { signal }).catch(() => {});
    }
  }

  #settle(lane: Lane, pending: Pending, settled: "delivered" | "refused"): void {
    const { seq } = pending.event;
    lane.settledSeq = seq;
    if (settled === "delivered") {
      lane.prevSeq = seq;
      lane.gap = null;
    } else {
      lane.gap = span(span(lane.gap, pending.gap), { first: seq, last: seq });
    }
    this.#pending.delete(pending);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function newLane(place: StationPlace): Lane {
  return { queue: [], takenSeq: place.settledSeq, ...place, isDraining: false, hasHole: false };
}

/** From the first of either to the last of either. */
function span(one: Gap | null, other: Gap | null): Gap | null {
  if (one === null || other === null) return one ?? other;
  return { first: Math.min(one.first, other.first), last: Math.max(one.last, other.last) };
}
