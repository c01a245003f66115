import { type Actor, type AuditAction, brief } from "../domain/audit.ts";
import { hashEntry, MAX_AUDIT_ENTRIES } from "../domain/audit-chain.ts";
import { type Page, pageOf } from "../domain/page.ts";
import { insertAudit, listAudit, newestAudit } from "../store/audit-store.ts";
import type { Database } from "../store/database.ts";
import { type AuditView, auditView } from "./tenant-views.ts";

/** The tenant's record of who changed what, each entry chained to the one before it. */
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
    const before = newestAudit(this.#db);
    const atMs = Date.now();
    // As it is read back, so that the hash is of what a reader sees.
    const text = JSON.stringify(brief(detail));
    const content = { number: (before?.number ?? 0) + 1, action, target };
    const previousHash = before?.hash ?? null;
    const hash = hashEntry(previousHash, {
      ...content,
      at: new Date(atMs).toISOString(),
      key: actor,
      detail: JSON.parse(text),
    });
    const row = { ...content, atMs, keyId: actor, detail: text, hash, previousHash };
    insertAudit(this.#db, row, MAX_AUDIT_ENTRIES);
  }

  list(before: number, limit: number): Page<AuditView> {
    const rows = listAudit(this.#db, before, limit + 1);
    return pageOf(rows, limit, auditView, ({ number }) => String(number));
  }
}
