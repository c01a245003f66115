import * as z from "zod";

import type { EventClass } from "./catalogue.ts";
import {
  type AttemptSample,
  Counts,
  type CountsView,
  type EncodedCounts,
} from "./metric-counts.ts";

const MINUTE_MS = 60_000;
/** A day, for as long as any event is kept at least. */
export const MAX_MINUTES = 1_440;
/** Attempts of that many routes, in minutes that are over, go on one page; more are not counted. */
const MAX_PAGE_ROUTES = 500;
/** Routes that one answer tells of, each minute counted: a few MB of text. */
const MAX_REPORT_ROUTES = 20_000;

export const MetricsQuery = z.strictObject({
  minutes: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_MINUTES)
    .default(60)
    .describe("How many, up to the present one, which is not over."),
});

export interface MetricsView {
  /** The first minute that is told of, all of it. */
  readonly from: string;
  /** Every minute from there, oldest first. */
  readonly items: readonly ({ readonly at: string } & CountsView)[];
  readonly total: CountsView;
}

export function minuteOf(atMs: number): number {
  return Math.floor(atMs / MINUTE_MS);
}

export type EncodedPage = readonly [
  minute: number,
  ...(readonly [minutesBefore: number, ...EncodedCounts])[],
];

/**
 * All that was counted during one minute: the events of that minute, and attempts that ended in it
 * or before, since a station tells of them with its next event.
 */
export class MetricsPage {
  readonly minute: number;
  readonly #counts = new Map<number, Counts>();
  #routeCount = 0;

  constructor(minute: number) {
    this.minute = minute;
  }

  addEvent(eventClass: EventClass, relayMs: number | null): void {
    this.#of(this.minute).addEvent(eventClass, relayMs);
  }

  addAttempt(sample: AttemptSample): void {
    // The station's clock may be ahead of the one that this minute is of.
    const minute = Math.min(minuteOf(sample.endedMs), this.minute);
    if (minute <= this.minute - MAX_MINUTES) return;
    if (!this.#counts.get(minute)?.hasRoute(sample.route)) {
      if (this.#routeCount >= MAX_PAGE_ROUTES) return;
      this.#routeCount += 1;
    }
    this.#of(minute).addAttempt(sample);
  }

  counts(): ReadonlyMap<number, Counts> {
    return this.#counts;
  }

  encode(): EncodedPage {
    const parts = [...this.#counts].map(
      ([minute, counts]) => [this.minute - minute, ...counts.encode()] as const,
    );
    return [this.minute, ...parts];
  }

  static decode([minute, ...parts]: EncodedPage): MetricsPage {
    const page = new MetricsPage(minute);
    for (const [minutesBefore, ...counts] of parts) {
      const decoded = Counts.decode(counts);
      page.#counts.set(minute - minutesBefore, decoded);
      page.#routeCount += decoded.routeCount;
    }
    return page;
  }

  #of(minute: number): Counts {
    let counts = this.#counts.get(minute);
    if (counts === undefined) {
      counts = new Counts();
      this.#counts.set(minute, counts);
    }
    return counts;
  }
}

/** The minutes that are asked for, put together from pages that are read from the newest back. */
export class MetricsReport {
  readonly #to: number;
  #from: number;
  readonly #counts = new Map<number, Counts>();
  #taken: number | null = null;
  #routeCount = 0;

  constructor(minutes: number, nowMs: number) {
    this.#to = minuteOf(nowMs);
    this.#from = this.#to - minutes + 1;
  }

  /** A page, unless one of its minute was taken, which is newer. True while those before it matter. */
  take(page: MetricsPage): boolean {
    if (this.#taken !== null && page.minute >= this.#taken) return true;
    if (page.minute < this.#from) return false;
    if (this.#routeCount >= MAX_REPORT_ROUTES) {
      this.end();
      return false;
    }
    this.#taken = page.minute;
    for (const [minute, counts] of page.counts()) {
      if (minute < this.#from) continue;
      // A clock that has been set back still shows what was counted last.
      const at = Math.min(minute, this.#to);
      const kept = this.#counts.get(at) ?? new Counts();
      this.#routeCount += counts.routeCount;
      kept.merge(counts);
      this.#counts.set(at, kept);
    }
    return true;
  }

  /** The pages before those that were taken cannot be had. */
  end(): void {
    this.#from = Math.min(this.#taken ?? this.#to, this.#to);
  }

  view(): MetricsView {
    const minutes = Array.from({ length: this.#to - this.#from + 1 }, (_, at) => this.#from + at);
    const total = new Counts();
    const items = minutes.map((minute) => {
      const counts = this.#counts.get(minute) ?? new Counts();
      total.merge(counts);
      return { at: timeOf(minute), ...counts.view() };
    });
    return { from: timeOf(this.#from), items, total: total.view() };
  }
}

const timeOf = (minute: number) => new Date(minute * MINUTE_MS).toISOString();
