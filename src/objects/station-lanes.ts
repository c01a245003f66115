import type { StationEvent } from "../domain/event.ts";
import { type CompiledFilter, compileFilter } from "../domain/filter.ts";
import { afterAttempt, type Lane, newLane, PARKED, skipLost, withHead } from "../domain/lane.ts";
import { describeOutcome, type Outcome } from "../domain/outcome.ts";
import { NO_ROUTES, type RouteTable, type StationRoute } from "../domain/route.ts";
import type { Database } from "../store/database.ts";
import {
  deleteLane,
  type LaneRow,
  readConfig,
  readLanes,
  writeConfig,
  writeLane,
} from "../store/station-store.ts";
import type { Journal } from "./station-journal.ts";

/** Events that a search for the head reads at a time; most lanes want the first. */
const READ_EVENTS = 10;
/** When the relay itself could not make an attempt, it tries again after this; the event is not charged. */
const FAULT_RETRY_MS = 5_000;

export interface DeadLetter {
  readonly routeId: string;
  readonly station: string;
  readonly seq: number;
  readonly eventId: string;
  readonly type: string;
  readonly attempts: number;
  readonly lastAnswer: string;
  readonly snippet: string;
}

/** The world outside the lanes, as the station provides it. */
export interface LaneWorld {
  readonly attempt: (route: StationRoute, event: StationEvent, lane: Lane) => Promise<Outcome>;
  /** The routes if they changed since `version`, else null. */
  readonly fetchRoutes: (version: number) => Promise<RouteTable | null>;
  /** Durable when it resolves. Safe to call twice for one event. */
  readonly keepDeadLetter: (letter: DeadLetter) => Promise<void>;
  readonly disableRoute: (routeId: string) => Promise<void>;
  /** Asks to be woken when the route changes, because no attempt can be made until then. */
  readonly registerBlocked: (routeId: string) => Promise<void>;
  /** Whether the routes were confirmed just now, with the push of the events after `seq`. */
  readonly knowsRoutesOf: (seq: number) => boolean;
  /** Takes up the routes as they are now, by {@link Lanes.refresh}. */
  readonly checkRoutes: () => Promise<void>;
  readonly wakeAt: (atMs: number) => void;
  /** The relay itself could not make an attempt. */
  readonly onFault: (routeId: string, error: unknown) => void;
  readonly keysChanged: (keyIds: readonly string[]) => void;
}

interface Running {
  readonly route: StationRoute;
  readonly filter: CompiledFilter;
}

/**
 * A station's lanes: for every route a cursor over the log, one attempt in flight, the next
 * only after the one before it is settled. What to do after an attempt is decided in
 * domain/lane.ts.
 */
export class Lanes {
  readonly #db: Database;
  readonly #journal: Journal;
  readonly #world: LaneWorld;
  #version = NO_ROUTES.version;
  #routes = new Map<string, Running>();
  readonly #lanes = new Map<string, Lane>();
  readonly #draining = new Set<string>();
  #stopped = false;
  /** Blocked lanes that the tenant knows of; only asked for again after a wake or a change. */
  readonly #registered = new Set<string>();

  constructor(db: Database, journal: Journal, world: LaneWorld) {
    this.#db = db;
    this.#journal = journal;
    this.#world = world;
    if (journal.seq > 0) this.#load();
  }

  get version(): number {
    return this.#version;
  }

