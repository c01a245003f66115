import { DurableObject } from "cloudflare:workers";

import { type StationEvent, serializeEvent } from "../domain/event.ts";
import { Gather } from "../domain/gather.ts";
import type { Lane, LaneAction } from "../domain/lane.ts";
import type { Outcome } from "../domain/outcome.ts";
import type { ReplaySelection } from "../domain/replay.ts";
import { needsGate, type StationRoute } from "../domain/route.ts";
import { serializeState } from "../domain/state.ts";
import type { Later } from "../domain/throttle.ts";
import { type Env, feedName, gateName, parseObjectName } from "../env.ts";
import { faultFields, log } from "../log.ts";
import { CloseCode } from "../protocol/frames.ts";
import { Database } from "../store/database.ts";
import { AlarmClock } from "./alarm-clock.ts";
import type { CourierFacts } from "./courier.ts";
import { type AppendOutcome, type IncomingEvent, Journal } from "./station-journal.ts";
import { Lanes, type LaneWorld } from "./station-lanes.ts";
import { GoneError, Pusher } from "./station-push.ts";
import {
  type ReplayAnswer,
  type ReplayCount,
  type ReplayTurn,
  StationReplays,
} from "./station-replay.ts";
import {
  type DeliveryPlace,
  type DeliveryView,
  type LaneView,
  laneView,
  listDeliveries,
} from "./station-views.ts";
import { Stream, type StreamRecord, subscriptionOf } from "./stream.ts";

/** An ack waits this long for the feed; then an alarm owes the push, and the ack goes out. */
const PUSH_PATIENCE_MS = 2_000;
const PUSH_RETRY_MS = 5_000;
/** How long after an event the alarm looks whether what it owes was delivered. */
const SAFETY_NET_MS = 30_000;
/** Events that a replay reads at a time. */
const READ_EVENTS = 100;
/** Appends that one transaction takes. */
const MAX_APPENDS = 500;

export type AppendStatus = "accepted" | "duplicate" | "stale" | "gone";

/**
 * One per tenant and station, named `<tenant>/<station>`. A shell: the log is in
 * station-journal.ts, the way to the feed in station-push.ts, deliveries in station-lanes.ts.
 */
