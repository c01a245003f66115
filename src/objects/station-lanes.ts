import type { StationEvent } from "../domain/event.ts";
import { afresh, type LaneStatus, PARKED } from "../domain/lane.ts";
import type { RouteTable, Standing } from "../domain/route.ts";
import type { Database } from "../store/database.ts";
import type { Journal } from "./station-journal.ts";
import { type AttemptWorld, LaneAttempts } from "./station-lane-attempts.ts";
import { type HeadWorld, LaneHeads } from "./station-lane-heads.ts";
import { LaneReporter, type ReportWorld } from "./station-lane-reports.ts";
import { type AttemptArguments, LaneTable } from "./station-lane-table.ts";
import { LaneWork } from "./station-lane-work.ts";
import { StationRoutes } from "./station-routes.ts";

/** When the relay itself could not make an attempt, it tries again after this; the event is not charged. */
const FAULT_RETRY_MS = 5_000;
/** How long after an event the alarm looks whether what it owes was delivered. */
const SAFETY_NET_MS = 30_000;

/** The world outside the lanes, as the station provides it. */
export interface LaneWorld extends AttemptWorld, HeadWorld, ReportWorld {
  /** The routes if they changed since `version`, else null. */
  readonly fetchRoutes: (version: number) => Promise<RouteTable | null>;
  readonly keysChanged: (keyIds: readonly string[]) => void;
}

/**
 * A station's lanes: for every route a cursor over the log, one attempt in flight, the next
 * only after the one before it is settled. What to do after an attempt is decided in
 * domain/lane.ts, and whether the route as a whole may be attempted by the tenant. Which routes
 * there are is in station-routes.ts, how an attempt is made in station-lane-attempts.ts.
 */
export class Lanes {
  readonly #journal: Journal;
  readonly #world: LaneWorld;
  readonly #table: LaneTable;
  readonly #routes: StationRoutes;
  readonly #reporter: LaneReporter;
  readonly #heads: LaneHeads;
  readonly #attempts: LaneAttempts;
  readonly #work: LaneWork;

