import type { Extent } from "../domain/cursor.ts";
import { MAX_CLOCK_LEAD_MS, occurredAt, RELAY_SOURCE, type StationEvent } from "../domain/event.ts";
import {
  EMPTY_WINDOW,
  EventIds,
  type IdWindow,
  openWindow,
  slideWindow,
  WINDOW_SIZE,
} from "../domain/event-ids.ts";
import { randomText } from "../domain/ids.ts";
import { EMPTY_STATE, foldEvent, forgetStation, type StationState } from "../domain/state.ts";
import type { Totals } from "../domain/usage.ts";
import type { Database } from "../store/database.ts";
import { exists, migrate } from "../store/migrate.ts";
import { stationMigrations } from "../store/station-schema.ts";
import {
  clearBodies,
  doubleCapacity,
  firstSeqSince,
  insertRing,
  type LogRow,
  readEventIds,
  readEvents,
  readHead,
  readNewestIds,
  readNewestSeq,
  readRing,
  readSlotOwner,
  rewriteHead,
  writeEvent,
} from "../store/station-store.ts";
import { Tally } from "./tally.ts";

/** Events a station keeps at least; more when they are younger than a day or still owed. */
export const LOG_EVENTS = 4096;
/** Events a station keeps at most. */
export const MAX_LOG_EVENTS = 65_536;
/** How long an event keeps its place in the log, and its id from being accepted again. */
const KEPT_MS = 24 * 3_600_000;

export interface IncomingEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly createdAtMs: number | null;
  readonly receivedAtMs: number;
  readonly body: string;
  /** True when nothing in the signature dates it, so that only its id and time show a replay. */
  readonly replayable: boolean;
}

export type AppendOutcome =
  | { readonly status: "accepted"; readonly event: StationEvent }
  | { readonly status: "duplicate" }
  | { readonly status: "stale" };

/** What the newest row knows, so that a wake reads one row. Stored as JSON in `log.head`. */
interface Head {
  readonly state: StationState;
  /** Up to this second ids were made that are not among those of the newest events. Absent from rows of 0.4.0. */
  readonly idsForgottenUntil?: number;
  /** Of 0.4.0 and before: that second, and the ids since. Written for these, should they come back, without ids. */
  readonly window?: IdWindow;
  /** The oldest seq that the log still has. */
  readonly oldest: number;
  /** Up to this seq the bodies are cleared. Absent from rows of 0.2.0. */
  readonly clearedSeq?: number;
  /** The newest seq before the event that brought it back after it was gone. Left out when it never was. */
  readonly returnedSeq?: number;
  /** The newest `occurredAt` among the events that the log has let go of; 0 when there are none. */
  readonly forgottenUntilMs: number;
  /** Up to this seq routes are matched for good; those after it may have been received under newer ones. */
  readonly matchedSeq: number;
  /** Routes that owe something, each with the seq up to which it owes nothing. */
  readonly owed: readonly (readonly [routeId: string, cursor: number])[];
  /** What the station has done so far (domain/usage.ts). Absent from rows of 0.2.0. */
  readonly totals?: Totals;
}

const EMPTY_HEAD: Head = {
  state: EMPTY_STATE,
  oldest: 1,
  forgottenUntilMs: 0,
  matchedSeq: 0,
  owed: [],
};

/**
 * A station's log in memory and on disk: order, dedupe, folded state. Synchronous throughout,
 * so that what it does between two awaits is one transaction.
 */
export class Journal {
  readonly #db: Database;
  readonly #station: string;
  #capacity = LOG_EVENTS;
  #created = false;
  #epoch = "";
  #seq = 0;
  #oldest = 1;
  #clearedSeq = 0;
  #returnedSeq = -1;
  #forgottenUntilMs = 0;
  #state: StationState = EMPTY_STATE;
  #window: IdWindow = EMPTY_WINDOW;
  #ids = new EventIds(EMPTY_WINDOW, true);
  readonly tally: Tally;
  /** Kept by the pusher, stored with each event. */
  matchedSeq = 0;
  /** Kept by the lanes, stored with each event. */
  readonly owed = new Map<string, number>();

  constructor(db: Database, station: string) {
    this.#db = db;
    this.#station = station;
    this.tally = new Tally(db);
    if (exists(db)) this.#load();
  }

  get seq(): number {
    return this.#seq;
  }

