import type { Database } from "./database.ts";

export type TenantRow = {
  readonly name: string;
  readonly version: number;
  readonly removed: number;
  readonly createdAtMs: number;
};

export function readTenant(db: Database): TenantRow | null {
  return db.first<TenantRow>(
    "SELECT name, version, removed, created_at_ms AS createdAtMs FROM tenant",
  );
}

export function insertTenant(db: Database, name: string, nowMs: number): void {
  db.run(
    "INSERT INTO tenant (id, name, version, keys_version, removed, created_at_ms) VALUES (1, ?, 0, 0, 0, ?)",
    name,
    nowMs,
  );
}

/** The origins that browsers may come from; none: any. */
export function readAllowedOrigins(db: Database): readonly string[] {
  const row = db.first<{ origins: string }>("SELECT allowed_origins AS origins FROM tenant");
  // Our own text, written below.
  return JSON.parse(row?.origins ?? "[]");
}

export function writeAllowedOrigins(db: Database, origins: readonly string[]): void {
  db.run("UPDATE tenant SET allowed_origins = ?", JSON.stringify(origins));
}

/** A tombstone: the tenant's name is gone with everything else, its id stays taken. */
export function insertTombstone(db: Database, nowMs: number): void {
  db.run(
    "INSERT INTO tenant (id, name, version, keys_version, removed, created_at_ms) VALUES (1, '', 0, 0, 1, ?)",
    nowMs,
  );
}

/** Every row of every table there is, so that no table of a later version is forgotten. */
export function clearTenant(db: Database): void {
  const tables = db.all<{ name: string }>(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migrations'
       AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'`,
  );
  for (const { name } of tables) db.run(`DELETE FROM "${name}"`);
}

/** Called in the transaction of every change that stations have to learn of. */
export function raiseVersion(db: Database): void {
  db.run("UPDATE tenant SET version = version + 1");
}

export type KeyRow = {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly hint: string;
  readonly createdAtMs: number;
};

const KEY_COLUMNS = "id, name, role, hint, created_at_ms AS createdAtMs";

export function listKeys(db: Database, after: string, limit: number): KeyRow[] {
  return db.all<KeyRow>(
    `SELECT ${KEY_COLUMNS} FROM keys WHERE id > ? ORDER BY id LIMIT ?`,
    after,
    limit,
  );
}

export function findKeyByHash(db: Database, hash: string): KeyRow | null {
  return db.first<KeyRow>(`SELECT ${KEY_COLUMNS} FROM keys WHERE hash = ?`, hash);
}

export function readKey(db: Database, id: string): KeyRow | null {
  return db.first<KeyRow>(`SELECT ${KEY_COLUMNS} FROM keys WHERE id = ?`, id);
}

export function countKeys(db: Database): number {
  return count(db, "keys");
}

export function listKeyIds(db: Database): string[] {
  return db.all<{ id: string }>("SELECT id FROM keys").map(({ id }) => id);
}

export function insertKey(db: Database, key: KeyRow & { readonly hash: string }): void {
  db.run(
    "INSERT INTO keys (id, name, role, hash, hint, created_at_ms) VALUES (?, ?, ?, ?, ?, ?)",
    key.id,
    key.name,
    key.role,
    key.hash,
    key.hint,
    key.createdAtMs,
  );
}

export function hasKey(db: Database, id: string): boolean {
  return db.first("SELECT 1 FROM keys WHERE id = ?", id) !== null;
}

/** Stations that have sockets learn of it, because {@link listToTell} names them from now on. */
export function deleteKey(db: Database, id: string): void {
  db.run("DELETE FROM keys WHERE id = ?", id);
  db.run("UPDATE tenant SET keys_version = version + 1");
}

