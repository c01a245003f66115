import type { Database } from "./database.ts";

export type AuditRow = {
  readonly number: number;
  readonly atMs: number;
  readonly keyId: string | null;
  readonly action: string;
  readonly target: string;
  readonly detail: string;
};

/** Entries that a tenant's audit log keeps; the oldest go first. */
export const MAX_AUDIT_ENTRIES = 10_000;

export function insertAudit(db: Database, entry: Omit<AuditRow, "number">): void {
  db.run(
    "INSERT INTO audit (at_ms, key_id, action, target, detail) VALUES (?, ?, ?, ?, ?)",
    entry.atMs,
    entry.keyId,
    entry.action,
    entry.target,
    entry.detail,
  );
  // Numbers have no holes, because only the oldest are ever deleted.
  db.run(
    "DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - ?",
    MAX_AUDIT_ENTRIES,
  );
}

/** Newest first, before the given one. */
export function listAudit(db: Database, before: number, limit: number): AuditRow[] {
  return db.all<AuditRow>(
    `SELECT number, at_ms AS atMs, key_id AS keyId, action, target, detail FROM audit
     WHERE number < ? ORDER BY number DESC LIMIT ?`,
    before,
    limit,
  );
}
