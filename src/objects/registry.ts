import { DurableObject } from "cloudflare:workers";

import type { Env } from "../env.ts";
import { Database } from "../store/database.ts";
import { exists, migrate } from "../store/migrate.ts";
import {
  deleteTenant,
  findTenant,
  listTenants,
  putTenant,
  type RegisteredTenant,
  registryMigrations,
} from "../store/registry-store.ts";

/** One for the whole relay: the list of tenants, for the operator. Never on the hot path. */
export class RegistryObject extends DurableObject<Env> {
  readonly #db: Database;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#db = new Database(ctx.storage);
    if (exists(this.#db)) migrate(this.#db, registryMigrations);
  }

  /** Reads something from storage; throws when that cannot be done. Creates nothing. */
  async isReadable(): Promise<boolean> {
    if (exists(this.#db)) findTenant(this.#db, "");
    return true;
  }

  /** Safe to repeat: a tenant that is listed stays as it is. */
  async put(tenant: RegisteredTenant): Promise<void> {
    migrate(this.#db, registryMigrations);
    putTenant(this.#db, tenant);
  }

  async find(id: string): Promise<RegisteredTenant | null> {
    return exists(this.#db) ? findTenant(this.#db, id) : null;
  }

  async list(after: string, limit: number): Promise<RegisteredTenant[]> {
    return exists(this.#db) ? listTenants(this.#db, after, limit) : [];
  }

  async delete(id: string): Promise<void> {
    if (exists(this.#db)) deleteTenant(this.#db, id);
  }
}
