import {
  addTotals,
  amountOf,
  Count,
  newerTotals,
  type Totals,
  totalOf,
  type UsageCount,
} from "../domain/usage.ts";
import type { Database } from "../store/database.ts";

/**
 * What a station has done since it began: totals that only grow. They cost no row of their own:
 * each row that is written anyway carries them as they are with it, and each push takes them to
 * the feed, which counts what is more than before. So a push that is repeated or lost changes nothing.
 */
export class Tally {
  readonly #db: Database;
  #count = new Count();
  #rowsCounted: number;
  /** Whether frames may have gone out that no stored totals know of. */
  #lacksFrames = false;
  #attemptsAtNewest = 0;

  constructor(db: Database) {
    this.#db = db;
    this.#rowsCounted = db.rowsWritten;
  }

  get lacksFrames(): boolean {
    return this.#lacksFrames;
  }

  get attempts(): number {
    return this.#count.of("attempts");
  }

  /** After a wake: as they were with the newest event, whose push took them along. */
  get attemptsAtNewest(): number {
    return this.#attemptsAtNewest;
  }

  count(what: UsageCount, times = 1): void {
    this.#count.add(what, times);
  }

  /** An alarm that was set: a row and, when it rings, a request. */
  countAlarm(): void {
    this.count("rowsWritten");
    this.count("objectRequests");
  }

  /** With as many rows as are about to be written with it. */
  totals(rowsUnderWay = 0): Totals {
    this.count("rowsWritten", this.#db.rowsWritten - this.#rowsCounted);
    this.#rowsCounted = this.#db.rowsWritten;
    const { totals } = this.#count;
    return rowsUnderWay === 0 ? totals : addTotals(totals, totalOf("rowsWritten", rowsUnderWay));
  }

  /** After a failure: as they were. */
  reset(totals: Totals): void {
    this.#count = new Count(totals);
    this.#rowsCounted = this.#db.rowsWritten;
  }

  /** After a wake: as stored with the newest event, whose frames went out after its row. */
  resume(stored: Totals): void {
    this.#count = new Count(newerTotals(this.#count.totals, stored));
    this.#lacksFrames = stored.length > 0;
    this.#attemptsAtNewest = amountOf(stored, "attempts");
  }

  /** After a wake: as stored with a lane, after the newest event or before. */
  resumeLane(stored: Totals): void {
    const { totals } = this.#count;
    const newer = newerTotals(totals, stored);
    if (newer.some((total, index) => total > (totals[index] ?? 0))) this.#lacksFrames = false;
    this.#count = new Count(newer);
  }
}
