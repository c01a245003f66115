import type { Database } from "../store/database.ts";
import { exists, migrate } from "../store/migrate.ts";
import { tenantMigrations } from "../store/tenant-schema.ts";
import * as store from "../store/tenant-store.ts";
import type { Changes } from "./tenant-changes.ts";
import { isThere } from "./tenant-config.ts";
import type { Keys } from "./tenant-keys.ts";
import type { Messenger } from "./tenant-messenger.ts";
import type { Retention } from "./tenant-retention.ts";

/** How a tenant begins and ends. */
export class Life {
  readonly #db: Database;
  readonly #changes: Changes;
  readonly #keys: Keys;
  readonly #messenger: Messenger;
  readonly #retention: Retention;

  constructor(
    db: Database,
    changes: Changes,
    keys: Keys,
    messenger: Messenger,
    retention: Retention,
  ) {
    this.#db = db;
    this.#changes = changes;
    this.#keys = keys;
    this.#messenger = messenger;
    this.#retention = retention;
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
      this.#db.transaction(() => {
        store.clearTenant(this.#db);
        store.insertTombstone(this.#db, Date.now());
      });
      await this.#messenger.tellFeed();
      return true;
    });
  }
}
