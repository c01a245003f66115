import { dueAt } from "../domain/clock.ts";
import { type Cost, costOf, PRICES } from "../domain/prices.ts";
import {
  addTotals,
  type DayUsage,
  dayOf,
  daysBetween,
  MAX_USAGE_DAYS,
  newerTotals,
  shiftDay,
  type Totals,
  totalOf,
  type Usage,
  type UsageCount,
  usageOf,
} from "../domain/usage.ts";
import type { Database } from "../store/database.ts";
import { listUsage, readUsage, writeUsage } from "../store/usage-store.ts";
import type { AlarmClock } from "./alarm-clock.ts";

/** What is counted in quick succession is written together. */
const WRITE_EVERY_MS = 5_000;

export type DayView = { readonly day: string } & Usage & { readonly costUsd: Cost };

export interface UsageView {
  readonly from: string;
  readonly to: string;
  readonly items: readonly DayView[];
  readonly total: Usage & { readonly costUsd: Cost };
  readonly prices: typeof PRICES;
}

export interface UsageWorld {
  /** What the feed has not handed over yet. */
  readonly feedUsage: () => Promise<readonly DayUsage[]>;
}

/**
 * A tenant's usage per day: what was refused or quarantined is counted here, all else by the
 * stations and the feed (tally.ts, feed-usage.ts).
 */
export class TenantUsage {
  readonly #db: Database;
  readonly #clock: AlarmClock;
  readonly #world: UsageWorld;
  #waiting: Totals = [];
  #writtenMs = 0;

  constructor(db: Database, clock: AlarmClock, world: UsageWorld) {
    this.#db = db;
    this.#clock = clock;
    this.#world = world;
  }

  /** Written at once, or by an alarm within seconds, so that a burst costs a row every five seconds. */
  count(what: UsageCount, times: number, nowMs: number): void {
    this.#waiting = addTotals(this.#waiting, totalOf(what, times));
    const dueMs = dueAt(this.#writtenMs + WRITE_EVERY_MS, nowMs, WRITE_EVERY_MS);
    if (nowMs >= dueMs) this.write(nowMs);
    else this.#clock.wakeAt(dueMs);
  }

  /** Also for the alarm. Costs nothing while there is nothing to write. */
  write(nowMs: number): void {
    if (this.#waiting.length === 0) return;
    const day = dayOf(nowMs);
    const { own, feed } = this.#read(day);
    this.#put(day, addTotals(own, this.#waiting), feed, nowMs);
    this.#waiting = [];
    this.#writtenMs = nowMs;
  }

  /** Days that are over, as the feed has counted them; safe to repeat. */
  take(days: readonly DayUsage[], nowMs: number): void {
    this.#db.transaction(() => {
      for (const { day, totals } of days) {
        const { own, feed } = this.#read(day);
        this.#put(day, own, newerTotals(feed, totals), nowMs);
      }
    });
  }

  /** Every day from the first to the last, also those on which nothing was done. */
  async show(from: string, to: string): Promise<UsageView> {
    const live = new Map((await this.#world.feedUsage()).map(({ day, totals }) => [day, totals]));
    this.write(Date.now());
    const rows = listUsage(this.#db, from, to);
    const stored = new Map(rows.map((row) => [row.day, row]));
    const days = daysBetween(from, to).map((day) => {
      const row = stored.get(day);
      const feed = newerTotals(read(row?.feed), live.get(day) ?? []);
      return { day, totals: addTotals(read(row?.own), feed) };
    });
    const sum = days.reduce<Totals>((total, { totals }) => addTotals(total, totals), []);
    return {
      from,
      to,
      items: days.map(({ day, totals }) => ({ day, ...viewOf(totals) })),
      total: viewOf(sum),
      prices: PRICES,
    };
  }

  #read(day: string): { own: Totals; feed: Totals } {
    const row = readUsage(this.#db, day);
    return { own: read(row?.own), feed: read(row?.feed) };
  }

  #put(day: string, own: Totals, feed: Totals, nowMs: number): void {
    const row = { day, own: JSON.stringify(own), feed: JSON.stringify(feed) };
    writeUsage(this.#db, row, shiftDay(dayOf(nowMs), 1 - MAX_USAGE_DAYS));
  }
}

const viewOf = (totals: Totals) => {
  const usage = usageOf(totals);
  return { ...usage, costUsd: costOf(usage) };
};

function read(text: string | undefined): Totals {
  return text === undefined ? [] : JSON.parse(text);
}
