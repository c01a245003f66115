import type { Database } from "./database.ts";

export type LaneTrouble = "waiting" | "blocked" | "parked";

export type HealthRow = { readonly routeId: string; readonly breaker: string };

export function readHealth(db: Database): HealthRow[] {
  return db.all<HealthRow>("SELECT route_id AS routeId, breaker FROM route_health");
}

export function writeHealth(db: Database, routeId: string, open: boolean, breaker: string): void {
  db.run(
    `INSERT INTO route_health (route_id, open, breaker) VALUES (?, ?, ?)
     ON CONFLICT (route_id) DO UPDATE SET open = excluded.open, breaker = excluded.breaker`,
    routeId,
    open ? 1 : 0,
    breaker,
  );
}

export function deleteHealth(db: Database, routeId: string): void {
  db.run("DELETE FROM route_health WHERE route_id = ?", routeId);
}

/** What keeps a station's lane from going on, since when; `tried` when its head was just attempted. */
export function putTrouble(
  db: Database,
  routeId: string,
  station: string,
  kind: LaneTrouble,
  tried: boolean,
  nowMs: number,
): void {
  if (troubleOf(db, routeId, station) === kind && kind === "waiting") return;
  db.run(
    `INSERT INTO troubled_lanes (route_id, station, kind, since_ms, tried_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (route_id, station) DO UPDATE SET kind = excluded.kind,
       since_ms = excluded.since_ms, tried_ms = iif(excluded.tried_ms > 0, excluded.tried_ms, tried_ms)`,
    routeId,
    station,
    kind,
    nowMs,
    tried ? nowMs : 0,
  );
}

export function troubleOf(db: Database, routeId: string, station: string): string | null {
  return (
    db.first<{ kind: string }>(
      "SELECT kind FROM troubled_lanes WHERE route_id = ? AND station = ?",
      routeId,
      station,
    )?.kind ?? null
  );
}

export function deleteTrouble(db: Database, routeId: string, station: string): void {
  if (troubleOf(db, routeId, station) === null) return;
  db.run("DELETE FROM troubled_lanes WHERE route_id = ? AND station = ?", routeId, station);
}

/** Has every lane of the route woken: it was changed, enabled or deleted. */
export function blockAll(db: Database, routeId: string): void {
  db.run(
    "UPDATE troubled_lanes SET kind = 'blocked' WHERE route_id = ? AND kind <> 'blocked'",
    routeId,
  );
}

export function isWaited(db: Database, routeId: string): boolean {
  return (
    db.first("SELECT 1 FROM troubled_lanes WHERE route_id = ? AND kind = 'waiting'", routeId) !==
    null
  );
}

/** Lanes in trouble, by station, after the given one. */
export function listTroubled(
  db: Database,
  routeId: string,
  after: string,
  limit: number,
): string[] {
  return db
    .all<{ station: string }>(
      "SELECT station FROM troubled_lanes WHERE route_id = ? AND station > ? ORDER BY station LIMIT ?",
      routeId,
      after,
      limit,
    )
    .map(({ station }) => station);
}

/** How many lanes of a route are in trouble, as far as `most`: an outage may have that of every station. */
export function countTroubled(db: Database, routeId: string, most: number): number {
  return (
    db.first<{ lanes: number }>(
      "SELECT count(*) AS lanes FROM (SELECT 1 FROM troubled_lanes WHERE route_id = ? LIMIT ?)",
      routeId,
      most,
    )?.lanes ?? 0
  );
}

/**
 * The blocked lane whose last attempt is longest ago, those never tried first: also those tried at
 * a time to come, by a clock that was set back since.
 */
export function nextToProbe(db: Database, routeId: string, nowMs: number): string | null {
  return (
    db.first<{ station: string }>(
      `SELECT station FROM troubled_lanes WHERE route_id = ? AND kind = 'blocked'
       ORDER BY iif(tried_ms > ?, 0, tried_ms), station LIMIT 1`,
      routeId,
      nowMs,
    )?.station ?? null
  );
}

export function noteProbe(db: Database, routeId: string, station: string, nowMs: number): void {
  db.run(
    "UPDATE troubled_lanes SET tried_ms = ? WHERE route_id = ? AND station = ?",
    nowMs,
    routeId,
    station,
  );
}

/**
 * Stations whose blocked lanes may go on: their route is enabled and its breaker closed, or it is
 * no more. In no order, so that those that cannot be woken keep no others waiting.
 */
export function listUnblocked(db: Database, limit: number): { routeId: string; station: string }[] {
  return db.all<{ routeId: string; station: string }>(
    `SELECT troubled_lanes.route_id AS routeId, station FROM troubled_lanes
     LEFT JOIN routes ON routes.id = troubled_lanes.route_id
     LEFT JOIN route_health ON route_health.route_id = troubled_lanes.route_id
     WHERE kind = 'blocked'
       AND (routes.id IS NULL OR (routes.enabled = 1 AND coalesce(route_health.open, 0) = 0))
     ORDER BY random() LIMIT ?`,
    limit,
  );
}

/** Its station was woken at `wokenMs`; unless the lane was blocked again since, until now, it goes on. */
export function deleteUnblocked(
  db: Database,
  routeId: string,
  station: string,
  { wokenMs, nowMs }: { readonly wokenMs: number; readonly nowMs: number },
): void {
  db.run(
    `DELETE FROM troubled_lanes
     WHERE route_id = ? AND station = ? AND kind = 'blocked' AND (since_ms < ? OR since_ms > ?)`,
    routeId,
    station,
    wokenMs,
    nowMs,
  );
}
