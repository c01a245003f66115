import type { Actor } from "../domain/audit.ts";
import { dueAt } from "../domain/clock.ts";
import type { NewReplay } from "../domain/control.ts";
import { randomId } from "../domain/ids.ts";
import { type Page, pageOf } from "../domain/page.ts";
import { MAX_REPLAY_WAIT_MS, MAX_UNFINISHED_REPLAYS } from "../domain/replay.ts";
import type { Database } from "../store/database.ts";
import { readDeadLetter, takeDeadLetters } from "../store/dead-letter-store.ts";
import * as store from "../store/replay-store.ts";
import { type RouteRow, readRoute } from "../store/route-store.ts";
import type { AlarmClock } from "./alarm-clock.ts";
import type { Audit } from "./tenant-audit.ts";
import type { DeadLetters } from "./tenant-dead-letters.ts";
import { type CountWorld, ReplayCounter } from "./tenant-replay-count.ts";
import { ReplayRunner, type RunnerWorld } from "./tenant-replay-runner.ts";
import * as views from "./tenant-views.ts";

/** A new replay is answered when it is counted, or after this; counting goes on then. */
const COUNT_PATIENCE_MS = 5_000;
const FAULT_RETRY_MS = 5_000;
/** While a replay is at work the alarm comes this often, so that a restart does not stop it. */
const KEEP_GOING_MS = 10_000;

export interface ReplaysWorld
  extends Omit<RunnerWorld, "onIdle">,
    Omit<CountWorld, "onCounted" | "onFault"> {
  /** The first of these that never sent anything, or null. */
  readonly firstUnknown: (stations: readonly string[]) => Promise<string | null>;
  /** Who waits at the route's gate is to look again. Never rejects. */
  readonly disperse: (route: RouteRow) => Promise<void>;
}

export type ReplayRefusal =
  | { readonly refused: "no_route" }
  | { readonly refused: "no_station"; readonly station: string }
  | { readonly refused: "limit_reached" };

export type RedeliveryRefusal = "not_found" | "under_way" | "without_event" | "limit_reached";

/**
 * The tenant's replays: events of a time range, or dead letters, sent to a route once more,
 * beside its lanes. What is left to be done is in tables and is taken up after any restart;
 * tenant-replay-runner.ts does it.
 */
export class Replays {
  readonly #db: Database;
  readonly #clock: AlarmClock;
  readonly #audit: Audit;
  readonly #world: ReplaysWorld;
  readonly #runner: ReplayRunner;
  readonly #counter: ReplayCounter;

