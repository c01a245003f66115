import { dueAt } from "../domain/clock.ts";
import { LATE, within } from "../domain/patience.ts";
import { keptSinceMs, nextSweepMs, SWEEP_EVERY_MS } from "../domain/retention.ts";
import { faultFields, log } from "../log.ts";
import type { Database } from "../store/database.ts";
import * as store from "../store/retention-store.ts";
import type { AlarmClock } from "./alarm-clock.ts";
import { isThere } from "./tenant-config.ts";

/** Stations that one step wakes; a step takes a second at least. */
const STEP_STATIONS = 20;
const STEP_MS = 1_000;
/** A station that takes longer goes on by itself; the next round looks at it again. */
const STATION_PATIENCE_MS = 5_000;
/** While a round is under way the alarm comes this often, so that a restart does not stop it. */
const KEEP_GOING_MS = 30_000;

/** Where events are kept, apart from the tenant itself. */
export interface RetentionWorld {
  readonly tenant: string;
  /** Of all stations that ever sent anything, in order, after the given one. */
  readonly stationNames: (after: string, limit: number) => Promise<string[]>;
  readonly expireStation: (station: string, beforeMs: number) => Promise<void>;
  /** Resolves to whether there may be more to let go of. */
  readonly expireFeed: (beforeMs: number) => Promise<boolean>;
  /** Dead letters have lost their bodies. */
  readonly recountLetters: () => void;
}

/**
 * Has everything that keeps bodies let go of what is older than the tenant wants, in rounds: the
 * tenant itself, its stations one after the other, asleep or not, and then the feed. How far a
 * round has got is stored, so that it goes on after a restart.
 */
export class Retention {
  readonly #db: Database;
  readonly #clock: AlarmClock;
  readonly #world: RetentionWorld;
  #isRunning = false;
  /** Whether every station was reached since the round began; after a restart nobody knows. */
  #isComplete = false;
  /** Raised when a round begins anew: a step that was under way then does not count for it. */
  #beganCount = 0;

  constructor(db: Database, clock: AlarmClock, world: RetentionWorld) {
    this.#db = db;
    this.#clock = clock;
    this.#world = world;
  }

  /** A new tenant has nothing to let go of yet. Part of the turn's transaction. */
  begin(nowMs: number): void {
    store.endSweep(this.#db, nextSweepMs(nowMs, true));
    this.arm();
  }

  /** Less is to be kept than before: a round begins now. Part of the turn's transaction. */
  shorten(nowMs: number): void {
    this.#beganCount += 1;
    store.beginSweep(this.#db, nowMs);
    this.#clock.wakeAt(nowMs);
  }

  /** Has the alarm come when there is something to do. */
  arm(): void {
    const { dueMs, sweptTo } = store.readSweep(this.#db);
    const nowMs = Date.now();
    if (sweptTo === null) this.#clock.wakeAt(dueAt(dueMs, nowMs, SWEEP_EVERY_MS));
    else this.#clock.wakeAt(nowMs + (this.#isRunning ? KEEP_GOING_MS : 0));
  }

  /** For the alarm: begins a round when one is due, and goes on with the one under way. Does not wait. */
  kick(): void {
    const { dueMs, sweptTo } = store.readSweep(this.#db);
    const nowMs = Date.now();
    if (sweptTo === null && dueAt(dueMs, nowMs, SWEEP_EVERY_MS) <= nowMs) {
      store.beginSweep(this.#db, nowMs);
    }
    if (!this.#isRunning && store.readSweep(this.#db).sweptTo !== null) void this.#run();
    this.arm();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (isThere(this.#db) && (await this.#step())) await scheduler.wait(STEP_MS);
    } catch (error) {
      log("warn", "retention.failed", { tenant: this.#world.tenant, ...faultFields(error) });
      // The alarm that is set goes on with it.
    } finally {
      this.#isRunning = false;
    }
  }

  /** False when the round has ended. */
  async #step(): Promise<boolean> {
    const { sweptTo } = store.readSweep(this.#db);
    if (sweptTo === null) return false;
    const beganCount = this.#beganCount;
    if (sweptTo === "") {
      this.#isComplete = true;
      this.#expireOwn();
    }
    const stations = await this.#world.stationNames(sweptTo, STEP_STATIONS);
    const reached = await Promise.all(stations.map((station) => this.#expire(station)));
    if (reached.includes(false)) this.#isComplete = false;
    const last = stations.at(-1);
    if (last !== undefined) {
      // A round that has begun anew meanwhile stays where it is.
      if (isThere(this.#db) && beganCount === this.#beganCount) store.noteSwept(this.#db, last);
      return true;
    }
    if (await this.#world.expireFeed(this.#sinceMs())) return true;
    if (!isThere(this.#db) || beganCount !== this.#beganCount) return true;
    store.endSweep(this.#db, nextSweepMs(Date.now(), this.#isComplete));
    this.arm();
    return false;
  }

  #expireOwn(): void {
    const beforeMs = this.#sinceMs();
    this.#db.transaction(() => {
      store.clearDeadLetters(this.#db, beforeMs);
      store.deleteQuarantinedBefore(this.#db, beforeMs);
    });
    this.#world.recountLetters();
  }

  async #expire(station: string): Promise<boolean> {
    try {
      const expired = this.#world.expireStation(station, this.#sinceMs());
      return (await within(STATION_PATIENCE_MS, expired)) !== LATE;
    } catch (error) {
      const { tenant } = this.#world;
      log("warn", "retention.failed", { tenant, station, ...faultFields(error) });
      return false;
    }
  }

  #sinceMs(): number {
    return keptSinceMs(Date.now(), store.readRetentionDays(this.#db));
  }
}
