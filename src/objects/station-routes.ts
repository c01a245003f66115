import type { StationEvent } from "../domain/event.ts";
import { type CompiledFilter, compileFilter, filterable } from "../domain/filter.ts";
import { type Lane, waitsUntil } from "../domain/lane.ts";
import { routeOfNotice } from "../domain/notice.ts";
import { NO_ROUTES, type RouteTable, type Standing, type StationRoute } from "../domain/route.ts";
import type { Database } from "../store/database.ts";
import { readConfig, writeConfig } from "../store/station-store.ts";
import type { Journal } from "./station-journal.ts";

export interface KnownRoute {
  readonly route: StationRoute;
  readonly filter: CompiledFilter;
}

/** A route that is new or changed, and since when events may be for it that no routes were matched for. */
interface ChangedRoute {
  readonly id: string;
  readonly sinceMs: number;
}

/** The tenant's routes as this station knows them, and how they fare. */
export class StationRoutes {
  readonly #db: Database;
  readonly #journal: Journal;
  #version = NO_ROUTES.version;
  #known = new Map<string, KnownRoute>();
  #suspect: ReadonlySet<string> = new Set();
  #open = new Set<string>();

  constructor(db: Database, journal: Journal) {
    this.#db = db;
    this.#journal = journal;
    const stored = journal.seq > 0 ? readConfig(db) : null;
    if (stored !== null) this.#adopt(stored.version, JSON.parse(stored.routes));
  }

  get version(): number {
    return this.#version;
  }

  get(routeId: string): KnownRoute | undefined {
    return this.#known.get(routeId);
  }

  has(routeId: string): boolean {
    return this.#known.has(routeId);
  }

  /** The routes that want an event, as far as this station knows the routes. */
  wanting(event: StationEvent): string[] {
    if (this.#known.size === 0) return [];
    const isWanted = wantedBy(event);
    return [...this.#known.values()].filter(isWanted).map(({ route }) => route.id);
  }

  /** Takes up a newer table, durably. Returns the routes that are new or changed in it. */
  take({ version, routes }: RouteTable): ChangedRoute[] {
    const changed = routes.flatMap(({ id, changedAtMs, createdAtMs = changedAtMs }) => {
      const known = this.#known.get(id)?.route;
      if (known?.changedAtMs === changedAtMs) return [];
      // Of one that was heard of, events from before the change were matched when they came.
      return [{ id, sinceMs: known === undefined ? createdAtMs : changedAtMs }];
    });
    this.#adopt(version, routes);
    writeConfig(this.#db, version, JSON.stringify(routes));
    return changed;
  }

  /**
   * A route that is new or changed may want events after `afterSeq`. Before that may lie events
   * whose push was answered to an instance that died before it took up the routes, or whose answer
   * was lost; of these the clock tells which came since then. They all did, if it has been set back.
   */
  owe({ id, sinceMs }: ChangedRoute, afterSeq: number, nowMs: number): void {
    if (this.#journal.owed.has(id)) return;
    const { matchedSeq, seq } = this.#journal;
    const doubtful = this.#journal.read(matchedSeq, Math.max(0, afterSeq - matchedSeq));
    const isAhead = sinceMs > nowMs;
    const first = doubtful.find(({ receivedAtMs }) => isAhead || receivedAtMs >= sinceMs);
    const owedAfter = first === undefined ? afterSeq : first.seq - 1;
    if (owedAfter < seq) this.#journal.owed.set(id, owedAfter);
  }

  /** Takes up how the routes fare; the feed says so with every push. */
  hear({ suspect, open }: Pick<Standing, "suspect" | "open">): void {
    this.#suspect = new Set(suspect);
    this.#open = new Set(open);
  }

  /** Of one route the tenant itself has just said it. */
  hearOf(routeId: string, isOpen: boolean): void {
    if (isOpen) this.#open.add(routeId);
    else this.#open.delete(routeId);
  }

  /** Until when a lane of the route waits by its own doing; null when it need not. */
  waitsUntil(routeId: string, lane: Lane | null, nowMs: number): number | null {
    const scheduleSeconds = this.#known.get(routeId)?.route.scheduleSeconds ?? [];
    return lane === null ? null : waitsUntil(lane, scheduleSeconds, nowMs);
  }

  isSuspect(routeId: string): boolean {
    return this.#suspect.has(routeId);
  }

  isOpen(routeId: string): boolean {
    return this.#open.has(routeId);
  }

  #adopt(version: number, routes: readonly StationRoute[]): void {
    this.#version = version;
    this.#known = new Map(
      routes.map((route) => [route.id, { route, filter: compileFilter(route.filter) }]),
    );
  }
}

/** Which routes want an event: by their filter, and none wants what tells of itself. */
export function wantedBy(event: StationEvent): (known: KnownRoute) => boolean {
  const seen = filterable(event, () => event.body);
  const about = routeOfNotice(event);
  return ({ route, filter }) => route.id !== about && filter.wants(seen);
}
