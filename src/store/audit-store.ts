import type { Database } from "./database.ts";

export type AuditRow = {
  readonly number: number;
  readonly atMs: number;
  readonly keyId: string | null;
  readonly action: string;
  readonly target: string;
  readonly detail: string;
  readonly hash: string | null;
  readonly previousHash: string | null;
};

/** The newest entry's number and hash; the hash is null when it is from before the log was chained. */
export function newestAudit(db: Database): { number: number; hash: string | null } | null {
  return db.first<{ number: number; hash: string | null }>(
    "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1",
  );
}

/** Keeps the newest `keep` entries. Numbers have no holes, because only the oldest are ever deleted. */
export function insertAudit(db: Database, entry: AuditRow, keep: number): void {
  db.run(
    `INSERT INTO audit (number, at_ms, key_id, action, target, detail, hash, previous_hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    entry.number,
    entry.atMs,
    entry.keyId,
    entry.action,
    entry.target,
    entry.detail,
    entry.hash,
    entry.previousHash,
  );
  db.run("DELETE FROM audit WHERE number <= ?", entry.number - keep);
}

/** Newest first, before the given one. */
export function listAudit(db: Database, before: number, limit: number): AuditRow[] {
  return db.all<AuditRow>(
    `SELECT number, at_ms AS atMs, key_id AS keyId, action, target, detail, hash,
       previous_hash AS previousHash
     FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?`,
    before,
    limit,
  );
}