  /** The routes that want an event, as far as this station knows the routes. */
  wanting(event: StationEvent): string[] {
    const wanting: string[] = [];
    for (const [id, { filter }] of this.#routes) if (filter.wants(event)) wanting.push(id);
    return wanting;
  }

  /**
   * Takes up the tenant's present routes. Events after `afterSeq` were received under them, so
   * a route that is new or changed here may want these: it owes them from now on, durably.
   */
  async refresh(afterSeq: number): Promise<void> {
    const table = await this.#world.fetchRoutes(this.#version);
    if (table === null || table.version <= this.#version) return;
    const changed = table.routes.filter(
      ({ id, changedAtMs }) => this.#routes.get(id)?.route.changedAtMs !== changedAtMs,
    );
    this.#adopt(table);
    this.#world.keysChanged(table.keyIds);
    this.#registered.clear();
    writeConfig(this.#db, table.version, JSON.stringify(table.routes));
    for (const id of [...this.#lanes.keys(), ...this.#journal.owed.keys()]) {
      if (!this.#routes.has(id)) this.#forget(id);
    }
    for (const route of changed) {
      this.#owe(route, afterSeq);
      this.#unpark(route.id);
    }
    this.#journal.saveHead();
  }

  /**
   * Before `afterSeq` may lie events whose push was answered to an instance that died before it
   * took up the routes; of these the clock tells which came after the change.
   */
  #owe({ id, changedAtMs }: StationRoute, afterSeq: number): void {
    if (this.#journal.owed.has(id)) return;
    const { matchedSeq, seq } = this.#journal;
    const doubtful = this.#journal.read(matchedSeq, Math.max(0, afterSeq - matchedSeq));
    const first = doubtful.find(({ receivedAtMs }) => receivedAtMs >= changedAtMs);
    const owedAfter = first === undefined ? afterSeq : first.seq - 1;
    if (owedAfter < seq) this.#journal.owed.set(id, owedAfter);
  }

  /** A person has changed the route, so a lane that waited for a person tries its head again. */
  #unpark(routeId: string): void {
    const lane = this.#lanes.get(routeId);
    if (lane?.notBeforeMs !== PARKED) return;
    this.#store(routeId, { ...lane, attempts: 0, refusals: 0, notBeforeMs: null });
  }

  /** The station is being emptied: nothing more is attempted or stored. */
  stop(): void {
    this.#stopped = true;
  }

  /** Lets every lane that owes something go on, as far as it may. */
  kick(): void {
    for (const routeId of this.#journal.owed.keys()) void this.#drain(routeId);
  }

  /** Registers every lane that may attempt nothing, so that the station need not wake by itself for it. */
  async registerBlocked(): Promise<void> {
    for (const routeId of [...this.#journal.owed.keys()]) {
      if (this.#routes.get(routeId)?.route.enabled === false) await this.#block(routeId);
    }
  }

  /** When the station has to act next on what it owes, or null when it need not by itself. */
  nextDueMs(nowMs: number): number | null {
    let dueMs: number | null = null;
    for (const routeId of this.#journal.owed.keys()) {
      if (this.#registered.has(routeId)) continue;
      const atMs = this.#lanes.get(routeId)?.notBeforeMs ?? nowMs;
      if (atMs < PARKED) dueMs = Math.min(dueMs ?? atMs, atMs);
    }
    return dueMs;
  }

  #load(): void {
    const stored = readConfig(this.#db);
    if (stored !== null) {
      this.#adopt({ version: stored.version, routes: JSON.parse(stored.routes), keyIds: [] });
    }
    for (const row of readLanes(this.#db)) {
      this.#lanes.set(row.routeId, laneOf(row));
      const owedAfter = this.#journal.owed.get(row.routeId);
      if (owedAfter === undefined) continue;
      // The lane may have gone on since the newest event was stored.
      if (row.cursor >= this.#journal.seq) this.#journal.owed.delete(row.routeId);
      else this.#journal.owed.set(row.routeId, Math.max(row.cursor, owedAfter));
    }
  }

  #adopt(table: RouteTable): void {
    this.#version = table.version;
    this.#routes = new Map(
      table.routes.map((route) => [route.id, { route, filter: compileFilter(route.filter) }]),
    );
  }

  #forget(routeId: string): void {
    this.#journal.owed.delete(routeId);
    if (this.#lanes.delete(routeId)) deleteLane(this.#db, routeId);
  }

  async #drain(routeId: string): Promise<void> {
    if (this.#draining.has(routeId)) return;
    this.#draining.add(routeId);
    try {
      while (!this.#stopped && (await this.#step(routeId))) {
        // One event a turn, until the lane is empty or has to wait.
      }
    } catch (error) {
      // What an attempt comes to after the station was emptied concerns nobody.
      if (this.#stopped) return;
      // Ours, not the destination's: a call that did not get through. The event keeps its tries.
      this.#world.onFault(routeId, error);
      this.#world.wakeAt(Date.now() + FAULT_RETRY_MS);
    } finally {
      this.#draining.delete(routeId);
    }
  }

  /** Brings the lane one event further; false when it is empty or its head has to wait. */
  async #step(routeId: string): Promise<boolean> {
    const before = this.#laneOf(routeId);
    if (before === null) return false;
    if (before.notBeforeMs !== null && before.notBeforeMs > Date.now()) {
      if (before.notBeforeMs < PARKED) this.#world.wakeAt(before.notBeforeMs);
      return false;
    }
    // A retry or a backlog may come long after its push: it must not use what the route was then.
    if (before.notBeforeMs !== null || !this.#world.knowsRoutesOf(before.cursor)) {
      await this.#world.checkRoutes();
    }
    const route = this.#routes.get(routeId)?.route;
    const lane = this.#laneOf(routeId);
    if (route === undefined || lane === null) return false;
    if (!route.enabled) return this.#block(routeId);
    const event = this.#headOf(routeId, lane);
    if (event === null) return false;
    const ready = withHead(this.#lanes.get(routeId) ?? lane, event.seq);
    const outcome = await this.#world.attempt(route, event, ready);
    return this.#settle(routeId, event, outcome);
  }

  async #settle(routeId: string, event: StationEvent, outcome: Outcome): Promise<boolean> {
    const route = this.#routes.get(routeId)?.route;
    const lane = this.#laneOf(routeId);
    // The route may have been deleted while the attempt was on its way.
    if (route === undefined || lane === null) return false;
    const tried = withHead(lane, event.seq);
    const step = afterAttempt(tried, event.seq, outcome, route, Date.now(), Math.random());
    switch (step.kind) {
      case "delivered":
        this.#store(routeId, step.lane);
        return true;
      case "give_up":
        if (step.keep) await this.#world.keepDeadLetter(deadLetter(routeId, event, tried, outcome));
        this.#store(routeId, step.lane);
        return true;
      case "wait":
        this.#store(routeId, step.lane);
        this.#world.wakeAt(step.atMs);
        return false;
      case "park":
        this.#store(routeId, step.lane);
        return false;
      case "disable":
        await this.#world.disableRoute(routeId);
        this.#store(routeId, step.lane);
        await this.#world.checkRoutes();
        return true;
    }
  }

  /** No attempt may be made; the tenant wakes the station when that changes. */
  async #block(routeId: string): Promise<false> {
    if (!this.#registered.has(routeId)) {
      await this.#world.registerBlocked(routeId);
      this.#registered.add(routeId);
    }
    return false;
  }

  /** The lane of a route that owes something, from where it owes it; null when it owes nothing. */
  #laneOf(routeId: string): Lane | null {
    const owedAfter = this.#journal.owed.get(routeId);
    if (owedAfter === undefined) return null;
    const lane = this.#lanes.get(routeId) ?? newLane(owedAfter);
    return lane.cursor >= owedAfter ? lane : { ...lane, cursor: owedAfter };
  }

  /** The next event that the route wants. When there is none, the lane owes nothing any more. */
  #headOf(routeId: string, lane: Lane): StationEvent | null {
    const filter = this.#routes.get(routeId)?.filter;
    const lost = this.#journal.oldestSeq - 1;
    const ready =
      lane.cursor < lost ? skipLost(lane, { first: lane.cursor + 1, last: lost }) : lane;
    if (ready !== lane) this.#store(routeId, ready);
    for (let after = ready.cursor; after < this.#journal.seq; ) {
      const events = this.#journal.read(after, READ_EVENTS);
      const wanted = events.find((event) => filter?.wants(event));
      if (wanted !== undefined) return wanted;
      after = events.at(-1)?.seq ?? this.#journal.seq;
    }
    this.#journal.owed.delete(routeId);
    return null;
  }

  #store(routeId: string, lane: Lane): void {
    this.#lanes.set(routeId, lane);
    if (lane.cursor >= this.#journal.seq) this.#journal.owed.delete(routeId);
    else if (this.#journal.owed.has(routeId)) this.#journal.owed.set(routeId, lane.cursor);
    writeLane(this.#db, rowOf(routeId, lane));
  }
}

function deadLetter(
  routeId: string,
  event: StationEvent,
  lane: Lane,
  outcome: Outcome,
): DeadLetter {
  return {
    routeId,
    station: event.station,
    seq: event.seq,
    eventId: event.id,
    type: event.type,
    attempts: lane.attempts + 1,
    lastAnswer: describeOutcome(outcome),
    snippet: outcome.kind === "answered" ? outcome.snippet : outcome.detail,
  };
}

function laneOf({ routeId: _, gapFirst, gapLast, ...lane }: LaneRow): Lane {
  const gap = gapFirst === null || gapLast === null ? null : { first: gapFirst, last: gapLast };
  return { ...lane, gap };
}

function rowOf(routeId: string, { gap, ...lane }: Lane): LaneRow {
  return { routeId, ...lane, gapFirst: gap?.first ?? null, gapLast: gap?.last ?? null };
}
