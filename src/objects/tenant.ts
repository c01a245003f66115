import { DurableObject } from "cloudflare:workers";

import { type Actor, type AuditAction, changesBetween } from "../domain/audit.ts";
import type {
  NewKey,
  NewReplay,
  NewRoute,
  NewSecret,
  NewSource,
  Role,
  RoutePatch,
  SourcePatch,
} from "../domain/control.ts";
import { hashKey, hintOf, randomId } from "../domain/ids.ts";
import type { Gap, LaneAction } from "../domain/lane.ts";
import { needsGate, type RouteTable } from "../domain/route.ts";
import { ACCOUNT_STATION } from "../domain/station-id.ts";
import { testEvent } from "../domain/test-event.ts";
import { configOf, type Env, feedName, gateName, stationName } from "../env.ts";
import { faultFields, log } from "../log.ts";
import { Database } from "../store/database.ts";
import { listTroubled } from "../store/health-store.ts";
import { exists, migrate } from "../store/migrate.ts";
import * as quarantine from "../store/quarantine-store.ts";
import * as routes from "../store/route-store.ts";
import { tenantMigrations } from "../store/tenant-schema.ts";
import * as store from "../store/tenant-store.ts";
import { AlarmClock } from "./alarm-clock.ts";
import type { FeedConfig } from "./feed.ts";
import type { GivenUp, GiveUpReason, LaneReport } from "./station-lanes.ts";
import type { LaneView } from "./station-views.ts";
import { Audit } from "./tenant-audit.ts";
import { DeadLetters } from "./tenant-dead-letters.ts";
import { RouteHealth } from "./tenant-health.ts";
import { LaneReports } from "./tenant-lane-reports.ts";
import { Messenger } from "./tenant-messenger.ts";
import { Notices } from "./tenant-notices.ts";
import { type RedeliveryRefusal, type ReplayRefusal, Replays } from "./tenant-replays.ts";
import { changeRoute, makeRoute, rotateRouteSecret, secretFieldsOf } from "./tenant-routes.ts";
import { type IngestSource, type RefusalCount, Sources } from "./tenant-sources.ts";
import * as views from "./tenant-views.ts";

export const MAX_KEYS = 200;
export const MAX_ROUTES = 100;
const ALARM_RETRY_MS = 5_000;

const LANE_AUDIT = {
  retry: "lane.retried",
  skip: "lane.skipped",
  resume: "lane.resumed",
} as const satisfies Record<LaneAction, AuditAction>;

/**
 * One per tenant, named by its id: the control plane. Off the hot path; what the hot path
 * needs of it is fetched and kept by the edge, the feed and the stations.
 */
