import type { Outcome } from "../domain/outcome.ts";
import { needsGate, type StationRoute } from "../domain/route.ts";
import type { Later } from "../domain/throttle.ts";
import { type Env, feedName, gateName } from "../env.ts";
import { faultFields, log } from "../log.ts";
import type { Database } from "../store/database.ts";
import type { CourierFacts } from "./courier.ts";
import { Journal } from "./station-journal.ts";
import { LaneActions } from "./station-lane-actions.ts";
import { Lanes } from "./station-lanes.ts";
import { Pusher } from "./station-push.ts";
import { StationReplays } from "./station-replay.ts";

/** What the parts need of the object that they make up. */
export interface StationWorld {
  readonly tenant: string;
  readonly station: string;
  readonly wakeAt: (atMs: number) => void;
  readonly keysChanged: (keyIds: readonly string[]) => void;
}

export interface StationParts {
  readonly journal: Journal;
  readonly lanes: Lanes;
  readonly laneActions: LaneActions;
  readonly pusher: Pusher;
  readonly replays: StationReplays;
}

/**
 * Puts together what memory holds of a station, read from what is stored: every part with what
 * it has to know of the others and of the world.
 */
export function openParts(
  ctx: DurableObjectState,
  env: Env,
  db: Database,
  { tenant, station, wakeAt, keysChanged }: StationWorld,
): StationParts {
  const feed = () => env.FEED.getByName(feedName(tenant));
  const owner = () => env.TENANT.getByName(tenant);
  /** One attempt, through the route's gate where it has one. */
  const attempt = (route: StationRoute, facts: CourierFacts): Promise<Outcome | Later> =>
    needsGate(route)
      ? env.GATE.getByName(gateName(tenant, route.id)).attempt(route, facts)
      : ctx.exports.Courier.attempt(tenant, route, facts);

  const journal = new Journal(db, station);
  const checkRoutes = async () => {
    // Asked beside the pushes, so that a delivery does not queue behind them.
    const standing = await feed().standing();
    lanes.hear(standing);
    if (standing.version > lanes.version) await pusher.check();
  };
  const lanes = new Lanes(db, journal, {
    attempt: (route, event, { attempts, prevSeq, gap }) =>
      attempt(route, { event, attempt: attempts + 1, prevSeq, gap, replay: null }),
    fetchRoutes: (version) => owner().routesSince(version),
    report: (report) => owner().reportAttempt({ ...report, station }),
    giveUp: (given, reason) => owner().giveUp(given, reason),
    announceLost: (routeId, gap) => owner().announceLost(routeId, station, gap),
    disableRoute: (routeId, asOfMs) => owner().disableRoute(routeId, asOfMs),
    registerBlocked: (routeId) => owner().registerBlocked(routeId, station),
    registerParked: (given) => owner().registerParked(given),
    knowsRoutesOf: (seq) => pusher.isFresh(seq, Date.now()),
    checkRoutes: () => checkRoutes(),
    wakeAt,
    onFault: (route, error) =>
      log("warn", "lane.failed", { tenant, station, route, ...faultFields(error) }),
    keysChanged,
  });
  const pusher = new Pusher(journal, lanes.table.untold, station, {
    push: (batch) => feed().push(batch),
    onStanding: (standing) => lanes.hear(standing),
    onVersion: async (version, afterSeq) => {
      if (version <= lanes.version) return;
      await lanes.refresh(afterSeq);
      lanes.arm(Date.now());
    },
  });
  const laneActions = new LaneActions(station, journal, lanes, checkRoutes);
  const replays = new StationReplays(journal, {
    attempt: (route, facts) => attempt(route, { ...facts, prevSeq: null, gap: null }),
    note: (routeId, made, outcome) => lanes.note(routeId, made, outcome, Date.now()),
  });
  return { journal, lanes, laneActions, pusher, replays };
}
