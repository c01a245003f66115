import type { RouteTable } from "../domain/route.ts";
import type { Database } from "../store/database.ts";
import { exists } from "../store/migrate.ts";
import { allRoutes } from "../store/route-store.ts";
import { listKeyIds, readAllowedOrigins, readTenant } from "../store/tenant-store.ts";
import type { FeedConfig } from "./feed.ts";
import type { RouteHealth } from "./tenant-health.ts";
import { stationRoute } from "./tenant-views.ts";

/** False before a tenant is created and once it has been removed. */
export function isThere(db: Database): boolean {
  return exists(db) && readTenant(db)?.removed === 0;
}

/** A tenant's configuration as the feed and the stations need it. */
export class TenantConfig {
  readonly #db: Database;
  readonly #health: RouteHealth;
  #stamp = 0;

  constructor(db: Database, health: RouteHealth) {
    this.#db = db;
    this.#health = health;
  }

  forFeed(): FeedConfig {
    const tenant = exists(this.#db) ? readTenant(this.#db) : null;
    this.#stamp = Math.max(Date.now(), this.#stamp + 1);
    const stamp = this.#stamp;
    if (tenant === null || tenant.removed === 1) {
      const nothing = { suspect: [], open: [], keyIds: [], allowedOrigins: [] };
      return { version: 0, stamp, ...nothing, removed: true };
    }
    const { version } = tenant;
    const keyIds = listKeyIds(this.#db);
    const allowedOrigins = readAllowedOrigins(this.#db);
    return { version, stamp, ...this.#health.standing(), keyIds, allowedOrigins, removed: false };
  }

  /** For stations: all routes, or null when nothing has changed since `version`. */
  routesSince(version: number): RouteTable | null {
    const tenant = isThere(this.#db) ? readTenant(this.#db) : null;
    if (tenant === null || tenant.version <= version) return null;
    return {
      version: tenant.version,
      routes: allRoutes(this.#db).map((row) => stationRoute(row)),
      keyIds: listKeyIds(this.#db),
    };
  }
}
