import { logAttempt } from "../domain/attempt-log.ts";
import { RELAY_SOURCE, type StationEvent } from "../domain/event.ts";
import { type CompiledFilter, compileFilter, filterable } from "../domain/filter.ts";
import {
  afresh,
  afterAttempt,
  type Gap,
  giveUp,
  type Lane,
  type LaneStatus,
  type LaneStep,
  PARKED,
  skipLost,
  withHead,
} from "../domain/lane.ts";
import { routeOfNotice } from "../domain/notice.ts";
import {
  classify,
  describeOutcome,
  type Outcome,
  type OutcomeClass,
  retryAfterMs,
} from "../domain/outcome.ts";
import { NO_ROUTES, type RouteTable, type Standing, type StationRoute } from "../domain/route.ts";
import type { Later } from "../domain/throttle.ts";
import type { Database } from "../store/database.ts";
import { readConfig, writeConfig } from "../store/station-store.ts";
import type { Journal } from "./station-journal.ts";
import { LaneTable } from "./station-lane-table.ts";

/** Events that a search for the head reads at a time; most lanes want the first. */
const READ_EVENTS = 10;
/** When the relay itself could not make an attempt, it tries again after this; the event is not charged. */
const FAULT_RETRY_MS = 5_000;
/** A lane that is well tells of its successes this often at most, while its route is suspect. */
const SUCCESS_REPORT_MS = 1_000;

/** An event that a lane could not deliver. */
export interface GivenUp {
  readonly routeId: string;
  readonly event: StationEvent;
  readonly attempts: number;
  readonly lastAnswer: string;
  readonly snippet: string;
}
/** `exhausted` and `skipped` ones are kept as dead letters. */
export type GiveUpReason = "exhausted" | "skipped" | "dropped";

/** What an attempt of a lane came to, for the tenant, which minds the route as a whole. */
export interface LaneReport {
  readonly routeId: string;
  readonly station: string;
  readonly class: Exclude<OutcomeClass, "gone">;
  readonly retryAfterMs: number | null;
  readonly answer: string;
  /** The event is one of the relay's own: what happens to it is announced by none. */
  readonly isQuiet: boolean;
}

/** The world outside the lanes, as the station provides it. */
export interface LaneWorld {
  readonly attempt: (
    route: StationRoute,
    event: StationEvent,
    lane: Lane,
  ) => Promise<Outcome | Later>;
  /** The routes if they changed since `version`, else null. */
  readonly fetchRoutes: (version: number) => Promise<RouteTable | null>;
  /** Resolves to whether the route's breaker is open now; then the tenant wakes the lane. */
  readonly report: (report: Omit<LaneReport, "station">) => Promise<{ isOpen: boolean }>;
  /** An event is given up. Durable when it resolves; safe to call twice for one event. */
  readonly giveUp: (given: GivenUp, reason: GiveUpReason) => Promise<void>;
  /** The log no longer has what the lane was to deliver. */
  readonly announceLost: (routeId: string, gap: Gap) => Promise<void>;
  readonly disableRoute: (routeId: string) => Promise<void>;
  /** Asks to be woken when the route goes on, because no attempt can be made until then. */
  readonly registerBlocked: (routeId: string) => Promise<void>;
  readonly registerParked: (given: GivenUp) => Promise<void>;
  /** Whether the routes were confirmed just now, with the push of the events after `seq`. */
  readonly knowsRoutesOf: (seq: number) => boolean;
  /** Takes up the routes as they are now, by {@link Lanes.hear} and {@link Lanes.refresh}. */
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

/** How a lane's work under way is interrupted: between two attempts, never during one. */
type Interruption = () => Promise<void>;

/**
 * A station's lanes: for every route a cursor over the log, one attempt in flight, the next
 * only after the one before it is settled. What to do after an attempt is decided in
 * domain/lane.ts, and whether the route as a whole may be attempted by the tenant.
 */
export class Lanes {
  readonly #db: Database;
  readonly #journal: Journal;
  readonly #world: LaneWorld;
  readonly #table: LaneTable;
  #version = NO_ROUTES.version;
  #routes = new Map<string, Running>();
  #suspect: ReadonlySet<string> = new Set();
  #open = new Set<string>();
  /** Lanes at work, with what is to be done between two of their attempts. */
  readonly #working = new Map<string, Interruption[]>();
  #stopped = false;
  /** Lanes that the gate has sent away, and until when; what wakes them is the alarm. */
  readonly #awayUntilMs = new Map<string, number>();
  /** Blocked lanes that the tenant knows of; only asked for again after a wake or a change. */
  readonly #registered = new Set<string>();
  /** Lanes that may try their head once whatever stands against it. */
  readonly #granted = new Set<string>();
  /** Lanes whose trouble the tenant knows of, so that it has to hear of its end. */
  readonly #reported = new Set<string>();
  readonly #successMs = new Map<string, number>();

