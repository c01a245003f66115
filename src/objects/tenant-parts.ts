import { ACCOUNT_STATION } from "../domain/station-id.ts";
import { configOf, type Env, feedName, gateName, stationName } from "../env.ts";
import { Database } from "../store/database.ts";
import { exists, migrate } from "../store/migrate.ts";
import { readRoute } from "../store/route-store.ts";
import { tenantMigrations } from "../store/tenant-schema.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { Audit } from "./tenant-audit.ts";
import { Changes } from "./tenant-changes.ts";
import { isThere, TenantConfig } from "./tenant-config.ts";
import { ConfigDocuments } from "./tenant-config-document.ts";
import { DeadLetters } from "./tenant-dead-letters.ts";
import { Gates } from "./tenant-gates.ts";
import { RouteHealth } from "./tenant-health.ts";
import { Keys } from "./tenant-keys.ts";
import { LaneActions } from "./tenant-lane-actions.ts";
import { LaneReports } from "./tenant-lane-reports.ts";
import { Life } from "./tenant-life.ts";
import { Messenger } from "./tenant-messenger.ts";
import { Notices } from "./tenant-notices.ts";
import { Quarantine } from "./tenant-quarantine.ts";
import { Replays } from "./tenant-replays.ts";
import { Resealing } from "./tenant-resealing.ts";
import { Retention } from "./tenant-retention.ts";
import { Routes } from "./tenant-routes.ts";
import { TenantSettings } from "./tenant-settings.ts";
import { Sources } from "./tenant-sources.ts";
import { Tickets } from "./tenant-tickets.ts";
import { TenantUsage } from "./tenant-usage.ts";
import { stationRoute } from "./tenant-views.ts";

export type TenantParts = ReturnType<typeof openParts>;

/** Puts a tenant together: every part with what it has to know of the others and of the world. */
export function openParts(ctx: DurableObjectState, env: Env) {
  const tenant = ctx.id.name ?? "";
  const db = new Database(ctx.storage);
  if (exists(db)) migrate(db, tenantMigrations);
  const clock = new AlarmClock(ctx, exists(db));
  const config = () => configOf(env);
  const feed = () => env.FEED.getByName(feedName(tenant));
  const station = (id: string) => env.STATION.getByName(stationName(tenant, id));
  const gate = (routeId: string) => env.GATE.getByName(gateName(tenant, routeId));

  const audit = new Audit(db);
  const usage = new TenantUsage(db, clock, { feedUsage: () => feed().usage() });
  const deadLetters = new DeadLetters(db, audit);
  const notices = new Notices(db, clock, {
    tenant,
    append: (events) => station(ACCOUNT_STATION).append(events),
  });
  const announce: Notices["announce"] = (notice, nowMs) => notices.announce(notice, nowMs);
  const quarantine = new Quarantine(db, audit, {
    announce,
    count: (what) => usage.count(what, 1, Date.now()),
    append: async (id, event) => (await station(id).append([event]))[0],
  });
  const laneActions = new LaneActions(db, audit, {
    act: (id, routeId, action) => station(id).actOnLane(routeId, action),
  });
  const gates = new Gates(db, {
    tenant,
    attempt: (route, facts) => ctx.exports.Courier.attempt(tenant, route, facts),
    attemptAtGate: (route, facts) => gate(route.id).attemptNow(route, facts),
    disperse: (routeId) => gate(routeId).disperse(),
  });
  const health = new RouteHealth(db, clock, exists(db), {
    tenant,
    probe: (id, routeId) => station(id).probe(routeId),
    isEnabled: (routeId) => readRoute(db, routeId)?.enabled === 1,
  });
  const tenantConfig = new TenantConfig(db, health);
  const messenger = new Messenger(db, clock, {
    tenant,
    readConfig: () => tenantConfig.forFeed(),
    configureFeed: (feedConfig) => feed().configure(feedConfig),
    wakeStation: (id) => station(id).wake(),
    isFailing: (routeId) => health.breaker(routeId).failures > 0,
  });
  /** What waited for a route to go on, or to go away. */
  const letGoOn = () => {
    messenger.wakeWaiting();
    replays.kick();
  };
  const changes = new Changes(db, messenger, { tenant, onChanged: letGoOn });
  const keys = new Keys(db, audit, changes, messenger, { tenant, config });
  const retention = new Retention(db, clock, {
    tenant,
    stationNames: (after, limit) => feed().stationNames(after, limit),
    expireStation: (id, beforeMs) => station(id).expire(beforeMs),
    expireFeed: (beforeMs) => feed().expire(beforeMs),
    recountLetters: () => deadLetters.recount(),
  });
  const settings = new TenantSettings(db, audit, changes, messenger, retention);
  const sources = new Sources(db, audit, changes, {
    tenant,
    config,
    announce,
    countRefused: (times, nowMs) => usage.count("refused", times, nowMs),
    wakeAt: (atMs) => clock.wakeAt(atMs),
  });
  const routes = new Routes(db, audit, health, changes, {
    tenant,
    config,
    announce,
    cancelReplays: (routeId) => replays.cancelOf(routeId),
    recountLetters: () => deadLetters.recount(),
    disperse: (before) => gates.disperse(before),
  });
  const configDocuments = new ConfigDocuments(db, changes, sources, routes, {
    tenant,
    config,
    disperse: (before) => gates.disperse(before),
  });
  const lanes = new LaneReports(db, health, deadLetters, {
    announce,
    retract: (type, routeId) => notices.retract(type, routeId),
    tellFeed: () => changes.tellFeedSoon(),
    onOpened: (route) => gates.disperse(route),
    onClosed: letGoOn,
    wakeWaiting: () => messenger.wakeWaiting(),
    disable: (routeId, reason) => routes.disable(routeId, reason),
  });
  const replays = new Replays(db, clock, audit, deadLetters, {
    tenant,
    stationNames: (after, limit) => feed().stationNames(after, limit),
    firstUnknown: (stations) => feed().firstUnknown(stations),
    count: (id, selection) => station(id).countReplay(selection),
    attempt: (id, turn) => station(id).replay(turn),
    mayAttempt: (routeId) => readRoute(db, routeId) !== null && !lanes.isHeld(routeId),
    routeOf: (routeId) => {
      const row = readRoute(db, routeId);
      return row === null ? null : stationRoute(row);
    },
    disableRoute: (routeId, asOfMs) => routes.disableGone(routeId, asOfMs),
    disperse: (route) => gates.disperse(route),
  });
  const life = new Life(db, changes, keys, messenger, retention, {
    onRemoved: () => replays.kick(),
    disperse: (route) => gates.disperse(route),
  });
  if (isThere(db)) {
    replays.wake();
    retention.arm();
  }
  return {
    isThere: () => isThere(db),
    clock,
    life,
    config: tenantConfig,
    configDocuments,
    keys,
    tickets: new Tickets(db),
    settings,
    sources,
    routes,
    gates,
    health,
    lanes,
    laneActions,
    deadLetters,
    replays,
    resealing: new Resealing(db, audit, changes, { tenant, config }),
    retention,
    quarantine,
    notices,
    audit,
    usage,
    messenger,
  };
}
