import { type Actor, changesBetween } from "../domain/audit.ts";
import type { SettingsPatch } from "../domain/control.ts";
import type { Database } from "../store/database.ts";
import { readRetentionDays, writeRetentionDays } from "../store/retention-store.ts";
import { readAllowedOrigins, writeAllowedOrigins } from "../store/tenant-store.ts";
import type { Audit } from "./tenant-audit.ts";
import type { Changes } from "./tenant-changes.ts";
import type { Messenger } from "./tenant-messenger.ts";
import type { Retention } from "./tenant-retention.ts";

export interface SettingsView {
  /** Web pages of these origins may use the tenant's keys and tokens; empty: those of any. */
  readonly allowedOrigins: readonly string[];
  /** Bodies of events are kept for so many days. */
  readonly retentionDays: number;
}

/** What concerns the tenant as a whole. */
export class TenantSettings {
  readonly #db: Database;
  readonly #audit: Audit;
  readonly #changes: Changes;
  readonly #messenger: Messenger;
  readonly #retention: Retention;

  constructor(
    db: Database,
    audit: Audit,
    changes: Changes,
    messenger: Messenger,
    retention: Retention,
  ) {
    this.#db = db;
    this.#audit = audit;
    this.#changes = changes;
    this.#messenger = messenger;
    this.#retention = retention;
  }

  get(): SettingsView {
    return {
      allowedOrigins: readAllowedOrigins(this.#db),
      retentionDays: readRetentionDays(this.#db),
    };
  }

  update(patch: SettingsPatch, actor: Actor): Promise<SettingsView> {
    return this.#changes.alone(async () => {
      const before = this.get();
      const after: SettingsView = {
        allowedOrigins: [...new Set(patch.allowedOrigins ?? before.allowedOrigins)],
        retentionDays: patch.retentionDays ?? before.retentionDays,
      };
      writeAllowedOrigins(this.#db, after.allowedOrigins);
      if (after.retentionDays !== before.retentionDays) {
        writeRetentionDays(this.#db, after.retentionDays);
      }
      if (after.retentionDays < before.retentionDays) this.#retention.shorten(Date.now());
      this.#audit.record(actor, "settings.changed", "settings", {
        ...changesBetween({ ...before }, { ...after }),
      });
      await this.#messenger.tellFeed();
      return after;
    });
  }
}
