import type { Actor, AuditAction } from "../domain/audit.ts";
import type { LaneAction } from "../domain/lane.ts";
import type { Database } from "../store/database.ts";
import { listTroubled } from "../store/health-store.ts";
import { readRoute } from "../store/route-store.ts";
import type { LaneView } from "./station-views.ts";
import type { Audit } from "./tenant-audit.ts";

const LANE_AUDIT = {
  retry: "lane.retried",
  skip: "lane.skipped",
  resume: "lane.resumed",
} as const satisfies Record<LaneAction, AuditAction>;

export interface LaneActionWorld {
  /** Null when the lane owes nothing, so that there is nothing to be done. */
  readonly act: (station: string, routeId: string, action: LaneAction) => Promise<LaneView | null>;
}

/** What persons see of a route's lanes that are in trouble, and what they do about them. */
export class LaneActions {
  readonly #db: Database;
  readonly #audit: Audit;
  readonly #world: LaneActionWorld;

  constructor(db: Database, audit: Audit, world: LaneActionWorld) {
    this.#db = db;
    this.#audit = audit;
    this.#world = world;
  }

  /** Stations whose lanes of a route are in trouble, by id; null when there is no such route. */
  troubled(routeId: string, after: string, limit: number): string[] | null {
    if (readRoute(this.#db, routeId) === null) return null;
    return listTroubled(this.#db, routeId, after, limit);
  }

  /** The station is known to be there. */
  async act(
    routeId: string,
    station: string,
    action: LaneAction,
    actor: Actor,
  ): Promise<LaneView | "not_found" | "paused" | "idle"> {
    const row = readRoute(this.#db, routeId);
    if (row === null) return "not_found";
    if (row.enabled === 0 && action !== "skip") return "paused";
    const lane = await this.#world.act(station, routeId, action);
    if (lane === null) return "idle";
    this.#audit.record(actor, LANE_AUDIT[action], routeId, { station });
    return lane;
  }
}
