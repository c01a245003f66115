import type { Database } from "./database.ts";

export type RouteRow = {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly enabled: number;
  readonly health: string;
  readonly filter: string;
  readonly format: string;
  readonly headerNames: string;
  readonly authType: string | null;
  readonly timeoutMs: number;
  readonly schedule: string;
  readonly onExhausted: string;
  readonly edrvScheme: string;
  readonly sealedSecrets: string;
  /** JSON: of each signing secret what may be shown. */
  readonly signingHints: string;
  readonly ratePerSecond: number | null;
  readonly concurrency: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

const COLUMNS = `id, name, url, enabled, health, filter, format, header_names AS headerNames,
  auth_type AS authType, timeout_ms AS timeoutMs, schedule, on_exhausted AS onExhausted,
  edrv_scheme AS edrvScheme, sealed_secrets AS sealedSecrets, signing_hints AS signingHints,
  rate_per_second AS ratePerSecond, concurrency,
  created_at_ms AS createdAtMs, updated_at_ms AS updatedAtMs`;

export function listRoutes(db: Database, after: string, limit: number): RouteRow[] {
  return db.all<RouteRow>(
    `SELECT ${COLUMNS} FROM routes WHERE id > ? ORDER BY id LIMIT ?`,
    after,
    limit,
  );
}

export function allRoutes(db: Database): RouteRow[] {
  return db.all<RouteRow>(`SELECT ${COLUMNS} FROM routes ORDER BY id`);
}

export function readRoute(db: Database, id: string): RouteRow | null {
  return db.first<RouteRow>(`SELECT ${COLUMNS} FROM routes WHERE id = ?`, id);
}

export function countRoutes(db: Database): number {
  return db.first<{ rows: number }>("SELECT count(*) AS rows FROM routes")?.rows ?? 0;
}

export function writeRoute(db: Database, route: RouteRow): void {
  db.run(
    `INSERT INTO routes (id, name, url, enabled, health, filter, format, header_names, auth_type,
       timeout_ms, schedule, on_exhausted, edrv_scheme, sealed_secrets, signing_hints,
       rate_per_second, concurrency, created_at_ms, updated_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url,
       enabled = excluded.enabled, health = excluded.health, filter = excluded.filter,
       format = excluded.format, header_names = excluded.header_names,
       auth_type = excluded.auth_type, timeout_ms = excluded.timeout_ms,
       schedule = excluded.schedule, on_exhausted = excluded.on_exhausted,
       edrv_scheme = excluded.edrv_scheme, sealed_secrets = excluded.sealed_secrets,
       signing_hints = excluded.signing_hints, rate_per_second = excluded.rate_per_second,
       concurrency = excluded.concurrency, updated_at_ms = excluded.updated_at_ms`,
    route.id,
    route.name,
    route.url,
    route.enabled,
    route.health,
    route.filter,
    route.format,
    route.headerNames,
    route.authType,
    route.timeoutMs,
    route.schedule,
    route.onExhausted,
    route.edrvScheme,
    route.sealedSecrets,
    route.signingHints,
    route.ratePerSecond,
    route.concurrency,
    route.createdAtMs,
    route.updatedAtMs,
  );
}

/** False when there was none. Its dead letters go with it. */
export function deleteRoute(db: Database, id: string): boolean {
  if (readRoute(db, id) === null) return false;
  db.run("DELETE FROM dead_letters WHERE route_id = ?", id);
  db.run("DELETE FROM route_health WHERE route_id = ?", id);
  db.run("DELETE FROM routes WHERE id = ?", id);
  return true;
}