  constructor(db: Database, journal: Journal, world: LaneWorld) {
    this.#db = db;
    this.#journal = journal;
    this.#world = world;
    this.#table = new LaneTable(db, journal);
    const stored = journal.seq > 0 ? readConfig(db) : null;
    if (stored !== null) {
      this.#adopt({ version: stored.version, routes: JSON.parse(stored.routes), keyIds: [] });
    }
  }

  get version(): number {
    return this.#version;
  }

  get table(): LaneTable {
    return this.#table;
  }

  /** The routes that want an event, as far as this station knows the routes. */
  wanting(event: StationEvent): string[] {
    if (this.#routes.size === 0) return [];
    const isWanted = wantedBy(event);
    return [...this.#routes.values()].filter(isWanted).map(({ route }) => route.id);
  }

  /** Takes up how the routes fare; the feed says so with every push. */
  hear({ suspect, open }: Pick<Standing, "suspect" | "open">): void {
    this.#suspect = new Set(suspect);
    this.#open = new Set(open);
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
    for (const id of this.#table.routeIds()) if (!this.#routes.has(id)) this.#forget(id);
    for (const route of changed) {
      this.#awayUntilMs.delete(route.id);
      this.#owe(route, afterSeq);
      // What failed before a person changed the route does not count.
      this.#renew(route.id);
    }
    this.#journal.saveHead();
  }

  /** The station is being emptied: nothing more is attempted or stored. */
  stop(): void {
    this.#stopped = true;
  }

  /** Lets every lane that owes something go on, as far as it may. */
  kick(): void {
    for (const routeId of this.#journal.owed.keys()) void this.#work(routeId);
  }

  /** The tenant has woken the station: what it knew to be blocked may go on. */
  release(): void {
    this.#registered.clear();
    this.kick();
  }

  /** Has a lane try its head once, now, even if its breaker is open. False when it owes nothing. */
  async grant(routeId: string): Promise<boolean> {
    if (!this.#routes.has(routeId)) return false;
    // An attempt is on its way already.
    if (this.#working.has(routeId)) return true;
    if ((await this.#headOf(routeId)) === null) {
      this.#registered.delete(routeId);
      return false;
    }
    this.#granted.add(routeId);
    void this.#work(routeId);
    return true;
  }

  /** Ends a lane's parking: its head gets all its tries again. False when it owes nothing. */
  async resume(routeId: string): Promise<boolean> {
    this.#renew(routeId);
    return this.grant(routeId);
  }

  /** Gives a lane's head up: it becomes a dead letter, and the lane goes on. Null when it owes nothing. */
  async skip(routeId: string): Promise<number | null> {
    return new Promise((resolve, reject) => {
      const interruption = () => this.#skipHead(routeId).then(resolve, reject);
      void this.#work(routeId, interruption);
    });
  }

  /** Registers every lane that may attempt nothing, so that the station need not wake by itself for it. */
  async registerBlocked(): Promise<void> {
    for (const routeId of [...this.#journal.owed.keys()]) {
      if (this.#isBlocked(routeId)) await this.#block(routeId);
    }
  }

  /** When the station has to act next on what it owes, or null when it need not by itself. */
  nextDueMs(nowMs: number): number | null {
    let dueMs: number | null = null;
    for (const routeId of this.#journal.owed.keys()) {
      if (this.#registered.has(routeId)) continue;
      const awayMs = this.#awayUntilMs.get(routeId) ?? nowMs;
      const atMs = Math.max(this.#table.get(routeId)?.notBeforeMs ?? nowMs, awayMs);
      if (atMs < PARKED) dueMs = Math.min(dueMs ?? atMs, atMs);
    }
    return dueMs;
  }

  /** What a lane is at, for people. */
  statusOf(routeId: string): LaneStatus {
    const lane = this.#table.owing(routeId);
    if (lane === null || !this.#routes.has(routeId)) return "idle";
    if (this.#working.has(routeId)) return "delivering";
    if (lane.notBeforeMs === PARKED) return "parked";
    return this.#isBlocked(routeId) ? "blocked" : "waiting";
  }

  #adopt(table: RouteTable): void {
    this.#version = table.version;
    this.#routes = new Map(
      table.routes.map((route) => [route.id, { route, filter: compileFilter(route.filter) }]),
    );
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

  #forget(routeId: string): void {
    this.#awayUntilMs.delete(routeId);
    this.#table.forget(routeId);
  }

  #renew(routeId: string): void {
    const lane = this.#table.owing(routeId);
    if (lane !== null && lane.attempts > 0) this.#table.store(routeId, afresh(lane));
  }

  /** Works a lane off until it is empty or has to wait. What comes meanwhile is looked at again. */
  async #work(routeId: string, interruption: Interruption = async () => {}): Promise<void> {
    const running = this.#working.get(routeId);
    if (running !== undefined) {
      running.push(interruption);
      return;
    }
    const interruptions = [interruption];
    this.#working.set(routeId, interruptions);
    while (!this.#stopped) {
      const next = interruptions.shift();
      if (next !== undefined) await next();
      else if (!(await this.#stepSafely(routeId)) && interruptions.length === 0) break;
    }
    this.#working.delete(routeId);
  }

  async #stepSafely(routeId: string): Promise<boolean> {
    try {
      return await this.#step(routeId);
    } catch (error) {
      // What an attempt comes to after the station was emptied concerns nobody.
      if (this.#stopped) return false;
      // Ours, not the destination's: a call that did not get through. The event keeps its tries.
      this.#world.onFault(routeId, error);
      this.#world.wakeAt(Date.now() + FAULT_RETRY_MS);
      return false;
    }
  }

  /** Brings the lane one event further; false when it is empty or its head has to wait. */
  async #step(routeId: string): Promise<boolean> {
    const before = this.#table.owing(routeId);
    if (before === null) return false;
    const isGranted = this.#granted.has(routeId);
    if (!isGranted && before.notBeforeMs !== null && before.notBeforeMs > Date.now()) {
      if (before.notBeforeMs < PARKED) this.#world.wakeAt(before.notBeforeMs);
      return false;
    }
    const awayMs = this.#awayUntilMs.get(routeId);
    if (awayMs !== undefined && awayMs > Date.now()) {
      this.#world.wakeAt(awayMs);
      return false;
    }
    // A retry or a backlog may come long after its push: it must not use what the route was then.
    const isOld = before.attempts > 0 || awayMs !== undefined;
    if (isGranted || isOld || !this.#world.knowsRoutesOf(before.cursor)) {
      await this.#world.checkRoutes();
    }
    const route = this.#routes.get(routeId)?.route;
    if (route === undefined) return false;
    if (this.#isBlocked(routeId)) return this.#block(routeId);
    const event = await this.#headOf(routeId);
    const lane = this.#table.owing(routeId);
    const wasGranted = this.#granted.delete(routeId);
    if (event === null || lane === null) return false;
    const outcome = await this.#world.attempt(route, event, withHead(lane, event.seq));
    if (outcome.kind === "later") {
      // Nothing was attempted, so what was granted is so still.
      if (wasGranted) this.#granted.add(routeId);
      const atMs = Date.now() + outcome.inMs;
      this.#awayUntilMs.set(routeId, atMs);
      this.#world.wakeAt(atMs);
      return false;
    }
    this.#awayUntilMs.delete(routeId);
    return this.#settle(routeId, event, outcome, wasGranted);
  }

  async #settle(
    routeId: string,
    event: StationEvent,
    outcome: Outcome,
    wasGranted: boolean,
  ): Promise<boolean> {
    const route = this.#routes.get(routeId)?.route;
    const owing = this.#table.owing(routeId);
    // The route may have been deleted while the attempt was on its way.
    if (route === undefined || owing === null) return false;
    const lane = withHead(owing, event.seq);
    const { seq, id, type } = event;
    const log = logAttempt(
      this.#table.log(routeId),
      { seq, event: id, type, attempt: lane.attempts + 1, replay: null },
      outcome,
      Date.now(),
    );
    const decide = (isOpen: boolean) =>
      afterAttempt(lane, seq, outcome, route, isOpen, Date.now(), Math.random());
    const outcomeClass = classify(outcome);
    if (outcomeClass === "delivered") {
      this.#table.store(routeId, decide(false).lane, log);
      await this.#tellSuccess(routeId, event, outcome, lane.attempts > 0 || wasGranted);
      return true;
    }
    if (outcomeClass === "gone") {
      await this.#world.disableRoute(routeId);
      this.#table.store(routeId, decide(false).lane, log);
      return true;
    }
    const { isOpen } = await this.#report(routeId, event, outcomeClass, outcome);
    return this.#follow(routeId, decide(isOpen), givenUp(routeId, event, lane, outcome), log);
  }

  /** Carries out what is to be done after an attempt that failed. */
  async #follow(
    routeId: string,
    step: LaneStep,
    given: GivenUp,
    log: ReturnType<typeof logAttempt>,
  ): Promise<boolean> {
    switch (step.kind) {
      case "give_up":
        await this.#giveUp(given, step.keep ? "exhausted" : "dropped");
        break;
      case "park":
        await this.#world.registerParked(given);
        break;
      case "hold":
        // The tenant has noted it with the report.
        this.#registered.add(routeId);
        break;
      case "wait":
        this.#world.wakeAt(step.atMs);
        break;
    }
    this.#table.store(routeId, step.lane, log);
    return step.kind === "give_up";
  }

  async #giveUp(given: GivenUp, reason: GiveUpReason): Promise<void> {
    await this.#world.giveUp(given, reason);
    // With its head the lane has left its trouble behind, as far as the tenant knows.
    this.#reported.delete(given.routeId);
    this.#registered.delete(given.routeId);
  }

  async #report(
    routeId: string,
    event: StationEvent,
    outcomeClass: LaneReport["class"],
    outcome: Outcome,
  ): Promise<{ isOpen: boolean }> {
    const report = {
      routeId,
      class: outcomeClass,
      retryAfterMs: retryAfterMs(outcome),
      answer: describeOutcome(outcome),
      isQuiet: event.source === RELAY_SOURCE,
    };
    const { isOpen } = await this.#world.report(report);
    // What the tenant knew of this lane has been replaced by the report.
    this.#registered.delete(routeId);
    if (isOpen) this.#open.add(routeId);
    else this.#open.delete(routeId);
    if (outcomeClass === "delivered") this.#reported.delete(routeId);
    else this.#reported.add(routeId);
    return { isOpen };
  }

  /** The end of this lane's trouble; and while the route is suspect, now and then that it is well here. */
  async #tellSuccess(
    routeId: string,
    event: StationEvent,
    outcome: Outcome,
    wasInTrouble: boolean,
  ): Promise<void> {
    const isDue = Date.now() - (this.#successMs.get(routeId) ?? 0) >= SUCCESS_REPORT_MS;
    const isEnd = wasInTrouble || this.#reported.has(routeId);
    if (!isEnd && !(isDue && this.#suspect.has(routeId))) return;
    this.#successMs.set(routeId, Date.now());
    this.#reported.add(routeId);
    try {
      await this.#report(routeId, event, "delivered", outcome);
    } catch (error) {
      // The event is delivered; the next success is reported in its place.
      this.#world.onFault(routeId, error);
    }
  }

  #isBlocked(routeId: string): boolean {
    const isPaused = this.#routes.get(routeId)?.route.enabled === false;
    return isPaused || (this.#open.has(routeId) && !this.#granted.has(routeId));
  }

  /** No attempt may be made; the tenant wakes the station when that changes. */
  async #block(routeId: string): Promise<false> {
    this.#granted.delete(routeId);
    if (!this.#registered.has(routeId)) {
      await this.#world.registerBlocked(routeId);
      this.#registered.add(routeId);
    }
    return false;
  }

  async #skipHead(routeId: string): Promise<number | null> {
    const event = await this.#headOf(routeId);
    const lane = this.#table.owing(routeId);
    if (event === null || lane === null) return null;
    const head = withHead(lane, event.seq);
    const last = this.#table.log(routeId).findLast(({ seq }) => seq === event.seq);
    const { attempts } = head;
    const snippet = last?.answer ?? "";
    await this.#giveUp({ routeId, event, attempts, lastAnswer: "skipped", snippet }, "skipped");
    this.#table.store(routeId, giveUp(head, event.seq));
    return event.seq;
  }

  /** The next event that the route wants. When there is none, the lane owes nothing any more. */
  async #headOf(routeId: string): Promise<StationEvent | null> {
    const running = this.#routes.get(routeId);
    const lane = await this.#pastLost(routeId);
    if (running === undefined || lane === null) return null;
    for (let after = lane.cursor; after < this.#journal.seq; ) {
      const events = this.#journal.read(after, READ_EVENTS);
      const wanted = events.find((event) => wantedBy(event)(running));
      if (wanted !== undefined) return wanted;
      after = events.at(-1)?.seq ?? this.#journal.seq;
    }
    this.#journal.owed.delete(routeId);
    return null;
  }

  /** The lane past what the log no longer has, which is announced, never passed over in silence. */
  async #pastLost(routeId: string): Promise<Lane | null> {
    for (;;) {
      const lane = this.#table.owing(routeId);
      const last = this.#journal.oldestSeq - 1;
      if (lane === null || lane.cursor >= last) return lane;
      const lost = { first: lane.cursor + 1, last };
      await this.#world.announceLost(routeId, lost);
      this.#table.store(routeId, skipLost(lane, lost));
    }
  }
}

/** Which routes want an event: by their filter, and none wants what tells of itself. */
function wantedBy(event: StationEvent): (running: Running) => boolean {
  const seen = filterable(event, () => event.body);
  const about = routeOfNotice(event);
  return ({ route, filter }) => route.id !== about && filter.wants(seen);
}

function givenUp(routeId: string, event: StationEvent, lane: Lane, outcome: Outcome): GivenUp {
  return {
    routeId,
    event,
    attempts: lane.attempts + 1,
    lastAnswer: describeOutcome(outcome),
    snippet: outcome.kind === "answered" ? outcome.snippet : outcome.detail,
  };
}