export type SourceRow = {
  readonly id: string;
  readonly name: string;
  readonly enabled: number;
  readonly scheme: string;
  readonly schemeSeen: string | null;
  readonly toleranceSeconds: number;
  readonly silentAfterSeconds: number;
  readonly lastEventAtMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

const SOURCE_COLUMNS = `id, name, enabled, scheme, scheme_seen AS schemeSeen,
  tolerance_seconds AS toleranceSeconds, silent_after_seconds AS silentAfterSeconds,
  last_event_at_ms AS lastEventAtMs, created_at_ms AS createdAtMs, updated_at_ms AS updatedAtMs`;

export function listSources(db: Database, after: string, limit: number): SourceRow[] {
  return db.all<SourceRow>(
    `SELECT ${SOURCE_COLUMNS} FROM sources WHERE id > ? ORDER BY id LIMIT ?`,
    after,
    limit,
  );
}

export function readSource(db: Database, id: string): SourceRow | null {
  return db.first<SourceRow>(`SELECT ${SOURCE_COLUMNS} FROM sources WHERE id = ?`, id);
}

export function countSources(db: Database): number {
  return count(db, "sources");
}

/** The scheme seen on most recent events of any source: the default of a route that signs as eDRV does. */
export function latestSchemeSeen(db: Database): string | null {
  return (
    db.first<{ schemeSeen: string }>(
      `SELECT scheme_seen AS schemeSeen FROM sources WHERE scheme_seen IS NOT NULL
       ORDER BY last_event_at_ms DESC LIMIT 1`,
    )?.schemeSeen ?? null
  );
}

export function writeSource(db: Database, source: SourceRow): void {
  db.run(
    `INSERT INTO sources (id, name, enabled, scheme, scheme_seen, tolerance_seconds,
       silent_after_seconds, last_event_at_ms, created_at_ms, updated_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, enabled = excluded.enabled,
       scheme = excluded.scheme, tolerance_seconds = excluded.tolerance_seconds,
       silent_after_seconds = excluded.silent_after_seconds, updated_at_ms = excluded.updated_at_ms`,
    source.id,
    source.name,
    source.enabled,
    source.scheme,
    source.schemeSeen,
    source.toleranceSeconds,
    source.silentAfterSeconds,
    source.lastEventAtMs,
    source.createdAtMs,
    source.updatedAtMs,
  );
}

export function noteSource(
  db: Database,
  id: string,
  schemeSeen: string,
  { atMs, maxLeadMs }: { readonly atMs: number; readonly maxLeadMs: number },
): void {
  db.run(
    `UPDATE sources SET scheme_seen = ?, last_event_at_ms =
       iif(last_event_at_ms > ?, ?, max(coalesce(last_event_at_ms, 0), ?))
     WHERE id = ?`,
    schemeSeen,
    atMs + maxLeadMs,
    atMs,
    atMs,
    id,
  );
}

export function deleteSource(db: Database, id: string): boolean {
  db.run("DELETE FROM source_secrets WHERE source_id = ?", id);
  db.run("DELETE FROM refusals WHERE source_id = ?", id);
  const existed = readSource(db, id) !== null;
  if (existed) db.run("DELETE FROM sources WHERE id = ?", id);
  return existed;
}

export type SecretRow = {
  readonly id: string;
  readonly sourceId: string;
  readonly sealed: string;
  readonly hint: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
};

/** Newest first, the expired ones left out. */
export function listSecrets(db: Database, sourceId: string, nowMs: number): SecretRow[] {
  return db.all<SecretRow>(
    `SELECT id, source_id AS sourceId, sealed, hint, created_at_ms AS createdAtMs,
       expires_at_ms AS expiresAtMs
     FROM source_secrets
     WHERE source_id = ? AND (expires_at_ms IS NULL OR expires_at_ms > ?)
     ORDER BY created_at_ms DESC, id`,
    sourceId,
    nowMs,
  );
}

export function insertSecret(db: Database, secret: SecretRow): void {
  db.run(
    `INSERT INTO source_secrets (id, source_id, sealed, hint, created_at_ms, expires_at_ms)
     VALUES (?, ?, ?, ?, ?, ?)`,
    secret.id,
    secret.sourceId,
    secret.sealed,
    secret.hint,
    secret.createdAtMs,
    secret.expiresAtMs,
  );
}

/** Secrets that would live longer are to end at `expiresAtMs`; those that have ended are deleted. */
export function expireSecrets(
  db: Database,
  sourceId: string,
  expiresAtMs: number,
  nowMs: number,
): void {
  db.run(
    `UPDATE source_secrets SET expires_at_ms = ?
     WHERE source_id = ? AND (expires_at_ms IS NULL OR expires_at_ms > ?)`,
    expiresAtMs,
    sourceId,
    expiresAtMs,
  );
  db.run("DELETE FROM source_secrets WHERE source_id = ? AND expires_at_ms <= ?", sourceId, nowMs);
}

export function deleteSecret(db: Database, sourceId: string, id: string): boolean {
  const existed =
    db.first("SELECT 1 FROM source_secrets WHERE id = ? AND source_id = ?", id, sourceId) !== null;
  if (existed) db.run("DELETE FROM source_secrets WHERE id = ?", id);
  return existed;
}

export type RefusalRow = {
  readonly id: number;
  readonly atMs: number;
  readonly reason: string;
  readonly count: number;
  readonly samples: string;
};

/** Refusals kept per source, one row per reason and ten seconds. */
const MAX_REFUSALS = 500;

export function insertRefusals(
  db: Database,
  sourceId: string,
  rows: readonly Omit<RefusalRow, "id">[],
): void {
  for (const { atMs, reason, count: times, samples } of rows) {
    db.run(
      "INSERT INTO refusals (source_id, at_ms, reason, count, samples) VALUES (?, ?, ?, ?, ?)",
      sourceId,
      atMs,
      reason,
      times,
      samples,
    );
  }
  db.run(
    `DELETE FROM refusals WHERE source_id = ? AND id <=
       (SELECT id FROM refusals WHERE source_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    sourceId,
    sourceId,
    MAX_REFUSALS,
  );
}

/** Newest first, before the given one. */
export function listRefusals(
  db: Database,
  sourceId: string,
  before: number,
  limit: number,
): RefusalRow[] {
  return db.all<RefusalRow>(
    `SELECT id, at_ms AS atMs, reason, count, samples FROM refusals
     WHERE source_id = ? AND id < ? ORDER BY id DESC LIMIT ?`,
    sourceId,
    before,
    limit,
  );
}

function count(db: Database, table: "keys" | "sources"): number {
  return db.first<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`)?.rows ?? 0;
}

/** A station with sockets, which has to hear of deleted keys; it knows those up to now. */
export function putSubscribed(db: Database, station: string): void {
  db.run(
    `INSERT INTO subscribed (station, version) SELECT ?, version FROM tenant WHERE true
     ON CONFLICT (station) DO UPDATE SET version = excluded.version`,
    station,
  );
}

/** The station has heard of every key deleted up to that version of the tenant. */
export function noteTold(db: Database, station: string, version: number): void {
  db.run("UPDATE subscribed SET version = max(version, ?) WHERE station = ?", version, station);
}

export function isSubscribed(db: Database, station: string): boolean {
  return db.first("SELECT 1 FROM subscribed WHERE station = ?", station) !== null;
}

/** Stations with sockets that have not heard of the newest deleted key. */
export function listToTell(db: Database, limit: number): string[] {
  return db
    .all<{ station: string }>(
      "SELECT station FROM subscribed WHERE version < (SELECT keys_version FROM tenant) ORDER BY random() LIMIT ?",
      limit,
    )
    .map(({ station }) => station);
}

/** The station has no sockets, unless somebody has subscribed after that version. */
export function deleteSubscribed(db: Database, station: string, version: number): void {
  db.run("DELETE FROM subscribed WHERE station = ? AND version <= ?", station, version);
}
