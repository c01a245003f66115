import { type Actor, type AuditAction, brief } from "../domain/audit.ts";
import { type Page, pageOf } from "../domain/page.ts";
import { insertAudit, listAudit } from "../store/audit-store.ts";
import type { Database } from "../store/database.ts";
import { type AuditView, auditView } from "./tenant-views.ts";

/** The tenant's record of who changed what. */
export class Audit {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * To be called in the turn of the change, so that both are stored or neither. The detail is
   * read by whoever may read the tenant: it must hold no secret.
   */
  record(
    actor: Actor,
    action: AuditAction,
    target: string,
    detail: Readonly<Record<string, unknown>> = {},
  ): void {
    insertAudit(this.#db, {
      atMs: Date.now(),
      keyId: actor,
      action,
      target,
      detail: JSON.stringify(brief(detail)),
    });
  }

  list(before: number, limit: number): Page<AuditView> {
    const rows = listAudit(this.#db, before, limit + 1);
    return pageOf(rows, limit, auditView, ({ number }) => String(number));
  }
}
