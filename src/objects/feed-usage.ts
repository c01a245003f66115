import {
  amountOf,
  Count,
  type DayUsage,
  dayOf,
  shiftDay,
  type Totals,
  USAGE_COUNTS,
  type UsageCount,
} from "../domain/usage.ts";
import type { Database } from "../store/database.ts";

/** Days that wait to be handed over; beyond, the oldest are forgotten. */
const MAX_WAITING_DAYS = 10;

/**
 * What a tenant's stations and streams have done, per day. It goes with the row that a flush writes
 * anyway, so what is counted after a flush is lost when the object dies before the next one. Days
 * that are over are handed to the tenant, as they are: repeated, they change nothing.
 */
export class FeedUsage {
  readonly #db: Database;
  #rowsCounted: number;
  readonly #days = new Map<string, Count>();
  /** The day that is counted for, and until when it lasts. */
  #day = "";
  #dayEndMs = 0;

  constructor(db: Database) {
    this.#db = db;
    this.#rowsCounted = db.rowsWritten;
  }

  count(what: UsageCount, times = 1): void {
    if (times > 0) this.#ofToday().add(what, times);
  }

  /** An alarm that was set: a row and, when it rings, a request. */
  countAlarm(): void {
    this.count("rowsWritten");
    this.count("objectRequests");
  }

  add(totals: Totals): void {
    const count = this.#ofToday();
    for (const name of USAGE_COUNTS) count.add(name, amountOf(totals, name));
  }

  /** All days that were not handed over, oldest first. */
  days(): DayUsage[] {
    this.#countRows(0);
    return [...this.#days].map(([day, { totals }]) => ({ day, totals }));
  }

  /** Days that are over. */
  finishedDays(): DayUsage[] {
    const today = this.#today();
    return this.days().filter(({ day }) => day < today);
  }

  /** The tenant has them. */
  drop(days: readonly DayUsage[]): void {
    for (const { day } of days) this.#days.delete(day);
  }

  /** As text for the row that is about to be written. */
  serialize(): string {
    this.#countRows(1);
    return JSON.stringify([...this.#days].map(([day, { totals }]) => [day, totals]));
  }

  load(text: string): void {
    // Our own text, written by `serialize` of this or an older version; empty before there was one.
    const days: [string, Totals][] = text === "" ? [] : JSON.parse(text);
    this.#days.clear();
    for (const [day, totals] of days) this.#days.set(day, new Count(totals));
    this.#dayEndMs = 0;
  }

  #countRows(underWay: number): void {
    const written = this.#db.rowsWritten + underWay;
    const times = written - this.#rowsCounted;
    this.#rowsCounted = written;
    this.count("rowsWritten", times);
  }

  #ofToday(): Count {
    const today = this.#today();
    const known = this.#days.get(today);
    if (known !== undefined) return known;
    const fresh = new Count();
    this.#days.set(today, fresh);
    for (const oldest of this.#days.keys()) {
      if (this.#days.size <= MAX_WAITING_DAYS) break;
      this.#days.delete(oldest);
    }
    return fresh;
  }

  /** No day comes back once there was a later one: it may have been handed over. */
  #today(): string {
    const nowMs = Date.now();
    if (nowMs < this.#dayEndMs) return this.#day;
    const newest = [...this.#days.keys()].at(-1) ?? "";
    const today = dayOf(nowMs);
    this.#day = today > newest ? today : newest;
    this.#dayEndMs = Date.parse(shiftDay(this.#day, 1));
    return this.#day;
  }
}
