import { DurableObject } from "cloudflare:workers";

import { formatCursor, parseCursor, resumeFrom } from "../domain/cursor.ts";
import { compileFilter, type Filter } from "../domain/filter.ts";
import { Gather } from "../domain/gather.ts";
import type { AttemptSample } from "../domain/metric-counts.ts";
import type { MetricsView } from "../domain/metrics.ts";
import { allowsOrigin } from "../domain/origin.ts";
import { pageOf } from "../domain/page.ts";
import { invariant } from "../domain/result.ts";
import type { Standing } from "../domain/route.ts";
import { amountOf, type DayUsage, type Totals, totalsSince } from "../domain/usage.ts";
import { type Env, parseObjectName, stationName } from "../env.ts";
import { faultFields, log } from "../log.ts";
import { CloseCode } from "../protocol/codes.ts";
import { Database } from "../store/database.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { type FeedEntry, FeedLog, isNewsToAll, type Retained } from "./feed-log.ts";
import type { CountedEvent } from "./feed-metrics.ts";
import { Stream, subscriptionOf } from "./stream.ts";
import { admitToTenant } from "./stream-admission.ts";
import { seenByFilters } from "./stream-source.ts";

export interface PushedEvent {
  readonly seq: number;
  readonly type: string;
  readonly json: string;
  /** Absent from stations of 0.3.0. */
  readonly counted?: CountedEvent;
}

/** A station's events for the feed, in order and without holes. */
export interface PushBatch {
  readonly station: string;
  /** The oldest seq that the station still has: a hole before it cannot be filled. */
  readonly oldestSeq: number;
  readonly events: readonly PushedEvent[];
  /** The station's state after the last of `events`, or null when more are to follow. */
  readonly state: string | null;
  /** The station is taken out of state and snapshots. */
  readonly removed: boolean;
  /** What the station has done so far. Absent from stations of 0.2.0. */
  readonly totals?: Totals;
  /** The newest of the attempts that `totals` count. Absent from stations of 0.3.0. */
  readonly attempts?: readonly AttemptSample[];
}

export interface PushReply extends Standing {
  /** The newest seq of the station that the feed holds, durably. What is missing is to be pushed again. */
  readonly lastSeq: number;
  /** The tenant has been removed. */
  readonly gone: boolean;
}

/** What the tenant tells its feed, and what the feed asks for when it wakes. */
export interface FeedConfig extends Standing {
  /** Tells two of the same version apart: the later one is larger. */
  readonly stamp: number;
  readonly keyIds: readonly string[];
  /** Origins that browsers may come from; none for any. Absent from tenants of 0.2.0. */
  readonly allowedOrigins?: readonly string[];
  readonly removed: boolean;
}

/** Why somebody may not subscribe here. */
export type Inadmissible = "unauthorized" | "forbidden_origin" | "not_found";

export interface EventPage {
  readonly items: readonly string[];
  readonly next: string | null;
}

/** Pushes that one flush takes. */
const MAX_PUSHES = 200;
/** Events that one call looks at, so that a filter that nothing passes does not read the whole feed. */
const MAX_SCANNED = 10_000;
/** The same, when events are large: their text is read, and may have to be parsed. */
const MAX_SCANNED_CHARS = 64 * 1024 * 1024;
/** A page ends early when it has grown to this, long before a call between objects would fail. */
const MAX_PAGE_CHARS = 4_000_000;
const PURGES_PER_ALARM = 50;
/** Segments that one call lets go of. */
const MAX_CLEARED_SEGMENTS = 200;

/**
 * One per tenant, named `<tenant>/0`. Puts all events of the tenant in one order and passes
 * them on to subscribers. A shell: the log is in feed-log.ts, the sockets in stream.ts.
 */
