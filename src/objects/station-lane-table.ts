import {
  type AttemptLog,
  attemptsSince,
  logAttempt,
  readAttemptLog,
  writeAttemptLog,
} from "../domain/attempt-log.ts";
import { type Lane, newLane } from "../domain/lane.ts";
import { classify } from "../domain/outcome.ts";
import type { Database } from "../store/database.ts";
import { deleteLane, type LaneRow, readLanes, writeLane } from "../store/station-store.ts";
import type { Journal } from "./station-journal.ts";
import { type NamedAttempt, UntoldAttempts } from "./station-untold-attempts.ts";

interface Kept {
  readonly lane: Lane;
  readonly log: AttemptLog;
}

/**
 * The lanes of a station and what they remember of their attempts, in memory and on disk: one
 * row per route, written once per attempt.
 */
export class LaneTable {
  readonly #db: Database;
  readonly #journal: Journal;
  readonly #kept = new Map<string, Kept>();
  readonly untold = new UntoldAttempts();

  constructor(db: Database, journal: Journal) {
    this.#db = db;
    this.#journal = journal;
    if (journal.seq === 0) return;
    for (const row of readLanes(db)) {
      this.#kept.set(row.routeId, keptOf(row));
      // Our own text, written by #write of this or an older version.
      journal.tally.resumeLane(JSON.parse(row.totals));
      const owedAfter = journal.owed.get(row.routeId);
      if (owedAfter === undefined) continue;
      // The lane may have gone on since the newest event was stored.
      if (row.cursor >= journal.seq) journal.owed.delete(row.routeId);
      else journal.owed.set(row.routeId, Math.max(row.cursor, owedAfter));
    }
    const { attempts, attemptsAtNewest } = journal.tally;
    this.untold.resume(this.#logged(), attempts, attempts - attemptsAtNewest);
  }

  /** Routes that have a lane here: they owe something, or have attempted something. */
  routeIds(): string[] {
    return [...new Set([...this.#kept.keys(), ...this.#journal.owed.keys()])];
  }

  /** The lane of a route that owes something, from where it owes it; null when it owes nothing. */
  owing(routeId: string): Lane | null {
    const owedAfter = this.#journal.owed.get(routeId);
    if (owedAfter === undefined) return null;
    const lane = this.#kept.get(routeId)?.lane ?? newLane(owedAfter);
    return lane.cursor >= owedAfter ? lane : { ...lane, cursor: owedAfter };
  }

  /** The lane, whether it owes something or not; null when nothing was ever attempted. */
  get(routeId: string): Lane | null {
    return this.owing(routeId) ?? this.#kept.get(routeId)?.lane ?? null;
  }

  log(routeId: string): AttemptLog {
    return this.#kept.get(routeId)?.log ?? [];
  }

  /** The lane as it is now, and the attempt that brought it there, if any. One row. */
  store(routeId: string, lane: Lane, attempt?: AttemptArguments): void {
    const before = this.log(routeId);
    const log = attempt === undefined ? before : logAttempt(before, ...attempt);
    if (attempt !== undefined) this.#countAttempt(routeId, attempt, log);
    this.#kept.set(routeId, { lane, log });
    if (lane.cursor >= this.#journal.seq) this.#journal.owed.delete(routeId);
    else if (this.#journal.owed.has(routeId)) this.#journal.owed.set(routeId, lane.cursor);
    this.#write(routeId, lane, log);
  }

  /** Notes an attempt that changes nothing of the lane, such as a replay's. One row. */
  note(routeId: string, ...attempt: AttemptArguments): void {
    // A station without a log has no tables.
    if (this.#journal.seq === 0) return;
    const lane = this.get(routeId) ?? newLane(0);
    this.store(routeId, lane, attempt);
  }

  /**
   * Lets go of attempts begun before that time or at events that are cleared: answers may repeat
   * what was sent. One row per lane that had any.
   */
  forgetAttemptsBefore(beforeMs: number): void {
    const { clearedSeq } = this.#journal;
    for (const [routeId, { lane, log }] of this.#kept) {
      const kept = attemptsSince(log, beforeMs, clearedSeq);
      if (kept === log) continue;
      this.#kept.set(routeId, { lane, log: kept });
      this.#write(routeId, lane, kept);
    }
  }

  forget(routeId: string): void {
    this.#journal.owed.delete(routeId);
    if (this.#kept.delete(routeId)) deleteLane(this.#db, routeId);
  }

  #countAttempt(route: string, [, outcome]: AttemptArguments, log: AttemptLog): void {
    const { tally } = this.#journal;
    tally.count("attempts");
    if (classify(outcome) === "delivered") tally.count("delivered");
    const attempt = log.at(-1);
    if (attempt !== undefined) this.untold.add(tally.attempts, { route, attempt });
  }

  #logged(): NamedAttempt[] {
    return [...this.#kept].flatMap(([route, { log }]) =>
      log.map((attempt) => ({ route, attempt })),
    );
  }

  #write(routeId: string, lane: Lane, log: AttemptLog): void {
    const totals = JSON.stringify(this.#journal.tally.totals(1));
    writeLane(this.#db, { ...rowOf(routeId, lane, log), totals });
  }
}

export type AttemptArguments =
  Parameters<typeof logAttempt> extends [unknown, ...infer Rest] ? Rest : never;

function keptOf({ routeId: _, gapFirst, gapLast, attemptLog, totals: __, ...lane }: LaneRow): Kept {
  const gap = gapFirst === null || gapLast === null ? null : { first: gapFirst, last: gapLast };
  // Our own text, written by rowOf of this or an older version.
  const log = readAttemptLog(attemptLog);
  return { lane: { ...lane, gap }, log };
}

function rowOf(routeId: string, { gap, ...lane }: Lane, log: AttemptLog): Omit<LaneRow, "totals"> {
  return {
    routeId,
    ...lane,
    gapFirst: gap?.first ?? null,
    gapLast: gap?.last ?? null,
    attemptLog: writeAttemptLog(log),
  };
}