  constructor(
    db: Database,
    clock: AlarmClock,
    audit: Audit,
    deadLetters: DeadLetters,
    world: ReplaysWorld,
  ) {
    this.#db = db;
    this.#clock = clock;
    this.#audit = audit;
    this.#world = world;
    this.#runner = new ReplayRunner(db, deadLetters, { ...world, onIdle: () => this.kick() });
    this.#counter = new ReplayCounter(db, {
      ...world,
      onCounted: () => this.kick(),
      onFault: () => clock.wakeAt(Date.now() + FAULT_RETRY_MS),
    });
  }

  /** What a replay would send, counted and not stored. */
  async dryRun(input: NewReplay): Promise<{ matched: number; stations: number } | ReplayRefusal> {
    const refusal = await this.#refusalOf(input);
    if (refusal !== null) return refusal;
    return this.#counter.dryRun(rowOf(input));
  }

  async create(input: NewReplay, actor: Actor): Promise<views.ReplayView | ReplayRefusal> {
    const refusal = await this.#refusalOf(input);
    if (refusal !== null) return refusal;
    if (this.#isFull()) return { refused: "limit_reached" };
    const row = rowOf(input);
    this.#db.transaction(() => {
      store.insertReplay(this.#db, row);
      const { route, stations, types, from, to } = input;
      const detail = { route, stations: stations ?? null, types: types ?? null, from, to };
      this.#audit.record(actor, "replay.created", row.id, detail);
    });
    this.kick();
    await Promise.race([this.#counter.count(row.id), scheduler.wait(COUNT_PATIENCE_MS)]);
    return this.get(row.id) ?? { refused: "no_route" };
  }

  /** A replay of the route's dead letters: of one, or of all that are not under way already. */
  redeliver(
    routeId: string,
    letter: number | null,
    actor: Actor,
  ): views.ReplayView | RedeliveryRefusal {
    if (readRoute(this.#db, routeId) === null) return "not_found";
    if (letter !== null) {
      const row = readDeadLetter(this.#db, routeId, letter);
      if (row === null) return "not_found";
      if (row.replayId !== null) return "under_way";
      if (row.source === null) return "without_event";
    }
    if (this.#isFull()) return "limit_reached";
    const id = randomId("rp");
    const nowMs = Date.now();
    this.#db.transaction(() => {
      const all = { stations: null, types: null, fromMs: null, toMs: null, countedTo: null };
      const row = { id, kind: "dead_letters", routeId, ...all, createdAtMs: nowMs } as const;
      store.insertReplay(this.#db, row);
      let matched = 0;
      for (const taken of takeDeadLetters(this.#db, routeId, letter, id)) {
        const { station, oldest: place, lastSeq: untilSeq } = taken;
        store.insertReplayStation(this.#db, {
          replayId: id,
          station,
          place,
          afterSeq: 0,
          untilSeq,
        });
        matched += taken.letters;
      }
      store.noteCounted(this.#db, id, null, matched);
      store.finishReplay(this.#db, id, nowMs);
      const which = letter === null ? { letters: matched } : { letter: String(letter) };
      this.#audit.record(actor, "dead_letters.redelivered", routeId, { replay: id, ...which });
    });
    this.kick();
    return this.get(id) ?? "not_found";
  }

  list(before: number, limit: number): Page<views.ReplayView> {
    const rows = store.listReplays(this.#db, before, limit + 1);
    return pageOf(
      rows,
      limit,
      (row) => this.#view(row),
      ({ number }) => String(number),
    );
  }

  get(id: string): views.ReplayView | null {
    const row = store.readReplay(this.#db, id);
    return row === null ? null : this.#view(row);
  }

  /** Nothing more is sent but what is in flight. A replay that is done stays so. */
  async cancel(id: string, actor: Actor): Promise<"cancelled" | "not_found" | "done"> {
    const row = store.readReplay(this.#db, id);
    if (row === null) return "not_found";
    if (row.cancelled === 0) {
      if (row.finishedAtMs !== null) return "done";
      this.#db.transaction(() => {
        store.cancelReplay(this.#db, id, Date.now());
        this.#audit.record(actor, "replay.cancelled", id);
      });
    }
    // What waits at the route's gate is not in flight yet.
    const route = readRoute(this.#db, row.routeId);
    if (route !== null) await this.#world.disperse(route);
    return "cancelled";
  }

  /** To be called in the transaction that deletes the route. */
  cancelOf(routeId: string): void {
    for (const { id, routeId: of } of store.listUnfinishedReplays(this.#db)) {
      if (of === routeId) store.cancelReplay(this.#db, id, Date.now());
    }
  }

  /**
   * Lets every replay go on, as far as it may, and sees to it that this is called again. To be
   * called by the alarm, and whenever a route may be attempted again. Does not wait.
   */
  kick(): void {
    const unfinished = store.listUnfinishedReplays(this.#db);
    this.#runner.keepOnly(new Set(unfinished.map(({ id }) => id)));
    for (const replay of unfinished) {
      if (replay.countedTo !== null) void this.#counter.count(replay.id);
      this.#runner.start(replay);
      this.#arm(replay);
    }
  }

  /** After a restart: has the alarm come soon when there is something to do. */
  wake(): void {
    const mayGoOn = store
      .listUnfinishedReplays(this.#db)
      .some(({ countedTo, routeId }) => countedTo !== null || this.#world.mayAttempt(routeId));
    if (mayGoOn) this.#clock.wakeAt(Date.now());
  }

  #arm({ id, routeId, countedTo }: store.ReplayRow): void {
    const nowMs = Date.now();
    const isBusy = this.#counter.isCounting(id) || this.#runner.isRunning(id);
    if (isBusy) this.#clock.wakeAt(nowMs + KEEP_GOING_MS);
    else if (countedTo !== null) this.#clock.wakeAt(nowMs);
    else if (this.#world.mayAttempt(routeId)) {
      const dueMs = store.nextStationMs(this.#db, id);
      if (dueMs !== null) this.#clock.wakeAt(dueAt(dueMs, nowMs, MAX_REPLAY_WAIT_MS));
    }
  }

  async #refusalOf({ route, stations }: NewReplay): Promise<ReplayRefusal | null> {
    if (readRoute(this.#db, route) === null) return { refused: "no_route" };
    const station = stations === undefined ? null : await this.#world.firstUnknown(stations);
    if (station !== null) return { refused: "no_station", station };
    // It may have been deleted while the feed was asked.
    return readRoute(this.#db, route) === null ? { refused: "no_route" } : null;
  }

  #isFull(): boolean {
    return store.listUnfinishedReplays(this.#db).length >= MAX_UNFINISHED_REPLAYS;
  }

  #view(row: store.ReplayRow): views.ReplayView {
    return views.replayView(row, this.#world.mayAttempt(row.routeId));
  }
}

function rowOf(input: NewReplay): Omit<store.ReplayRow, "number"> {
  const stations = input.stations && JSON.stringify([...new Set(input.stations)].sort());
  return {
    id: randomId("rp"),
    kind: "range",
    routeId: input.route,
    stations: stations ?? null,
    types: input.types === undefined ? null : JSON.stringify(input.types),
    fromMs: Date.parse(input.from),
    toMs: Date.parse(input.to),
    matched: 0,
    delivered: 0,
    failed: 0,
    countedTo: "",
    cancelled: 0,
    createdAtMs: Date.now(),
    finishedAtMs: null,
  };
}