  constructor(db: Database, journal: Journal, world: LaneWorld) {
    this.#journal = journal;
    this.#world = world;
    this.#table = new LaneTable(db, journal);
    this.#routes = new StationRoutes(db, journal);
    this.#reporter = new LaneReporter(this.#routes, world);
    this.#heads = new LaneHeads(journal, this.#table, this.#routes, world);
    this.#attempts = new LaneAttempts(
      this.#table,
      this.#routes,
      this.#heads,
      this.#reporter,
      world,
    );
    this.#work = new LaneWork({
      step: (routeId) => this.#attempts.step(routeId),
      onFault: (routeId, error) => {
        // Ours, not the destination's: a call that did not get through. The event keeps its tries.
        world.onFault(routeId, error);
        world.wakeAt(Date.now() + FAULT_RETRY_MS);
      },
    });
  }

  /** Of the routes that the station knows. */
  get version(): number {
    return this.#routes.version;
  }

  get table(): LaneTable {
    return this.#table;
  }

  /** The routes that want an event, as far as this station knows the routes. */
  wanting(event: StationEvent): string[] {
    return this.#routes.wanting(event);
  }

  /** Takes up how the routes fare; the feed says so with every push. */
  hear(standing: Pick<Standing, "suspect" | "open">): void {
    this.#routes.hear(standing);
  }

  /**
   * Takes up the tenant's present routes. Events after `afterSeq` were received under them, so
   * a route that is new or changed here may want these: it owes them from now on, durably.
   */
  async refresh(afterSeq: number): Promise<void> {
    const table = await this.#world.fetchRoutes(this.#routes.version);
    if (table === null || table.version <= this.#routes.version) return;
    const changed = this.#routes.take(table);
    this.#world.keysChanged(table.keyIds);
    this.#reporter.forgetBlocks();
    for (const id of this.#table.routeIds()) if (!this.#routes.has(id)) this.#forget(id);
    for (const route of changed) {
      this.#attempts.forgetAway(route.id);
      this.#routes.owe(route, afterSeq, Date.now());
      // What failed before a person changed the route does not count.
      this.#renew(route.id);
    }
    this.#journal.saveHead();
  }

  /** The station is being emptied: nothing more is attempted or stored. */
  stop(): void {
    this.#work.stop();
  }

  /** Lets every lane that owes something go on, as far as it may. */
  kick(): void {
    for (const routeId of this.#journal.owed.keys()) void this.#work.run(routeId);
  }

  /** The tenant has woken the station: what it knew to be blocked may go on. */
  release(): void {
    this.#reporter.forgetBlocks();
    this.#watch();
    this.kick();
  }

  /** Has a lane try its head once, now, even if its breaker is open. False when it owes nothing. */
  async grant(routeId: string): Promise<boolean> {
    if (!this.#routes.has(routeId)) return false;
    // An attempt is on its way already.
    if (this.#work.isRunning(routeId)) return true;
    this.#reporter.forgetBlock(routeId);
    if ((await this.#heads.of(routeId)) === null) return false;
    this.#watch();
    this.#attempts.grant(routeId);
    void this.#work.run(routeId);
    return true;
  }

  /** Ends a lane's parking: its head gets all its tries again. False when it owes nothing. */
  async resume(routeId: string): Promise<boolean> {
    this.#renew(routeId);
    return this.grant(routeId);
  }

  /**
   * Gives a lane's head up: it becomes a dead letter, and the lane goes on. Null when it owes
   * nothing, or when the attempt that was on its way has settled the head.
   */
  async skip(routeId: string): Promise<number | null> {
    const head = await this.#heads.of(routeId);
    if (head === null) return null;
    this.#watch();
    return new Promise((resolve, reject) => {
      const interruption = () => this.#attempts.skip(routeId, head.seq).then(resolve, reject);
      void this.#work.run(routeId, interruption);
    });
  }

  /** Has every lane that owes what the log has let go of go past it, announced, whatever it waits for. */
  async passLost(): Promise<void> {
    for (const routeId of [...this.#journal.owed.keys()]) {
      const lane = this.#table.owing(routeId);
      if (lane === null || lane.cursor >= this.#journal.oldestSeq - 1) continue;
      this.#watch();
      await new Promise<void>((resolve) => {
        const interruption = () =>
          this.#heads
            .of(routeId)
            .then(
              () => {},
              (error) => this.#world.onFault(routeId, error),
            )
            .finally(resolve);
        void this.#work.run(routeId, interruption);
      });
    }
  }

  /** Registers every lane that may attempt nothing, so that the station need not wake by itself for it. */
  async registerBlocked(): Promise<void> {
    for (const routeId of [...this.#journal.owed.keys()]) {
      // A parked lane is known as such.
      if (this.#table.owing(routeId)?.notBeforeMs === PARKED) continue;
      const isBlocked = this.#attempts.isBlocked(routeId);
      if (isBlocked && (await this.#heads.of(routeId)) !== null) {
        await this.#attempts.block(routeId);
      }
    }
  }

  /** Has the alarm look at what is owed, unless another wakes the station for it. */
  arm(nowMs: number): void {
    const dueMs = this.#nextDueMs(nowMs);
    if (dueMs !== null) this.#world.wakeAt(Math.max(dueMs, nowMs + SAFETY_NET_MS));
  }

  /** Puts an attempt that was none of the lane's own into the delivery log. */
  note(routeId: string, ...attempt: AttemptArguments): void {
    if (!this.#work.isStopped) this.#table.note(routeId, ...attempt);
  }

  /** What a lane is at, for people. */
  statusOf(routeId: string): LaneStatus {
    const lane = this.#table.owing(routeId);
    if (lane === null || !this.#routes.has(routeId)) return "idle";
    if (this.#work.isRunning(routeId)) return "delivering";
    if (lane.notBeforeMs === PARKED) return "parked";
    return this.#attempts.isBlocked(routeId) ? "blocked" : "waiting";
  }

  /** When the station has to act next on what it owes, or null when it need not by itself. */
  #nextDueMs(nowMs: number): number | null {
    let dueMs: number | null = null;
    for (const routeId of this.#journal.owed.keys()) {
      if (this.#reporter.isBlockKnown(routeId)) continue;
      const awayMs = this.#attempts.awayUntilMs(routeId, nowMs) ?? nowMs;
      const waitMs = this.#routes.waitsUntil(routeId, this.#table.get(routeId), nowMs);
      const atMs = Math.max(waitMs ?? nowMs, awayMs);
      if (atMs < PARKED) dueMs = Math.min(dueMs ?? atMs, atMs);
    }
    return dueMs;
  }

  /** A lane goes on that had no alarm, because the tenant knew of it: from here on it needs one. */
  #watch(): void {
    if (this.#journal.owed.size > 0) this.#world.wakeAt(Date.now() + SAFETY_NET_MS);
  }

  #forget(routeId: string): void {
    this.#attempts.forgetAway(routeId);
    this.#table.forget(routeId);
  }

  #renew(routeId: string): void {
    const lane = this.#table.owing(routeId);
    if (lane !== null && lane.attempts > 0) this.#table.store(routeId, afresh(lane));
  }
}
