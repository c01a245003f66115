import { DurableObject } from "cloudflare:workers";

import type { StationEvent } from "../domain/event.ts";
import { allowsStation } from "../domain/grant.ts";
import type { LaneAction } from "../domain/lane.ts";
import { LATE, Patience } from "../domain/patience.ts";
import type { ReplaySelection } from "../domain/replay.ts";
import { serializeState } from "../domain/state.ts";
import { type Env, parseObjectName } from "../env.ts";
import { faultFields, log } from "../log.ts";
import { CloseCode } from "../protocol/codes.ts";
import { Database } from "../store/database.ts";
import { AlarmClock } from "./alarm-clock.ts";
import type { AppendOutcome, IncomingEvent } from "./station-journal.ts";
import { openParts, type StationParts } from "./station-parts.ts";
import { GoneError } from "./station-push.ts";
import { recordOf } from "./station-record.ts";
import type { ReplayAnswer, ReplayCount, ReplayTurn } from "./station-replay.ts";
import type { DeliveryPlace, DeliveryView, LaneView } from "./station-views.ts";
import { Stream, subscriptionOf } from "./stream.ts";
import { admitToTenant } from "./stream-admission.ts";
import type { StreamRecord } from "./stream-source.ts";

/** An ack waits this long for its rows and the feed; then an alarm owes the push, and the ack goes out. */
const PUSH_PATIENCE_MS = 2_000;
const PUSH_RETRY_MS = 5_000;
/** By then a new station is known to the feed, or looks why it is not. */
const FIRST_PUSH_MS = 60_000;
/** Events that a replay reads at a time. */
const READ_EVENTS = 100;

export type AppendStatus = "accepted" | "duplicate" | "stale" | "gone";

/**
 * One per tenant and station, named `<tenant>/<station>`. A shell: the log is in
 * station-journal.ts, the way to the feed in station-push.ts, deliveries in station-lanes.ts;
 * station-parts.ts puts them together.
 */
