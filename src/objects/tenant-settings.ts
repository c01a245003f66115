import { type Actor, changesBetween } from "../domain/audit.ts";
import type { SettingsPatch } from "../domain/control.ts";
import type { Database } from "../store/database.ts";
import { readAllowedOrigins, writeAllowedOrigins } from "../store/tenant-store.ts";
import type { Audit } from "./tenant-audit.ts";
import type { Changes } from "./tenant-changes.ts";
import type { Messenger } from "./tenant-messenger.ts";

export interface SettingsView {
  /** Web pages of these origins may use the tenant's keys and tokens; empty: those of any. */
  readonly allowedOrigins: readonly string[];
}

/** What concerns the tenant as a whole. */
export class TenantSettings {
  readonly #db: Database;
  readonly #audit: Audit;
  readonly #changes: Changes;
  readonly #messenger: Messenger;

  constructor(db: Database, audit: Audit, changes: Changes, messenger: Messenger) {
    this.#db = db;
    this.#audit = audit;
    this.#changes = changes;
    this.#messenger = messenger;
  }

  get(): SettingsView {
    // Our own text, written below.
    const allowedOrigins: string[] = JSON.parse(readAllowedOrigins(this.#db));
    return { allowedOrigins };
  }

  update(patch: SettingsPatch, actor: Actor): Promise<SettingsView> {
    return this.#changes.alone(async () => {
      const before = this.get();
      const after = { allowedOrigins: [...new Set(patch.allowedOrigins ?? before.allowedOrigins)] };
      writeAllowedOrigins(this.#db, JSON.stringify(after.allowedOrigins));
      this.#audit.record(actor, "settings.changed", "settings", {
        ...changesBetween({ ...before }, { ...after }),
      });
      await this.#messenger.tellFeed();
      return after;
    });
  }
}
