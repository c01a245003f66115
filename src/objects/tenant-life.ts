import type { Database } from "../store/database.ts";
import { exists, migrate } from "../store/migrate.ts";
import { allRoutes, type RouteRow } from "../store/route-store.ts";
import { tenantMigrations } from "../store/tenant-schema.ts";
import * as store from "../store/tenant-store.ts";
import type { Changes } from "./tenant-changes.ts";
import { isThere } from "./tenant-config.ts";
import type { Keys } from "./tenant-keys.ts";
import type { Messenger } from "./tenant-messenger.ts";
import type { Retention } from "./tenant-retention.ts";

export interface LifeWorld {
  /** In the turn of the removal: what is under way here stops. */
  readonly onRemoved: () => void;
  /** Who waits at the route's gate is to look again. Never rejects. */
  readonly disperse: (route: RouteRow) => Promise<void>;
}

/** How a tenant begins and ends. */
export class Life {
  readonly #db: Database;
  readonly #changes: Changes;
  readonly #keys: Keys;
  readonly #messenger: Messenger;
  readonly #retention: Retention;
  readonly #world: LifeWorld;

  constructor(
    db: Database,
    changes: Changes,
    keys: Keys,
    messenger: Messenger,
    retention: Retention,
    world: LifeWorld,
  ) {
    this.#db = db;
    this.#changes = changes;
    this.#keys = keys;
    this.#messenger = messenger;
    this.#retention = retention;
    this.#world = world;
  }

  /** The first admin key, shown once; or what is known of the tenant that has, or had, this id. */
  begin(name: string): Promise<{ apiKey: string } | { taken: store.TenantRow }> {
    return this.#changes.inTurn(async () => {
      const before = exists(this.#db) ? store.readTenant(this.#db) : null;
      if (before !== null) return { taken: before };
      const minted = await this.#keys.mint();
      migrate(this.#db, tenantMigrations);
      store.insertTenant(this.#db, name, Date.now());
      this.#keys.insert({ name: "first key", role: "admin" }, minted);
      this.#retention.begin(Date.now());
      return { apiKey: minted.apiKey };
    });
  }

  /** Removes everything of the tenant; a tombstone stays, so that nothing recreates it. */
  end(): Promise<boolean> {
    return this.#changes.inTurn(async () => {
      if (!isThere(this.#db)) return false;
      const routes = allRoutes(this.#db);
      this.#db.transaction(() => {
        store.clearTenant(this.#db);
        store.insertTombstone(this.#db, Date.now());
      });
      this.#world.onRemoved();
      await this.#messenger.tellFeed();
      // Nothing goes out any more that still waits for its turn.
      await Promise.all(routes.map((route) => this.#world.disperse(route)));
      return true;
    });
  }
}