export class FeedObject extends DurableObject<Env> {
  readonly #db: Database;
  readonly #tenant: string;
  #log: FeedLog;
  readonly #clock: AlarmClock;
  readonly #stream: Stream;
  readonly #pushes: Gather<PushBatch, number>;
  #config: Promise<FeedConfig> | null = null;
  /** The newest that was told or answered. */
  #known: FeedConfig | null = null;
  /** Stations of a removed tenant that are purged; after a restart they are purged again. */
  #purgedCount = 0;
  #isHandingOver = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#tenant = parseObjectName(ctx.id.name).tenant;
    this.#db = new Database(ctx.storage);
    this.#log = new FeedLog(this.#db);
    this.#clock = new AlarmClock(ctx, this.#log.extent().epoch !== "", () =>
      this.#log.usage.countAlarm(),
    );
    this.#stream = new Stream(ctx, {
      tenant: this.#tenant,
      extent: () => this.#log.extent(),
      read: (offset) => this.#log.read(offset),
      states: (wants, evenBehind) => this.#log.snapshot(wants, evenBehind),
      state: (station) => this.#log.state(station) ?? this.#log.whyNoState(station),
      restatedSince: (offset) => this.#log.restatedSince(offset),
      admit: (token) => this.#admit(token),
      wakeAt: (atMs) => this.#clock.wakeAt(atMs),
      count: (what) => this.#log.usage.count(what),
    });
    // The frames of the last flush went out after its row.
    if (this.#stream.size > 0) {
      this.#log.usage.count("framesSent", this.#stream.countWanting(this.#log.newest()));
    }
    // It comes back when what was written before is durable, and when nothing was, once what has already
    // arrived has been handed over: stations that commit together cost one row and one frame.
    const settle = () => ctx.storage.sync();
    this.#pushes = new Gather((batches) => this.#flush(batches), MAX_PUSHES, settle);
  }

  /** The answer goes out when the events are durable in the feed. Repeats are dropped, holes refused. */
  async push(batch: PushBatch): Promise<PushReply> {
    this.#log.usage.count("objectRequests");
    // Asked while the push is under way.
    const asked = this.#ask();
    // A removed tenant's feed takes nothing in, not even to forget it later.
    if (!this.#log.knows(batch.station) && (await asked).removed) return GONE;
    const lastSeq =
      batch.events.length === 0 ? this.#log.lastSeq(batch.station) : await this.#pushes.add(batch);
    // Asked again, because it may have changed meanwhile.
    const { version, suspect, open, removed } = await this.#ask();
    return removed ? GONE : { lastSeq, version, suspect, open, gone: false };
  }

  /** How the tenant's routes stand, for a station with nothing to push. Newer than all when it is gone. */
  async standing(): Promise<Standing> {
    this.#log.usage.count("objectRequests");
    const { version, suspect, open, removed } = await this.#ask();
    return { version: removed ? Number.MAX_SAFE_INTEGER : version, suspect, open };
  }

  /** The tenant's configuration has changed; in force for every push that is flushed from now on. */
  async configure(config: FeedConfig): Promise<void> {
    await this.#config?.catch(() => null);
    // A removal is for good; otherwise the newest counts, whatever came last.
    if (!config.removed && !this.#isNews(config)) return;
    this.#known = config;
    this.#config = Promise.resolve(config);
    if (config.removed) {
      this.#stream.closeAll(CloseCode.forbidden, "the tenant was removed");
      this.#clock.wakeAt(Date.now());
    } else {
      this.#stream.keepOnly(new Set(config.keyIds));
    }
  }

  /** The state of a station as JSON text, null when there is no such station. */
  async state(station: string): Promise<string | null> {
    return this.#log.state(station);
  }

  async states(after: string, limit: number): Promise<EventPage> {
    const names = this.#log.stationsAfter(after, limit + 1);
    return pageOf(names, limit, (name) => this.#log.state(name) ?? "", String);
  }

  /** Whether the station ever sent anything, even if it is gone from state and snapshots. */
  async hasStation(station: string): Promise<boolean> {
    return this.#log.knows(station);
  }

  /** Ids of all stations that ever sent anything, in order, after the given one. */
  async stationNames(after: string, limit: number): Promise<string[]> {
    return this.#log.namesAfter(after, limit);
  }

  /** The first of these that never sent anything, or null. */
  async firstUnknown(stations: readonly string[]): Promise<string | null> {
    return stations.find((station) => !this.#log.knows(station)) ?? null;
  }

  /** Events after a cursor (from the oldest kept when null), or why the cursor is of no use. */
  async events(
    after: string | null,
    filter: Filter,
    limit: number,
  ): Promise<EventPage | "expired"> {
    const extent = this.#log.extent();
    let position = extent.oldest;
    if (after !== null) {
      const resumption = resumeFrom(parseCursor(after), extent);
      if (resumption.kind === "lost") return "expired";
      position = resumption.offset;
    }
    const { wants } = compileFilter(filter);
    const items: string[] = [];
    let chars = 0;
    let scannedChars = 0;
    const last = Math.min(extent.head, position + MAX_SCANNED);
    const isFull = () =>
      items.length === limit || chars >= MAX_PAGE_CHARS || scannedChars >= MAX_SCANNED_CHARS;
    while (position < last && !isFull()) {
      const { records } = this.#log.read(position);
      invariant(records.length > 0, "the log holds every event up to its head");
      for (const record of records) {
        if (isFull()) break;
        if (wants(seenByFilters(record))) {
          items.push(record.json);
          chars += record.json.length;
        }
        scannedChars += record.json.length;
        position = record.offset;
      }
    }
    const more = position < extent.head;
    return { items, next: more ? formatCursor({ epoch: extent.epoch, offset: position }) : null };
  }

  /** Events before a cursor (before the head when null), newest first, or why the cursor is of no use. */
  async eventsBefore(
    before: string | null,
    filter: Filter,
    limit: number,
  ): Promise<EventPage | "expired"> {
    const extent = this.#log.extent();
    let from = extent.head;
    if (before !== null) {
      const cursor = parseCursor(before);
      const resumption = resumeFrom(cursor, extent);
      if (resumption.kind === "lost" && resumption.reason === "epoch") return "expired";
      from = cursor?.offset ?? extent.head;
    }
    const { items, position } = this.#scanBack(from, filter, limit);
    const more = position > extent.oldest;
    return { items, next: more ? formatCursor({ epoch: extent.epoch, offset: position }) : null };
  }

  /** The newest events of a type pattern, newest first, and how many were looked at for them. */
  async newest(
    type: string | null,
    limit: number,
  ): Promise<{ items: readonly string[]; scanned: number }> {
    const filter = type === null ? {} : { types: [type] };
    const { items, scanned } = this.#scanBack(this.#log.extent().head, filter, limit);
    return { items, scanned };
  }

  /**
   * Lets go of events received before that time; cursors before them are out of retention. True
   * while there may be more, so that no call takes long.
   */
  async expire(beforeMs: number): Promise<boolean> {
    return this.#stored(() => this.#log.clearBefore(beforeMs, MAX_CLEARED_SEGMENTS));
  }

  /** What was relayed and delivered in the last minutes. */
  async metrics(minutes: number): Promise<MetricsView> {
    return this.#log.reportMetrics(minutes, Date.now());
  }

  /** What the tenant's stations and streams have done, on the days that the tenant was not told of. */
  async usage(): Promise<DayUsage[]> {
    return this.#log.usage.days();
  }

  /** Takes a station out of state and snapshots. False when there is none. */
  async removeStation(station: string): Promise<boolean> {
    if (this.#log.state(station) === null) return false;
    const owner = this.env.STATION.getByName(stationName(this.#tenant, station));
    const knownSeq = this.#log.lastSeq(station);
    // Stations of 0.4.0 do not say.
    const forgottenSeq = Math.max(knownSeq, (await owner.forget(Date.now())) ?? 0);
    // What it has sent since then has brought it back.
    if (this.#log.lastSeq(station) > forgottenSeq) return true;
    this.#stored(() => this.#log.remove(station, forgottenSeq));
    this.#stream.publish([], new Set([station]));
    return true;
  }

  /**
   * What stands against a subscriber: its key may have been deleted, its page may come from
   * somewhere else, and the station, when it asks for one, may not be there.
   */
  async refuses(
    keyId: string,
    origin: string | null,
    station: string | null,
  ): Promise<Inadmissible | null> {
    const { keyIds, allowedOrigins = [], removed } = await this.#ask();
    if (removed || !keyIds.includes(keyId)) return "unauthorized";
    if (!allowsOrigin(allowedOrigins, origin)) return "forbidden_origin";
    return station !== null && this.#log.state(station) === null ? "not_found" : null;
  }

  /** A subscriber's upgrade. src/http has checked what it asks for, and passes what it may see. */
  override async fetch(request: Request): Promise<Response> {
    const { keyId, origin } = subscriptionOf(request);
    const refusal = await this.refuses(keyId, origin, null);
    if (refusal !== null) return new Response(null, { status: REFUSAL_STATUS[refusal] });
    this.#log.create();
    this.#log.usage.count("objectRequests");
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

  /** Sees to tokens that end, and to the end of a removed tenant. Never throws. */
  override async alarm(): Promise<void> {
    await this.#clock.rang();
    try {
      if ((await this.#ask()).removed) await this.#purgeSome();
      else this.#stream.sweep();
    } catch (error) {
      log("warn", "alarm.failed", { tenant: this.#tenant, ...faultFields(error) });
      this.#clock.wakeAt(Date.now() + 5_000);
    }
  }

  /** The tenant is removed: the stations go first, then the feed itself. */
  async #purgeSome(): Promise<void> {
    const stations = this.#log.allStations();
    const now = stations.slice(this.#purgedCount, this.#purgedCount + PURGES_PER_ALARM);
    await Promise.all(
      now.map((station) => this.env.STATION.getByName(stationName(this.#tenant, station)).purge()),
    );
    this.#purgedCount += now.length;
    if (this.#purgedCount < stations.length) {
      this.#clock.wakeAt(Date.now() + 1_000);
      return;
    }
    await this.ctx.storage.deleteAll();
    this.#clock.forget();
    this.#log = new FeedLog(this.#db);
  }

  /** Looks back from a place until there are enough, and says how far it came. */
  #scanBack(
    from: number,
    filter: Filter,
    limit: number,
  ): { items: string[]; scanned: number; position: number } {
    const { wants } = compileFilter(filter);
    const { oldest } = this.#log.extent();
    const items: string[] = [];
    let position = from;
    let chars = 0;
    let scanned = 0;
    let scannedChars = 0;
    const isDone = () =>
      items.length === limit ||
      scanned === MAX_SCANNED ||
      chars >= MAX_PAGE_CHARS ||
      scannedChars >= MAX_SCANNED_CHARS;
    while (position > oldest && !isDone()) {
      const { records, offset } = this.#log.readBack(position);
      invariant(offset < position, "the log holds every event up to its head");
      for (const record of records.toReversed()) {
        if (isDone()) break;
        position = record.offset - 1;
        scanned += 1;
        scannedChars += record.json.length;
        if (!wants(seenByFilters(record))) continue;
        items.push(record.json);
        chars += record.json.length;
      }
    }
    return { items, scanned, position };
  }

  async #admit(token: string) {
    const admission = await admitToTenant(this.env, this.#tenant, token);
    if (admission === null) return null;
    return (await this.#ask()).keyIds.includes(admission.keyId) ? admission : null;
  }

  /** What waits goes into the log together: one row, one frame per socket. */
  #flush(batches: readonly PushBatch[]): number[] {
    // Whatever is left of a removed tenant is about to go, and must not come back after that.
    if (this.#known?.removed) return batches.map(() => 0);
    const entries: FeedEntry[] = [];
    const retained = new Map<string, Retained>();
    const restated = new Set<string>();
    let broken = false;
    for (const batch of batches) {
      const { station } = batch;
      const before = retained.get(station) ?? this.#log.retained(station);
      const known = before?.lastSeq ?? 0;
      const fresh = batch.events.filter(({ seq }) => seq > known);
      const first = fresh[0]?.seq;
      const last = fresh.at(-1)?.seq;
      if (first === undefined || last === undefined) continue;
      // A hole is refused, so that the station sends what is missing; unless it no longer has it.
      if (first > known + 1 && first > batch.oldestSeq) continue;
      broken ||= first > known + 1;
      for (const { seq, type, json } of fresh) entries.push({ station, seq, type, json });
      // What it had sent before it was taken out, and comes only now, does not bring it back.
      const { forgottenSeq = 0, removedOffset = 0 } = before ?? {};
      const isForgotten = last <= forgottenSeq;
      const isGone = batch.removed || isForgotten;
      const state = isGone ? null : (batch.state ?? before?.state ?? null);
      const { totals = before?.totals ?? [] } = batch;
      const done = totalsSince(totals, before?.totals ?? []);
      this.#log.usage.add(done);
      const counted = fresh.flatMap((event) => event.counted ?? []);
      const attempts = newest(batch.attempts ?? [], amountOf(done, "attempts"));
      this.#log.metrics.count(counted, attempts, Date.now());
      const awaited = state === null && !isGone;
      const now: Retained = {
        lastSeq: last,
        state,
        totals,
        ...(awaited ? { awaited } : {}),
        ...(isForgotten ? { forgottenSeq, removedOffset } : {}),
      };
      const isRestated = before !== null && isNewsToAll(before, now);
      if (isRestated) restated.add(station);
      // Before the event that came with it, which whoever stands there is yet to be sent.
      const beforeLast = this.#log.extent().head + entries.length - 1;
      const restatedOffset = isRestated ? beforeLast : before?.restatedOffset;
      retained.set(station, restatedOffset === undefined ? now : { ...now, restatedOffset });
    }
    if (entries.length > 0) {
      const records = this.#stored(() => this.#log.append(entries, retained));
      // In the same turn, so that a subscriber never stands between the log and the frames. The
      // platform lets no frame out before the row is durable.
      if (broken) this.#announceHole();
      else this.#stream.publish(records, restated);
      this.#handOver();
    }
    return batches.map(({ station }) => this.#log.lastSeq(station));
  }

  /** Tells the tenant of the days that are over; should it not get through, with a later flush. */
  #handOver(): void {
    const days = this.#log.usage.finishedDays();
    if (days.length === 0 || this.#isHandingOver) return;
    this.#isHandingOver = true;
    const told = this.env.TENANT.getByName(this.#tenant)
      .takeUsage(days)
      .then(
        () => this.#log.usage.drop(days),
        (error) => log("warn", "usage.failed", { tenant: this.#tenant, ...faultFields(error) }),
      )
      .finally(() => {
        this.#isHandingOver = false;
      });
    this.ctx.waitUntil(told);
  }

  /** When it throws nothing was stored, so nothing may be believed of the log any more. */
  #stored<T>(change: () => T): T {
    try {
      return change();
    } catch (error) {
      this.#log = new FeedLog(this.#db);
      throw error;
    }
  }

  /** Events were lost to the feed for good: all cursors end, and every subscriber is told. */
  #announceHole(): void {
    this.#log.renewEpoch();
    this.#stream.restart();
  }

  #isNews({ version, stamp }: FeedConfig): boolean {
    const known = this.#known;
    if (known === null) return true;
    if (known.removed) return false;
    return version > known.version || (version === known.version && stamp > known.stamp);
  }

  #ask(): Promise<FeedConfig> {
    if (this.#config === null) {
      this.#config = this.env.TENANT.getByName(this.#tenant).feedConfig();
      this.#config.then(
        (config) => {
          if (this.#isNews(config)) this.#known = config;
          if (!config.removed) this.#stream.keepOnly(new Set(config.keyIds));
        },
        () => {
          // Asked again with the next push.
          this.#config = null;
        },
      );
    }
    return this.#config;
  }
}

function newest<T>(items: readonly T[], count: number): readonly T[] {
  return count === 0 ? [] : items.slice(-count);
}

const REFUSAL_STATUS = { unauthorized: 401, forbidden_origin: 403, not_found: 404 } as const;

const GONE: PushReply = { lastSeq: 0, version: 0, suspect: [], open: [], gone: true };