export class TenantObject extends DurableObject<Env> {
  readonly #db: Database;
  readonly #id: string;
  readonly #audit: Audit;
  readonly #deadLetters: DeadLetters;
  readonly #sources: Sources;
  readonly #clock: AlarmClock;
  readonly #messenger: Messenger;
  readonly #health: RouteHealth;
  readonly #lanes: LaneReports;
  readonly #notices: Notices;
  readonly #replays: Replays;
  #turn: Promise<unknown> = Promise.resolve();
  #stamp = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#id = ctx.id.name ?? "";
    this.#db = new Database(ctx.storage);
    if (exists(this.#db)) migrate(this.#db, tenantMigrations);
    this.#audit = new Audit(this.#db);
    this.#deadLetters = new DeadLetters(this.#db, this.#audit);
    this.#clock = new AlarmClock(ctx, exists(this.#db));
    this.#notices = new Notices(this.#db, this.#clock, {
      tenant: this.#id,
      append: (events) => this.#station(ACCOUNT_STATION).append(events),
    });
    this.#sources = new Sources(this.#db, this.#audit, {
      tenant: this.#id,
      announce: (notice, nowMs) => this.#notices.announce(notice, nowMs),
      wakeAt: (atMs) => this.#clock.wakeAt(atMs),
    });
    this.#messenger = new Messenger(this.#db, this.#clock, {
      tenant: this.#id,
      configureFeed: (config) => env.FEED.getByName(feedName(this.#id)).configure(config),
      wakeStation: (station) => this.#station(station).wake(),
      isFailing: (routeId) => this.#health.breaker(routeId).failures > 0,
    });
    this.#health = new RouteHealth(this.#db, this.#clock, exists(this.#db), {
      tenant: this.#id,
      probe: (station, routeId) => this.#station(station).probe(routeId),
      isEnabled: (routeId) => routes.readRoute(this.#db, routeId)?.enabled === 1,
    });
    this.#replays = this.#openReplays();
    this.#lanes = new LaneReports(this.#db, this.#health, this.#deadLetters, {
      announce: (notice, nowMs) => this.#notices.announce(notice, nowMs),
      tellFeed: () => this.#tellFeedSoon(),
      onOpened: (row) => this.#disperse(row),
      onClosed: () => {
        this.#messenger.wakeWaiting();
        this.#replays.kick();
      },
      disable: (id, reason) => this.#disable(id, reason),
    });
    if (this.#isThere()) this.#replays.wake();
  }

  /** The first admin key, shown once; or what is known of the tenant that has, or had, this id. */
  async create(name: string): Promise<{ apiKey: string } | { taken: store.TenantRow }> {
    return this.#inTurn(async () => {
      const before = exists(this.#db) ? store.readTenant(this.#db) : null;
      if (before !== null) return { taken: before };
      const { ids } = await configOf(this.env);
      const apiKey = await ids.apiKey(this.#id);
      const hash = await hashKey(apiKey);
      migrate(this.#db, tenantMigrations);
      store.insertTenant(this.#db, name, Date.now());
      this.#insertKey({ name: "first key", role: "admin" }, apiKey, hash);
      return { apiKey };
    });
  }

  /** Removes everything of the tenant; a tombstone stays, so that nothing recreates it. */
  async remove(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!this.#isThere()) return false;
      this.#db.transaction(() => {
        store.clearTenant(this.#db);
        store.insertTombstone(this.#db, Date.now());
      });
      await this.#tellFeed();
      return true;
    });
  }

  /** Whose key has this hash, or null. */
  async authenticate(hash: string): Promise<{ keyId: string; role: Role } | null> {
    const key = this.#isThere() ? store.findKeyByHash(this.#db, hash) : null;
    return key === null ? null : { keyId: key.id, role: key.role === "admin" ? "admin" : "reader" };
  }

  async feedConfig(): Promise<FeedConfig> {
    const tenant = exists(this.#db) ? store.readTenant(this.#db) : null;
    this.#stamp = Math.max(Date.now(), this.#stamp + 1);
    const stamp = this.#stamp;
    if (tenant === null || tenant.removed === 1) {
      return { version: 0, stamp, suspect: [], open: [], keyIds: [], removed: true };
    }
    const { version } = tenant;
    const keyIds = store.listKeyIds(this.#db);
    return { version, stamp, ...this.#health.standing(), keyIds, removed: false };
  }

  async listKeys(after: string, limit: number): Promise<views.Page<views.KeyView>> {
    const rows = store.listKeys(this.#db, after, limit + 1);
    return views.pageOf(rows, limit, views.keyView, ({ id }) => id);
  }

  async createKey(
    input: NewKey,
    actor: Actor,
  ): Promise<(views.KeyView & { apiKey: string }) | null> {
    return this.#alone(async () => {
      if (store.countKeys(this.#db) >= MAX_KEYS) return null;
      const { ids } = await configOf(this.env);
      const apiKey = await ids.apiKey(this.#id);
      const hash = await hashKey(apiKey);
      const row = this.#insertKey(input, apiKey, hash);
      this.#audit.record(actor, "key.created", row.id, { name: row.name, role: row.role });
      await this.#tellFeed();
      return { ...views.keyView(row), apiKey };
    });
  }

  async deleteKey(id: string, actor: Actor): Promise<boolean> {
    return this.#alone(async () => {
      if (!store.hasKey(this.#db, id)) return false;
      await this.#changeConfig(() => {
        store.deleteKey(this.#db, id);
        this.#audit.record(actor, "key.deleted", id);
      });
      // A few at once, so that it holds for their next event; the alarm wakes the rest.
      await this.#messenger.tellStations();
      return true;
    });
  }

  async listSources(after: string, limit: number): Promise<views.Page<views.SourceView>> {
    return this.#sources.list(after, limit);
  }

  async getSource(id: string): Promise<views.SourceView | null> {
    return this.#sources.get(id);
  }

  async createSource(input: NewSource, actor: Actor): Promise<views.SourceView | null> {
    return this.#alone(async () => this.#sources.create(input, await configOf(this.env), actor));
  }

  async updateSource(
    id: string,
    patch: SourcePatch,
    actor: Actor,
  ): Promise<views.SourceView | null> {
    return this.#sources.update(id, patch, actor);
  }

  async deleteSource(id: string, actor: Actor): Promise<boolean> {
    return this.#sources.delete(id, actor);
  }

  async addSecret(
    sourceId: string,
    input: NewSecret,
    actor: Actor,
  ): Promise<views.SecretView | "not_found" | "limit_reached"> {
    return this.#alone(async () =>
      this.#sources.addSecret(sourceId, input, await configOf(this.env), actor),
    );
  }

  async deleteSecret(sourceId: string, id: string, actor: Actor): Promise<boolean> {
    return this.#sources.deleteSecret(sourceId, id, actor);
  }

  async listRefusals(
    sourceId: string,
    before: number,
    limit: number,
  ): Promise<views.Page<views.RefusalView> | null> {
    return this.#sources.refusals(sourceId, before, limit);
  }

  /** For the edge. Null when there is no such source, or no such tenant any more. */
  async ingestSource(id: string): Promise<IngestSource | null> {
    return this.#isThere() ? this.#sources.forIngest(id) : null;
  }

  async noteSource(id: string, schemeSeen: string, atMs: number): Promise<void> {
    if (this.#isThere()) this.#sources.note(id, schemeSeen, atMs);
  }

  async noteRefusals(sourceId: string, refusals: readonly RefusalCount[]): Promise<void> {
    if (this.#isThere()) this.#sources.noteRefusals(sourceId, refusals);
  }

  async listRoutes(after: string, limit: number): Promise<views.Page<views.RouteView>> {
    const rows = routes.listRoutes(this.#db, after, limit + 1);
    return views.pageOf(
      rows,
      limit,
      (row) => this.#routeView(row),
      ({ id }) => id,
    );
  }

  async getRoute(id: string): Promise<views.RouteView | null> {
    const row = routes.readRoute(this.#db, id);
    return row === null ? null : this.#routeView(row);
  }

  async createRoute(
    input: NewRoute,
    actor: Actor,
  ): Promise<(views.RouteView & { secret: string }) | null> {
    return this.#alone(async () => {
      if (routes.countRoutes(this.#db) >= MAX_ROUTES) return null;
      const { sealer } = await configOf(this.env);
      const scheme = store.latestSchemeSeen(this.#db) ?? "timestamped";
      const { row, secret } = await makeRoute(this.#id, input, scheme, sealer, Date.now());
      await this.#changeConfig(() => {
        routes.writeRoute(this.#db, row);
        this.#audit.record(actor, "route.created", row.id, { name: row.name, url: row.url });
      });
      return { ...this.#routeView(row), secret };
    });
  }

  async updateRoute(
    id: string,
    patch: RoutePatch,
    actor: Actor,
  ): Promise<views.RouteView | "not_found" | "signs_only_raw"> {
    return this.#alone(async () => {
      const row = routes.readRoute(this.#db, id);
      if (row === null) return "not_found";
      const { sealer } = await configOf(this.env);
      const changed = await changeRoute(this.#id, row, patch, sealer, Date.now());
      if (changed === null) return "signs_only_raw";
      const before = this.#routeView(row);
      await this.#changeConfig(() => {
        routes.writeRoute(this.#db, changed);
        this.#health.renew(id);
        const changes = changesBetween(before, this.#routeView(changed), secretFieldsOf(patch));
        this.#audit.record(actor, "route.changed", id, { ...changes });
      });
      await this.#disperse(row);
      return this.#routeView(changed);
    });
  }

  /** Stops a route's attempts, or lets them go on, each lane where it stood. */
  async enableRoute(id: string, enabled: boolean, actor: Actor): Promise<views.RouteView | null> {
    return this.#alone(async () => {
      const row = routes.readRoute(this.#db, id);
      if (row === null) return null;
      const health = enabled ? "healthy" : row.health;
      const changed = { ...row, enabled: Number(enabled), health, updatedAtMs: Date.now() };
      await this.#changeConfig(() => {
        routes.writeRoute(this.#db, changed);
        if (enabled) this.#health.renew(id);
        this.#audit.record(actor, enabled ? "route.resumed" : "route.paused", id);
      });
      await this.#disperse(row);
      return this.#routeView(changed);
    });
  }

  /** A new signing secret, shown once; the ones before sign beside it for `overlapMs`. */
  async rotateRouteSecret(
    id: string,
    overlapMs: number,
    actor: Actor,
  ): Promise<(views.RouteView & { secret: string }) | "not_found" | "limit_reached"> {
    return this.#alone(async () => {
      const row = routes.readRoute(this.#db, id);
      if (row === null) return "not_found";
      const { sealer } = await configOf(this.env);
      const rotated = await rotateRouteSecret(this.#id, row, overlapMs, sealer, Date.now());
      if (rotated === null) return "limit_reached";
      await this.#changeConfig(() => {
        routes.writeRoute(this.#db, rotated.row);
        this.#audit.record(actor, "route.secret_rotated", id);
      });
      await this.#disperse(row);
      return { ...this.#routeView(rotated.row), secret: rotated.secret };
    });
  }

  /** One attempt at the route's destination, outside every lane; nothing is kept of it. */
  async testRoute(id: string, type: string): Promise<views.RouteTestView | null> {
    const row = this.#isThere() ? routes.readRoute(this.#db, id) : null;
    if (row === null) return null;
    const route = views.stationRoute(row);
    const event = testEvent(randomId("test"), type, Date.now());
    const facts = { event, attempt: 1, prevSeq: null, gap: null, replay: null, isTest: true };
    const outcome = needsGate(route)
      ? await this.#gateOf(route.id).attemptNow(route, facts)
      : await this.ctx.exports.Courier.attempt(this.#id, route, facts);
    return views.routeTestView(outcome);
  }

  /** The destination has answered that it wants nothing more. */
  async disableRoute(id: string): Promise<void> {
    await this.#disable(id, "HTTP 410");
  }

  async deleteRoute(id: string, actor: Actor): Promise<boolean> {
    return this.#alone(async () => {
      const row = routes.readRoute(this.#db, id);
      if (row === null) return false;
      await this.#changeConfig(() => {
        this.#health.renew(id);
        this.#replays.cancelOf(id);
        routes.deleteRoute(this.#db, id);
        this.#deadLetters.recount();
        this.#audit.record(actor, "route.deleted", id, { name: row.name, url: row.url });
      });
      await this.#disperse(row);
      return true;
    });
  }

  /** For stations: all routes, or null when nothing has changed since `version`. */
  async routesSince(version: number): Promise<RouteTable | null> {
    const tenant = this.#isThere() ? store.readTenant(this.#db) : null;
    if (tenant === null || tenant.version <= version) return null;
    return {
      version: tenant.version,
      routes: routes.allRoutes(this.#db).map((row) => views.stationRoute(row)),
      keyIds: store.listKeyIds(this.#db),
    };
  }

  /** What a lane's attempt came to, if the lane or its route is not well. */
  async reportAttempt(report: LaneReport): Promise<{ isOpen: boolean }> {
    return this.#isThere() ? this.#lanes.report(report, Date.now()) : { isOpen: false };
  }

  /** A lane may attempt nothing; its station is woken when its route goes on or goes away. */
  async registerBlocked(routeId: string, station: string): Promise<void> {
    if (!this.#isThere()) return;
    this.#health.block(routeId, station, Date.now());
    // The route may have changed between the station's look and this.
    if (!this.#lanes.isHeld(routeId)) this.#messenger.wakeWaiting();
  }

  async registerParked(given: GivenUp): Promise<void> {
    if (this.#isThere()) this.#lanes.park(given, Date.now());
  }

  async giveUp(given: GivenUp, reason: GiveUpReason): Promise<void> {
    if (this.#isThere()) this.#lanes.giveUp(given, reason, Date.now());
  }

  /** A lane is past events that its log no longer has: its next delivery names them, too. */
  async announceLost(routeId: string, station: string, gap: Gap): Promise<void> {
    if (this.#isThere()) this.#lanes.lost(routeId, station, gap, Date.now());
  }

  /** Stations whose lanes of a route are in trouble, by id; null when there is no such route. */
  async troubledStations(routeId: string, after: string, limit: number): Promise<string[] | null> {
    if (routes.readRoute(this.#db, routeId) === null) return null;
    return listTroubled(this.#db, routeId, after, limit);
  }

  /** What a person does about a lane (http/lanes.ts). The station is known to be there. */
  async actOnLane(
    routeId: string,
    station: string,
    action: LaneAction,
    actor: Actor,
  ): Promise<LaneView | "not_found" | "paused" | "idle"> {
    const row = routes.readRoute(this.#db, routeId);
    if (row === null) return "not_found";
    if (row.enabled === 0 && action !== "skip") return "paused";
    const lane = await this.#station(station).actOnLane(routeId, action);
    if (lane === null) return "idle";
    this.#audit.record(actor, LANE_AUDIT[action], routeId, { station });
    return lane;
  }

  async listDeadLetters(
    routeId: string,
    after: number,
    limit: number,
  ): Promise<views.Page<views.DeadLetterView> | null> {
    if (routes.readRoute(this.#db, routeId) === null) return null;
    return this.#deadLetters.list(routeId, after, limit);
  }

  /** As JSON text, with its event. Null when there is no such letter. */
  async getDeadLetter(routeId: string, number: number): Promise<string | null> {
    return this.#deadLetters.get(routeId, number);
  }

  async discardDeadLetter(
    routeId: string,
    number: number,
    actor: Actor,
  ): Promise<"discarded" | "not_found" | "conflict"> {
    return this.#deadLetters.discard(routeId, number, actor);
  }

  /** One dead letter, with the replay that carries it. */
  async redeliver(
    routeId: string,
    number: number,
    actor: Actor,
  ): Promise<views.DeadLetterView | RedeliveryRefusal> {
    const replay = this.#replays.redeliver(routeId, number, actor);
    if (typeof replay === "string") return replay;
    return this.#deadLetters.show(routeId, number) ?? "not_found";
  }

  /** All of a route's dead letters that are not under way already. */
  async redeliverAll(routeId: string, actor: Actor): Promise<views.ReplayView | RedeliveryRefusal> {
    return this.#replays.redeliver(routeId, null, actor);
  }

  async countReplay(
    input: NewReplay,
  ): Promise<{ matched: number; stations: number } | ReplayRefusal> {
    return this.#replays.dryRun(input);
  }

  async createReplay(input: NewReplay, actor: Actor): Promise<views.ReplayView | ReplayRefusal> {
    return this.#replays.create(input, actor);
  }

  async listReplays(before: number, limit: number): Promise<views.Page<views.ReplayView>> {
    return this.#replays.list(before, limit);
  }

  async getReplay(id: string): Promise<views.ReplayView | null> {
    return this.#replays.get(id);
  }

  async cancelReplay(id: string, actor: Actor): Promise<"cancelled" | "not_found" | "done"> {
    const outcome = this.#replays.cancel(id, actor);
    const routeId = this.#replays.get(id)?.route;
    const row = routeId === undefined ? null : routes.readRoute(this.#db, routeId);
    // What waits at the route's gate is not in flight yet.
    if (outcome === "cancelled" && row !== null) await this.#disperse(row);
    return outcome;
  }

  /** Keeps a webhook that was signed and could not be relayed, once. */
  async quarantine(
    entry: Omit<quarantine.QuarantineRow, "number" | "size">,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<"kept" | "full" | "gone"> {
    if (!this.#isThere()) return "gone";
    if (quarantine.isQuarantined(this.#db, entry.id)) return "kept";
    const { entries, bytes } = quarantine.quarantineFill(this.#db);
    const isFull =
      entries >= quarantine.MAX_QUARANTINED ||
      bytes + body.length > quarantine.MAX_QUARANTINED_BYTES;
    if (isFull) return "full";
    const size = body.length;
    quarantine.insertQuarantined(this.#db, { ...entry, size }, body.slice().buffer);
    const { id, reason, sourceId: source } = entry;
    const type = "relay.quarantine.added";
    this.#notices.announce({ type, source, data: { id, reason, size } }, Date.now());
    return "kept";
  }

  async listQuarantine(after: number, limit: number): Promise<views.Page<views.QuarantineView>> {
    const rows = quarantine.listQuarantined(this.#db, after, limit + 1);
    return views.pageOf(rows, limit, views.quarantineView, ({ number }) => String(number));
  }

  async discardQuarantined(id: string, actor: Actor): Promise<boolean> {
    const discarded = quarantine.deleteQuarantined(this.#db, id);
    if (discarded) this.#audit.record(actor, "quarantine.discarded", id);
    return discarded;
  }

  /** Takes a station out of state and snapshots. False when there is none. */
  async deleteStation(station: string, actor: Actor): Promise<boolean> {
    const removed = await this.env.FEED.getByName(feedName(this.#id)).removeStation(station);
    if (removed && this.#isThere()) this.#audit.record(actor, "station.deleted", station);
    return removed;
  }

  async listAudit(before: number, limit: number): Promise<views.Page<views.AuditView>> {
    return this.#audit.list(before, limit);
  }

  /**
   * Whether the key is valid, for a station that is about to serve it. From then on the station
   * is woken when a key is deleted.
   */
  async registerSubscribed(station: string, keyId: string): Promise<boolean> {
    if (!this.#isThere() || !store.hasKey(this.#db, keyId)) return false;
    if (!store.isSubscribed(this.#db, station)) store.putSubscribed(this.#db, station);
    return true;
  }

  /** Never throws: the platform gives an alarm up after six tries. */
  override async alarm(): Promise<void> {
    this.#clock.rang();
    const notified = this.#notify();
    try {
      if (this.#isThere()) this.#replays.kick();
      await this.#messenger.ring(() => this.feedConfig());
      if (!this.#isThere()) return;
      if (this.#health.run(Date.now())) await this.#tellFeed();
    } catch (error) {
      log("warn", "alarm.failed", { tenant: this.#id, ...faultFields(error) });
      this.#clock.wakeAt(Date.now() + ALARM_RETRY_MS);
    } finally {
      await notified;
    }
  }

  /** Tells of what has happened here. Never throws. */
  async #notify(): Promise<void> {
    try {
      if (!this.#isThere()) return;
      this.#sources.watch(Date.now());
      await this.#notices.run(Date.now());
    } catch (error) {
      log("warn", "notices.failed", { tenant: this.#id, ...faultFields(error) });
      this.#clock.wakeAt(Date.now() + ALARM_RETRY_MS);
    }
  }

  #isThere(): boolean {
    return exists(this.#db) && store.readTenant(this.#db)?.removed === 0;
  }

  /** One change at a time: sealing and telling the feed take turns of the event loop. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(change);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** A change to a tenant that is there; a removal may have come before it. */
  #alone<T>(change: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      if (!this.#isThere()) throw new Error("the tenant has been removed");
      return change();
    });
  }

  async #changeConfig(change: () => void): Promise<void> {
    this.#db.transaction(() => {
      change();
      store.raiseVersion(this.#db);
    });
    await this.#tellFeed();
    this.#messenger.wakeWaiting();
    this.#replays.kick();
  }

  #openReplays(): Replays {
    const feed = () => this.env.FEED.getByName(feedName(this.#id));
    return new Replays(this.#db, this.#clock, this.#audit, this.#deadLetters, {
      tenant: this.#id,
      stationNames: (after, limit) => feed().stationNames(after, limit),
      firstUnknown: (stations) => feed().firstUnknown(stations),
      count: (name, selection) => this.#station(name).countReplay(selection),
      attempt: (name, turn) => this.#station(name).replay(turn),
      mayAttempt: (routeId) =>
        routes.readRoute(this.#db, routeId) !== null && !this.#lanes.isHeld(routeId),
      routeOf: (routeId) => {
        const row = routes.readRoute(this.#db, routeId);
        return row === null ? null : views.stationRoute(row);
      },
      disableRoute: (routeId) => this.disableRoute(routeId),
    });
  }

  /** Lanes that wait at the route's gate, as it was, look again before they attempt anything. */
  async #disperse(before: routes.RouteRow): Promise<void> {
    if (!needsGate(views.stationRoute(before))) return;
    try {
      await this.#gateOf(before.id).disperse();
    } catch (error) {
      // Then they go by the route as it was, for seconds at most.
      log("warn", "gate.failed", { tenant: this.#id, route: before.id, ...faultFields(error) });
    }
  }

  #gateOf(routeId: string) {
    return this.env.GATE.getByName(gateName(this.#id, routeId));
  }

  async #disable(id: string, reason: string): Promise<void> {
    await this.#alone(async () => {
      const row = routes.readRoute(this.#db, id);
      if (row === null || row.enabled === 0) return;
      const changed = { ...row, enabled: 0, health: "disabled", updatedAtMs: Date.now() };
      await this.#changeConfig(() => {
        routes.writeRoute(this.#db, changed);
        this.#audit.record(null, "route.disabled", id, { reason });
        const data = { name: row.name, reason };
        this.#notices.announce({ type: "relay.route.disabled", route: id, data }, Date.now());
      });
      await this.#disperse(row);
    });
  }

  #routeView(row: routes.RouteRow): views.RouteView {
    return views.routeView(row, this.#health.breaker(row.id));
  }

  #station(station: string) {
    return this.env.STATION.getByName(stationName(this.#id, station));
  }

  /** When it does not get through now, the alarm tells it. */
  async #tellFeedSoon(): Promise<void> {
    try {
      await this.#tellFeed();
    } catch (error) {
      log("warn", "telling.failed", { tenant: this.#id, ...faultFields(error) });
    }
  }

  #tellFeed(): Promise<void> {
    return this.#messenger.tellFeed(() => this.feedConfig());
  }

  #insertKey(input: NewKey, apiKey: string, hash: string): store.KeyRow {
    const row = {
      id: randomId("key"),
      name: input.name,
      role: input.role,
      hint: hintOf(apiKey),
      createdAtMs: Date.now(),
    };
    store.insertKey(this.#db, { ...row, hash });
    return row;
  }
}
