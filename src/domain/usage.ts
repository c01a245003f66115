import * as z from "zod";

/**
 * What is counted. Totals are lists in this order, so that one takes a few dozen characters in a
 * row that is written anyway: names are added at the end and none is ever taken out.
 */
export const USAGE_COUNTS = [
  "accepted",
  "duplicates",
  "refused",
  "quarantined",
  "attempts",
  "delivered",
  "framesSent",
  "messagesReceived",
  "rowsWritten",
  "objectRequests",
] as const;
export type UsageCount = (typeof USAGE_COUNTS)[number];
export type Usage = Readonly<Record<UsageCount, number>>;

/** In the order of {@link USAGE_COUNTS}; what is missing at the end counts as 0. */
export type Totals = readonly number[];

export interface DayUsage {
  /** UTC, `2026-11-25`. */
  readonly day: string;
  readonly totals: Totals;
}

/** Days that are kept, and that one answer tells of at most. */
export const MAX_USAGE_DAYS = 400;
export const DEFAULT_USAGE_DAYS = 30;
const DAY_MS = 86_400_000;

export function addTotals(one: Totals, other: Totals): Totals {
  return combine(one, other, (a, b) => a + b);
}

/** The larger of each: totals that only grow, read in two places of which neither need be the newer. */
export function newerTotals(one: Totals, other: Totals): Totals {
  return combine(one, other, Math.max);
}

/** What came since totals were `before`. Of one that was set back nothing is known, so nothing counts. */
export function totalsSince(now: Totals, before: Totals): Totals {
  return combine(now, before, (a, b) => Math.max(0, a - b));
}

function combine(one: Totals, other: Totals, merge: (a: number, b: number) => number): Totals {
  return USAGE_COUNTS.map((_name, index) => merge(one[index] ?? 0, other[index] ?? 0));
}

/** Totals that grow in place: some are counted with every event and every frame. */
export class Count {
  readonly #totals: number[];

  constructor(totals: Totals = []) {
    this.#totals = USAGE_COUNTS.map((_name, index) => totals[index] ?? 0);
  }

  get totals(): Totals {
    return [...this.#totals];
  }

  of(name: UsageCount): number {
    return amountOf(this.#totals, name);
  }

  add(name: UsageCount, times: number): void {
    const index = USAGE_COUNTS.indexOf(name);
    this.#totals[index] = (this.#totals[index] ?? 0) + times;
  }
}

export function totalOf(name: UsageCount, times: number): Totals {
  return USAGE_COUNTS.map((count) => (count === name ? times : 0));
}

export function amountOf(totals: Totals, name: UsageCount): number {
  return totals[USAGE_COUNTS.indexOf(name)] ?? 0;
}

export function usageOf(totals: Totals): Usage {
  const of = (name: UsageCount) => amountOf(totals, name);
  return {
    accepted: of("accepted"),
    duplicates: of("duplicates"),
    refused: of("refused"),
    quarantined: of("quarantined"),
    attempts: of("attempts"),
    delivered: of("delivered"),
    framesSent: of("framesSent"),
    messagesReceived: of("messagesReceived"),
    rowsWritten: of("rowsWritten"),
    objectRequests: of("objectRequests"),
  };
}

/** The UTC day of a time. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** The day so many days later. */
export function shiftDay(day: string, days: number): string {
  return dayOf(Date.parse(day) + days * DAY_MS);
}

/** From the first to the last day, both among them. */
export function daysBetween(from: string, to: string): string[] {
  const count = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  return Array.from({ length: count }, (_, index) => shiftDay(from, index));
}

const Day = z.iso.date();

/** Which days an answer tells of. Both are among them. */
export const UsageQuery = z
  .strictObject({
    from: Day.optional().describe("The first day, UTC. Left out: 29 days before the last."),
    to: Day.optional().describe("The last day, UTC. Left out: today."),
  })
  .describe("Days are of UTC; `from` and `to` are both among them.");

/** The days asked for, or what is wrong with the question. */
export function usagePeriod(
  { from, to }: z.infer<typeof UsageQuery>,
  nowMs: number,
): { readonly from: string; readonly to: string } | string {
  const last = to ?? dayOf(nowMs);
  const first = from ?? shiftDay(last, 1 - DEFAULT_USAGE_DAYS);
  if (first > last) return "expected a day before to, or the same";
  if (shiftDay(first, MAX_USAGE_DAYS) <= last) return `expected at most ${MAX_USAGE_DAYS} days`;
  return { from: first, to: last };
}