  /** The oldest seq that the log still has, with its body. */
  get oldestSeq(): number {
    return Math.max(this.#oldest, this.#clearedSeq + 1);
  }

  /** Up to this seq the bodies are cleared. */
  get clearedSeq(): number {
    return this.#clearedSeq;
  }

  /** The seq at which it was found gone by a call or an event, or before which it came back; -1 for neither. */
  get restatedOffset(): number {
    return this.#state.isGone ? this.#seq : this.#returnedSeq;
  }

  /** Cursors of the station's stream are places in its seq. */
  extent(): Extent {
    return { epoch: this.#epoch, oldest: this.oldestSeq - 1, head: this.#seq };
  }

  get state(): StationState {
    return this.#state;
  }

  /** Creates the tables at the station's first event, never before. */
  create(): void {
    if (this.#created) return;
    migrate(this.#db, stationMigrations);
    this.#epoch = randomText(12);
    insertRing(this.#db, this.#capacity, this.#epoch);
    this.#created = true;
  }

  /** All of these or none; `owes` names the routes that want an event, asked once per event. */
  append(
    incoming: readonly IncomingEvent[],
    owes: (event: StationEvent) => readonly string[],
  ): AppendOutcome[] {
    this.create();
    const totals = this.tally.totals();
    const take = () => {
      const outcomes = incoming.map((event) => this.#appendOne(event, owes));
      this.#write(outcomes.flatMap((each) => (each.status === "accepted" ? [each.event] : [])));
      return outcomes;
    };
    // One event in a slot that is free is one row, all of it or nothing by itself.
    const isOneRow = incoming.length === 1 && this.#seq < this.#capacity;
    try {
      return isOneRow ? take() : this.#db.transaction(take);
    } catch (error) {
      // The rows are rolled back, so what memory made of them is read anew.
      this.#load();
      this.tally.reset(totals);
      throw error;
    }
  }

  /** Events after `afterSeq` that the log still has, oldest first. */
  read(afterSeq: number, limit: number): StationEvent[] {
    if (!this.#created) return [];
    const after = Math.max(afterSeq, this.oldestSeq - 1);
    const rows = readEvents(this.#db, this.#capacity, after, this.#seq, limit);
    return rows.map((row) => this.#eventOf(row));
  }

  /** When the event was received; null when the log no longer has it. */
  receivedAtMs(seq: number): number | null {
    if (!this.#created) return null;
    const owner = readSlotOwner(this.#db, this.#capacity, seq);
    return owner?.seq === seq ? owner.receivedAtMs : null;
  }

  /** Stores what is owed now, when no event is about to carry it. One row. */
  saveHead(): void {
    if (this.#seq > 0) rewriteHead(this.#db, this.#capacity, this.#seq, this.#serializeHead());
  }

  /**
   * Lets go of the bodies of events received before that time, from the oldest on. Their rows
   * stay until the ring comes round: an id is accepted once all the same. One row per event
   * and one more. How many there were.
   */
  clearBefore(beforeMs: number): number {
    const clearedSeq = this.oldestSeq - 1;
    const first = this.#seq === 0 ? null : firstSeqSince(this.#db, clearedSeq, beforeMs);
    const lastSeq = first === null ? this.#seq : first - 1;
    if (lastSeq <= clearedSeq) return 0;
    this.#db.transaction(() => {
      clearBodies(this.#db, clearedSeq, lastSeq);
      rewriteHead(this.#db, this.#capacity, this.#seq, this.#serializeHead(lastSeq));
    });
    this.#clearedSeq = lastSeq;
    return lastSeq - clearedSeq;
  }

  forget(nowMs: number): void {
    this.#state = forgetStation(this.#state, nowMs);
    this.saveHead();
  }

  #load(): void {
    migrate(this.#db, stationMigrations);
    this.#created = true;
    const ring = readRing(this.#db);
    this.#capacity = ring?.capacity ?? LOG_EVENTS;
    this.#epoch = ring?.epoch ?? "";
    this.#seq = readNewestSeq(this.#db, this.#capacity);
    const stored = readHead(this.#db, this.#capacity, this.#seq);
    // Our own text, written by #serializeHead of this or an older version.
    const head: Head = stored === null ? EMPTY_HEAD : JSON.parse(stored);
    this.#oldest = head.oldest;
    this.#clearedSeq = head.clearedSeq ?? 0;
    this.#returnedSeq = head.returnedSeq ?? -1;
    this.#forgottenUntilMs = head.forgottenUntilMs;
    this.matchedSeq = head.matchedSeq;
    this.#state = head.state;
    const { idsForgottenUntil: forgottenUntil, window = EMPTY_WINDOW } = head;
    const ids = readNewestIds(this.#db, this.#capacity, this.#seq, WINDOW_SIZE);
    const before = forgottenUntil === undefined ? window : { ids: [], forgottenUntil };
    this.#window = openWindow(ids, before);
    this.#ids = new EventIds(this.#window, ids.length === this.#seq);
    this.owed.clear();
    for (const [routeId, cursor] of head.owed) this.owed.set(routeId, cursor);
    this.tally.resume(head.totals ?? []);
  }

  #appendOne(
    incoming: IncomingEvent,
    owes: (event: StationEvent) => readonly string[],
  ): AppendOutcome {
    const isWebhook = incoming.source !== RELAY_SOURCE;
    if (this.#isKnown(incoming.id)) {
      if (isWebhook) this.tally.count("duplicates");
      return { status: "duplicate" };
    }
    if (this.#isStale(incoming)) return { status: "stale" };
    const occurredAtMs = occurredAt(incoming.createdAtMs, incoming.receivedAtMs);
    const event: StationEvent = {
      id: incoming.id,
      type: incoming.type,
      source: incoming.source,
      station: this.#station,
      seq: this.#seq + 1,
      late: this.#state.lastEventAtMs !== null && occurredAtMs < this.#state.lastEventAtMs,
      occurredAtMs,
      receivedAtMs: incoming.receivedAtMs,
      body: incoming.body,
    };
    this.#makeRoom(event);
    const { isGone } = this.#state;
    this.#state = foldEvent(this.#state, event);
    if (isGone && !this.#state.isGone) this.#returnedSeq = this.#seq;
    this.#seq = event.seq;
    this.#window = slideWindow(this.#window, event.id);
    this.#ids.add(event.id);
    for (const routeId of owes(event)) {
      if (!this.owed.has(routeId)) this.owed.set(routeId, event.seq - 1);
    }
    if (isWebhook) this.tally.count("accepted");
    return { status: "accepted", event };
  }

  /** What the station knows after them goes with the newest alone: no other row's is ever read. */
  #write(events: readonly StationEvent[]): void {
    for (const [index, event] of events.entries()) {
      const isNewest = index === events.length - 1;
      writeEvent(this.#db, this.#capacity, event, isNewest ? this.#serializeHead() : "");
    }
  }

  #isKnown(id: string): boolean {
    const known = this.#ids.has(id);
    if (known !== "unknown") return known === "yes";
    // What this transaction is about to overwrite is still there, and does not count any more.
    this.#ids.learnAll(readEventIds(this.#db, this.#oldest));
    return this.#ids.has(id) === "yes";
  }

  /** Once the log has wrapped, a replayed id may be forgotten; then the event's own time decides. */
  #isStale({ replayable, createdAtMs, receivedAtMs }: IncomingEvent): boolean {
    if (!replayable) return false;
    if (createdAtMs === null) return true;
    if (this.#oldest === 1) return false;
    if (createdAtMs <= this.#forgottenUntilMs) return true;
    if (createdAtMs > receivedAtMs + MAX_CLOCK_LEAD_MS) return true;
    const oldest = readSlotOwner(this.#db, this.#capacity, this.#oldest);
    return oldest !== null && createdAtMs < oldest.occurredAtMs;
  }

  /** The slot's old event goes when it is a day old and nobody is owed it; else the ring grows. */
  #makeRoom(event: StationEvent): void {
    // Slots are filled in turn, so nothing is in this one before the ring has come round.
    if (event.seq <= this.#capacity) return;
    const owner = readSlotOwner(this.#db, this.#capacity, event.seq);
    if (owner === null) return;
    const firstOwed = Math.min(...this.owed.values()) + 1;
    const free = owner.receivedAtMs <= event.receivedAtMs - KEPT_MS && owner.seq < firstOwed;
    if (!free && this.#capacity < MAX_LOG_EVENTS) {
      doubleCapacity(this.#db, this.#capacity);
      this.#capacity *= 2;
    } else {
      this.#ids.drop(owner.eventId);
      this.#oldest = owner.seq + 1;
      this.#forgottenUntilMs = Math.max(this.#forgottenUntilMs, owner.occurredAtMs);
    }
  }

  #eventOf({ eventId, late, ...row }: LogRow): StationEvent {
    return { ...row, id: eventId, station: this.#station, late: late === 1 };
  }

  #serializeHead(clearedSeq = this.#clearedSeq): string {
    const head: Head = {
      state: this.#state,
      idsForgottenUntil: this.#window.forgottenUntil,
      window: openWindow([], this.#window),
      oldest: this.#oldest,
      clearedSeq,
      ...(this.#returnedSeq < 0 ? {} : { returnedSeq: this.#returnedSeq }),
      forgottenUntilMs: this.#forgottenUntilMs,
      matchedSeq: this.matchedSeq,
      owed: [...this.owed],
      totals: this.tally.totals(1),
    };
    return JSON.stringify(head);
  }
}