export class StationObject extends DurableObject<Env> {
  readonly #db: Database;
  readonly #tenant: string;
  readonly #station: string;
  #journal: Journal;
  #lanes: Lanes;
  #pusher: Pusher;
  #replays: StationReplays;
  readonly #stream: Stream;
  readonly #appends: Gather<IncomingEvent, AppendOutcome>;
  readonly #clock: AlarmClock;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ({ tenant: this.#tenant, rest: this.#station } = parseObjectName(ctx.id.name));
    this.#db = new Database(ctx.storage);
    ({ journal: this.#journal, lanes: this.#lanes, pusher: this.#pusher } = this.#open());
    this.#replays = this.#openReplays();
    this.#stream = new Stream(ctx, {
      tenant: this.#tenant,
      extent: () => this.#journal.extent(),
      read: (offset) => this.#readRecords(offset),
      snapshot: (wants) => this.#stateTexts(wants),
    });
    this.#appends = new Gather((events) => this.#commit(events), MAX_APPENDS);
    this.#clock = new AlarmClock(ctx, this.#journal.seq > 0);
  }

  /**
   * Takes events in, in the order given. When it resolves they are durable, and their relay is
   * done or owed by an alarm. Safe to repeat: an id is accepted once.
   */
  async append(events: readonly IncomingEvent[]): Promise<AppendStatus[]> {
    const outcomes = await Promise.all(events.map((event) => this.#appends.add(event)));
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
    const { oldestSeq, seq } = this.#journal;
    return { events: this.#journal.read(afterSeq, limit), oldestSeq, seq };
  }

  /** The configuration has changed in a way that this station waits for. True while it has subscribers. */
  async wake(): Promise<boolean> {
    if (this.#journal.seq === 0) return false;
    await this.#pusher.check();
    this.#lanes.release();
    return this.#stream.size > 0;
  }

  /** Has a lane try its head once, whatever stands against it. False when it owes nothing. */
  async probe(routeId: string): Promise<boolean> {
    if (this.#journal.seq === 0) return false;
    await this.#pusher.check();
    return this.#lanes.grant(routeId);
  }

  /** A person's doing. Null when the lane owes nothing, so that there is nothing to be done. */
  async actOnLane(routeId: string, action: LaneAction): Promise<LaneView | null> {
    if (this.#journal.seq === 0) return null;
    await this.#pusher.check();
    const done =
      action === "skip"
        ? (await this.#lanes.skip(routeId)) !== null
        : await (action === "retry" ? this.#lanes.grant(routeId) : this.#lanes.resume(routeId));
    return done ? this.#laneView(routeId) : null;
  }

  /** How a route's lane stands here. */
  async lane(routeId: string): Promise<LaneView> {
    return this.#laneView(routeId);
  }

  /** Attempts made here, newest first, before the given place; of one route or of all. */
  async deliveries(
    routeId: string | null,
    before: DeliveryPlace,
    limit: number,
  ): Promise<DeliveryView[]> {
    const { table } = this.#lanes;
    return listDeliveries(
      (routeId === null ? table.routeIds() : [routeId]).map((id) => [id, table.log(id)]),
      before,
      limit,
    );
  }

  /** Forgets what is known of the station; its events stay in the log until it turns. */
  async forget(nowMs: number): Promise<void> {
    if (this.#journal.seq > 0) this.#journal.forget(nowMs);
  }

  /** What a replay would send of this station's log. */
  async countReplay(selection: ReplaySelection): Promise<ReplayCount> {
    return this.#replays.count(selection);
  }

  /** One attempt of a replay, for the tenant, which keeps what is left to do. */
  async replay(turn: ReplayTurn): Promise<ReplayAnswer> {
    return this.#replays.attempt(turn);
  }

  /** A subscriber's upgrade. src/http has checked who asks, and that the station exists. */
  override async fetch(request: Request): Promise<Response> {
    // From here on the tenant wakes this station when a key is deleted.
    const tenant = this.env.TENANT.getByName(this.#tenant);
    const { keyId } = subscriptionOf(request);
    if (!(await tenant.registerSubscribed(this.#station, keyId))) {
      return new Response(null, { status: 404 });
    }
    return this.#stream.upgrade(request);
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    this.#stream.receive(socket, data);
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    this.#stream.forget(socket);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#stream.forget(socket);
  }

  /** The tenant is gone, and everything of it. */
  async purge(): Promise<void> {
    this.#stream.closeAll(CloseCode.forbidden, "the tenant was removed");
    this.#lanes.stop();
    await this.ctx.storage.deleteAll();
    this.#clock.rang();
    ({ journal: this.#journal, lanes: this.#lanes, pusher: this.#pusher } = this.#open());
    this.#replays = this.#openReplays();
  }

  /** Never throws: the platform gives an alarm up after six tries, and what is owed must not be lost. */
  override async alarm(): Promise<void> {
    this.#clock.rang();
    try {
      // Dying in here costs nothing: the platform repeats an alarm that did not end.
      if (this.#journal.seq === 0 || !(await this.#relay())) return;
      // A lane that the tenant will wake needs no alarm.
      await this.#lanes.registerBlocked();
      this.#armForLanes();
    } catch (error) {
      log("error", "alarm.failed", { ...this.#place(), ...faultFields(error) });
      this.#clock.wakeAt(Date.now() + PUSH_RETRY_MS);
    }
  }

  /** What memory holds of this station, read from what is stored. */
  #open(): { journal: Journal; lanes: Lanes; pusher: Pusher } {
    const journal = new Journal(this.#db, this.#station);
    const lanes = new Lanes(this.#db, journal, this.#laneWorld());
    const pusher = new Pusher(journal, this.#station, {
      push: (batch) => this.env.FEED.getByName(feedName(this.#tenant)).push(batch),
      onStanding: (standing) => lanes.hear(standing),
      onVersion: async (version, afterSeq) => {
        if (version <= lanes.version) return;
        await lanes.refresh(afterSeq);
        this.#armForLanes();
      },
    });
    return { journal, lanes, pusher };
  }

  #openReplays(): StationReplays {
    return new StationReplays(this.#journal, {
      note: (routeId, attempt, outcome) =>
        this.#lanes.table.note(routeId, attempt, outcome, Date.now()),
      attempt: (route, facts) => this.#attempt(route, { ...facts, prevSeq: null, gap: null }),
    });
  }

  async #commit(incoming: readonly IncomingEvent[]): Promise<AppendOutcome[]> {
    const before = this.#journal.seq;
    const outcomes = this.#journal.append(incoming, (event) => this.#lanes.wanting(event));
    if (this.#journal.seq > before) {
      this.#pusher.assumePushed(before);
      // All in the turn of the append: the alarm is part of its transaction, and subscribers
      // never stand between the log and the frames, which leave when the rows are durable.
      this.#armForLanes();
      if (this.#stream.size > 0) this.#publish(outcomes);
    }
    await this.ctx.storage.sync();
    return outcomes;
  }

  #publish(outcomes: readonly AppendOutcome[]): void {
    this.#stream.publish(
      outcomes.flatMap((outcome) =>
        outcome.status === "accepted" ? [recordOf(outcome.event)] : [],
      ),
    );
  }

  #readRecords(offset: number): { records: StreamRecord[]; offset: number } {
    const records = this.#journal.read(offset, READ_EVENTS).map(recordOf);
    return { records, offset: records.at(-1)?.offset ?? this.#journal.seq };
  }

  #stateTexts(wants: (station: string) => boolean): string[] {
    const { state, seq } = this.#journal;
    const isShown = !state.isGone && wants(this.#station);
    return isShown ? [serializeState(this.#station, seq, state)] : [];
  }

  /** Brings the feed up to date and the lanes on their way. False when the tenant is gone. */
  async #relay(): Promise<boolean> {
    try {
      const pushed = this.#pusher.settle();
      if (!(await settledWithin(pushed, PUSH_PATIENCE_MS))) {
        this.#clock.wakeAt(Date.now() + PUSH_RETRY_MS);
        // Nothing waits for it any more; when it fails the alarm tries again.
        pushed.catch(() => {});
      }
    } catch (error) {
      if (error instanceof GoneError) {
        await this.purge();
        return false;
      }
      log("warn", "push.failed", { ...this.#place(), ...faultFields(error) });
      this.#clock.wakeAt(Date.now() + PUSH_RETRY_MS);
    }
    this.#lanes.kick();
    return true;
  }

  #laneView(routeId: string): LaneView {
    const status = this.#lanes.statusOf(routeId);
    const { table } = this.#lanes;
    return laneView(
      this.#station,
      status,
      table.get(routeId),
      table.log(routeId),
      this.#journal.seq,
    );
  }

  #place() {
    return { tenant: this.#tenant, station: this.#station };
  }

  #armForLanes(): void {
    const nowMs = Date.now();
    const dueMs = this.#lanes.nextDueMs(nowMs);
    if (dueMs !== null) this.#clock.wakeAt(Math.max(dueMs, nowMs + SAFETY_NET_MS));
  }

  /** One attempt, through the route's gate where it has one. */
  #attempt(route: StationRoute, facts: CourierFacts): Promise<Outcome | Later> {
    return needsGate(route)
      ? this.env.GATE.getByName(gateName(this.#tenant, route.id)).attempt(route, facts)
      : this.ctx.exports.Courier.attempt(this.#tenant, route, facts);
  }

  #laneWorld(): LaneWorld {
    const tenant = this.#tenant;
    const tenantObject = () => this.env.TENANT.getByName(tenant);
    return {
      attempt: (route: StationRoute, event: StationEvent, lane: Lane) => {
        const { attempts, prevSeq, gap } = lane;
        return this.#attempt(route, { event, attempt: attempts + 1, prevSeq, gap, replay: null });
      },
      fetchRoutes: (version: number) => tenantObject().routesSince(version),
      report: (report) => tenantObject().reportAttempt({ ...report, station: this.#station }),
      giveUp: (given, reason) => tenantObject().giveUp(given, reason),
      announceLost: (routeId, gap) => tenantObject().announceLost(routeId, this.#station, gap),
      disableRoute: (routeId) => tenantObject().disableRoute(routeId),
      registerBlocked: (routeId) => tenantObject().registerBlocked(routeId, this.#station),
      registerParked: (given) => tenantObject().registerParked(given),
      knowsRoutesOf: (seq) => this.#pusher.isFresh(seq, Date.now()),
      checkRoutes: async () => {
        // Asked beside the pushes, so that a delivery does not queue behind them.
        const standing = await this.env.FEED.getByName(feedName(tenant)).standing();
        this.#lanes.hear(standing);
        if (standing.version > this.#lanes.version) await this.#pusher.check();
      },
      wakeAt: (atMs: number) => this.#clock.wakeAt(atMs),
      onFault: (route, error) =>
        log("warn", "lane.failed", { ...this.#place(), route, ...faultFields(error) }),
      keysChanged: (keyIds) => this.#stream.keepOnly(new Set(keyIds)),
    };
  }
}

function recordOf(event: StationEvent): StreamRecord {
  const { seq, type, station } = event;
  return { offset: seq, type, station, json: serializeEvent(event) };
}

/** Whether the promise resolved in time. Rejects when it rejected in time. */
async function settledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