export class StationObject extends DurableObject<Env> {
  readonly #db: Database;
  readonly #tenant: string;
  readonly #station: string;
  #parts: StationParts;
  readonly #stream: Stream;
  /** Subscribers that are about to have a socket here. */
  #upgradingCount = 0;
  readonly #clock: AlarmClock;
  readonly #patience = new Patience(PUSH_PATIENCE_MS);
  /** Raised when the station is emptied: what its parts were at comes to nothing. */
  #emptiedCount = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ({ tenant: this.#tenant, rest: this.#station } = parseObjectName(ctx.id.name));
    this.#db = new Database(ctx.storage);
    this.#parts = this.#open();
    this.#clock = new AlarmClock(ctx, this.#parts.journal.seq > 0, () =>
      this.#parts.journal.tally.countAlarm(),
    );
    this.#stream = new Stream(ctx, {
      tenant: this.#tenant,
      extent: () => this.#parts.journal.extent(),
      read: (offset) => this.#readRecords(offset),
      states: (wants) => this.#stateTexts(wants),
      state: () => this.#stateTexts(() => true)[0] ?? "gone",
      restatedSince: (offset) =>
        this.#parts.journal.restatedOffset >= offset ? [this.#station] : [],
      admit: (token) => this.#admit(token),
      wakeAt: (atMs) => this.#clock.wakeAt(atMs),
      count: (what) => this.#parts.journal.tally.count(what),
    });
    this.#countLastFrames();
  }

  /**
   * Takes events in, in the order given. Its answer goes out when they are durable, and their relay
   * is done or owed by an alarm. Safe to repeat: an id is accepted once.
   */
  async append(events: readonly IncomingEvent[]): Promise<AppendStatus[]> {
    this.#parts.journal.tally.count("objectRequests");
    const outcomes = this.#commit(events);
    if (outcomes.every(({ status }) => status === "stale")) return outcomes.map(() => "stale");
    // Also for a duplicate: its original may have been committed by an instance that died before the push.
    if (!(await this.#relay())) return outcomes.map(() => "gone");
    return outcomes.map(({ status }) => status);
  }

  /** Events after `afterSeq`, oldest first, and the extent of the log. */
  async read(
    afterSeq: number,
    limit: number,
  ): Promise<{ events: StationEvent[]; oldestSeq: number; seq: number }> {
    const { oldestSeq, seq } = this.#parts.journal;
    return { events: this.#parts.journal.read(afterSeq, limit), oldestSeq, seq };
  }

  /** The configuration has changed in a way that this station waits for. True while it has subscribers. */
  async wake(): Promise<boolean> {
    if (this.#parts.journal.seq === 0) return false;
    await this.#parts.pusher.check();
    this.#parts.lanes.release();
    return this.#stream.size > 0 || this.#upgradingCount > 0;
  }

  /** Has a lane try its head once, whatever stands against it. False when it owes nothing. */
  async probe(routeId: string): Promise<boolean> {
    if (this.#parts.journal.seq === 0) return false;
    await this.#parts.pusher.check();
    return this.#parts.lanes.grant(routeId);
  }

  /** A person's doing. Null when the lane owes nothing, so that there is nothing to be done. */
  async actOnLane(routeId: string, action: LaneAction): Promise<LaneView | null> {
    if (this.#parts.journal.seq === 0) return null;
    await this.#parts.pusher.check();
    return this.#parts.laneActions.act(routeId, action);
  }

  /** How a route's lane stands here. */
  async lane(routeId: string): Promise<LaneView> {
    return this.#parts.laneActions.show(routeId);
  }

  /** Attempts made here, newest first, before the given place; of one route or of all. */
  async deliveries(
    routeId: string | null,
    before: DeliveryPlace,
    limit: number,
  ): Promise<DeliveryView[]> {
    return this.#parts.laneActions.deliveries(routeId, before, limit);
  }

  /**
   * Forgets what is known of the station; its events stay in the log until it turns. The seq of
   * the newest event that is forgotten; null when there is none.
   */
  async forget(nowMs: number): Promise<number | null> {
    const { seq } = this.#parts.journal;
    if (seq === 0) return null;
    this.#parts.journal.forget(nowMs);
    this.#stream.publish([], new Set([this.#station]));
    return seq;
  }

  /**
   * Lets go of what was received before that time: bodies, and what destinations answered then.
   * Lanes that still owe it get a gap. Safe to repeat; costs nothing when there is nothing.
   */
  async expire(beforeMs: number): Promise<void> {
    if (this.#parts.journal.seq === 0) return;
    // The feed has all of it before it goes, or is asked again.
    await this.#parts.pusher.check();
    this.#parts.journal.clearBefore(beforeMs);
    this.#parts.lanes.table.forgetAttemptsBefore(beforeMs);
    await this.#parts.lanes.passLost();
  }

  /** What a replay would send of this station's log. */
  async countReplay(selection: ReplaySelection): Promise<ReplayCount> {
    return this.#parts.replays.count(selection);
  }

  /** One attempt of a replay, for the tenant, which keeps what is left to do. */
  async replay(turn: ReplayTurn): Promise<ReplayAnswer> {
    return this.#parts.replays.attempt(turn);
  }

  /** A subscriber's upgrade. src/http has checked who asks, and that the station exists. */
  override async fetch(request: Request): Promise<Response> {
    // From here on the tenant wakes this station when a key is deleted.
    const tenant = this.env.TENANT.getByName(this.#tenant);
    const { keyId } = subscriptionOf(request);
    if (!(await tenant.registerSubscribed(this.#station, keyId))) {
      return new Response(null, { status: 401 });
    }
    this.#parts.journal.tally.count("objectRequests");
    return this.#stream.upgrade(request);
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    this.#stream.receive(socket, data);
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    this.#stream.leave(socket, code);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#stream.forget(socket);
  }

  /** The tenant is gone, and everything of it. */
  async purge(): Promise<void> {
    this.#emptiedCount += 1;
    this.#stream.closeAll(CloseCode.forbidden, "the tenant was removed");
    this.#parts.lanes.stop();
    await this.ctx.storage.deleteAll();
    this.#clock.forget();
    this.#parts = this.#open();
  }

  /** Never throws: the platform gives an alarm up after six tries, and what is owed must not be lost. */
  override async alarm(): Promise<void> {
    await this.#clock.rang();
    try {
      this.#stream.sweep();
      // Dying in here costs nothing: the platform repeats an alarm that did not end.
      if (this.#parts.journal.seq === 0 || !(await this.#relay())) return;
      // A lane that the tenant will wake needs no alarm.
      await this.#parts.lanes.registerBlocked();
      this.#parts.lanes.arm(Date.now());
    } catch (error) {
      log("error", "alarm.failed", { ...this.#place(), ...faultFields(error) });
      this.#clock.wakeAt(Date.now() + PUSH_RETRY_MS);
    }
  }

  #open(): StationParts {
    const emptiedCount = this.#emptiedCount;
    return openParts(this.ctx, this.env, this.#db, {
      ...this.#place(),
      wakeAt: (atMs) => {
        if (emptiedCount === this.#emptiedCount) this.#clock.wakeAt(atMs);
      },
      keysChanged: (keyIds) => this.#stream.keepOnly(new Set(keyIds)),
    });
  }

  /**
   * In one turn. The platform lets nothing out, no push, frame or answer, before the rows are durable, so
   * there is nothing to wait for here; what other calls bring before it begins to commit shares the commit.
   */
  #commit(incoming: readonly IncomingEvent[]): AppendOutcome[] {
    const { seq: before, state } = this.#parts.journal;
    const outcomes = this.#parts.journal.append(incoming, (event) =>
      this.#parts.lanes.wanting(event),
    );
    if (this.#parts.journal.seq > before) {
      this.#parts.pusher.assumePushed(before);
      // Until its first push nobody knows of a station; should that not come about and its tenant
      // be removed, it ends by itself.
      if (before === 0) this.#clock.wakeAt(Date.now() + FIRST_PUSH_MS);
      // All in the turn of the append: the alarm is part of its transaction, and subscribers
      // never stand between the log and the frames, which leave when the rows are durable.
      this.#parts.lanes.arm(Date.now());
      const records = outcomes.flatMap((outcome) =>
        outcome.status === "accepted" ? [recordOf(outcome.event)] : [],
      );
      this.#parts.pusher.remember(records);
      if (this.#stream.size > 0) {
        const isRestated = state.isGone !== this.#parts.journal.state.isGone;
        this.#stream.publish(records, new Set(isRestated ? [this.#station] : []));
      }
    }
    return outcomes;
  }

  /** After a wake: the frames of the newest event went out after its row, which cannot know of them. */
  #countLastFrames(): void {
    const { tally, seq } = this.#parts.journal;
    if (!tally.lacksFrames || this.#stream.size === 0) return;
    const [newest] = this.#parts.journal.read(seq - 1, 1);
    const record = newest === undefined ? null : recordOf(newest);
    tally.count("framesSent", this.#stream.countWanting(record));
  }

  #readRecords(offset: number): { records: StreamRecord[]; offset: number } {
    const records = this.#parts.journal.read(offset, READ_EVENTS).map(recordOf);
    return { records, offset: records.at(-1)?.offset ?? this.#parts.journal.seq };
  }

  #stateTexts(wants: (station: string) => boolean): string[] {
    const { state, seq } = this.#parts.journal;
    const isShown = !state.isGone && wants(this.#station);
    return isShown ? [serializeState(this.#station, seq, state)] : [];
  }

  async #admit(token: string) {
    const admission = await admitToTenant(this.env, this.#tenant, token);
    if (admission === null || !allowsStation(admission.grant, this.#station)) return null;
    // From here on this station is woken when that key is deleted, too.
    const owner = this.env.TENANT.getByName(this.#tenant);
    return (await owner.registerSubscribed(this.#station, admission.keyId)) ? admission : null;
  }

  /** Brings the feed up to date and the lanes on their way. False when the tenant is gone. */
  async #relay(): Promise<boolean> {
    try {
      const pushed = await this.#patience.wait(this.#parts.pusher.settle());
      // Nothing waits for it any more; the alarm sees whether it succeeded.
      if (pushed === LATE) this.#clock.wakeAt(Date.now() + PUSH_RETRY_MS);
    } catch (error) {
      if (error instanceof GoneError) {
        await this.purge();
        return false;
      }
      log("warn", "push.failed", { ...this.#place(), ...faultFields(error) });
      this.#clock.wakeAt(Date.now() + PUSH_RETRY_MS);
    }
    this.#parts.lanes.kick();
    return true;
  }

  #place() {
    return { tenant: this.#tenant, station: this.#station };
  }
}
