import type { Database } from "./database.ts";

export type ReplayRow = {
  readonly number: number;
  readonly id: string;
  /** `range` of the stations' logs, or `dead_letters`. */
  readonly kind: "range" | "dead_letters";
  readonly routeId: string;
  /** JSON lists, null for all. */
  readonly stations: string | null;
  readonly types: string | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly matched: number;
  readonly delivered: number;
  readonly failed: number;
  /** Stations up to this name are counted; null when all are. */
  readonly countedTo: string | null;
  readonly cancelled: number;
  readonly createdAtMs: number;
  readonly finishedAtMs: number | null;
};

/** What a replay has left to do at one station. */
export type ReplayStationRow = {
  readonly replayId: string;
  readonly station: string;
  /** Stations take their turns in this order. */
  readonly place: number;
  readonly afterSeq: number;
  readonly untilSeq: number;
  readonly attempts: number;
  readonly refusals: number;
  readonly notBeforeMs: number | null;
};

/** Finished replays that a tenant's list keeps, the newest. */
export const MAX_REPLAYS = 1_000;

const COLUMNS = `number, id, kind, route_id AS routeId, stations, types, from_ms AS fromMs,
  to_ms AS toMs, matched, delivered, failed, counted_to AS countedTo, cancelled,
  created_at_ms AS createdAtMs, finished_at_ms AS finishedAtMs`;

const STATION_COLUMNS = `replay_id AS replayId, station, place, after_seq AS afterSeq,
  until_seq AS untilSeq, attempts, refusals, not_before_ms AS notBeforeMs`;

export function insertReplay(
  db: Database,
  replay: Pick<ReplayRow, "id" | "kind" | "routeId" | "stations" | "types" | "fromMs" | "toMs"> &
    Pick<ReplayRow, "countedTo" | "createdAtMs">,
): void {
  db.run(
    `INSERT INTO replays (id, kind, route_id, from_ms, to_ms, matched, delivered, failed,
       counted_to, cancelled, created_at_ms, stations, types)
     VALUES (?, ?, ?, ?, ?, 0, 0, 0, ?, 0, ?, ?, ?)`,
    replay.id,
    replay.kind,
    replay.routeId,
    replay.fromMs,
    replay.toMs,
    replay.countedTo,
    replay.createdAtMs,
    replay.stations,
    replay.types,
  );
  db.run(
    `DELETE FROM replays WHERE finished_at_ms IS NOT NULL AND number <=
       (SELECT number FROM replays ORDER BY number DESC LIMIT 1 OFFSET ?)`,
    MAX_REPLAYS,
  );
}

export function readReplay(db: Database, id: string): ReplayRow | null {
  return db.first<ReplayRow>(`SELECT ${COLUMNS} FROM replays WHERE id = ?`, id);
}

/** Newest first, before the given one. */
export function listReplays(db: Database, before: number, limit: number): ReplayRow[] {
  return db.all<ReplayRow>(
    `SELECT ${COLUMNS} FROM replays WHERE number < ? ORDER BY number DESC LIMIT ?`,
    before,
    limit,
  );
}

/** Oldest first. */
export function listUnfinishedReplays(db: Database): ReplayRow[] {
  return db.all<ReplayRow>(
    `SELECT ${COLUMNS} FROM replays WHERE finished_at_ms IS NULL ORDER BY number`,
  );
}

/** Stations up to `countedTo` are counted, with `matched` more events; null when all are. */
export function noteCounted(
  db: Database,
  id: string,
  countedTo: string | null,
  matched: number,
): void {
  db.run(
    "UPDATE replays SET counted_to = ?, matched = matched + ? WHERE id = ?",
    countedTo,
    matched,
    id,
  );
}

export function noteResult(db: Database, id: string, kind: "delivered" | "failed"): void {
  db.run(`UPDATE replays SET ${kind} = ${kind} + 1 WHERE id = ?`, id);
}

/** Ends a replay that has nothing left to do. */
export function finishReplay(db: Database, id: string, nowMs: number): void {
  db.run(
    `UPDATE replays SET finished_at_ms = ?
     WHERE id = ? AND finished_at_ms IS NULL AND counted_to IS NULL
       AND NOT EXISTS (SELECT 1 FROM replay_stations WHERE replay_id = ?)`,
    nowMs,
    id,
    id,
  );
}

/** Dead letters that it has not sent can be redelivered again. */
export function cancelReplay(db: Database, id: string, nowMs: number): void {
  db.run("UPDATE replays SET cancelled = 1, finished_at_ms = ? WHERE id = ?", nowMs, id);
  db.run("DELETE FROM replay_stations WHERE replay_id = ?", id);
  db.run("UPDATE dead_letters SET replay_id = NULL WHERE replay_id = ?", id);
}

export function insertReplayStation(
  db: Database,
  row: Omit<ReplayStationRow, "attempts" | "refusals" | "notBeforeMs">,
): void {
  db.run(
    `INSERT INTO replay_stations (replay_id, station, place, after_seq, until_seq, attempts, refusals)
     VALUES (?, ?, ?, ?, ?, 0, 0)`,
    row.replayId,
    row.station,
    row.place,
    row.afterSeq,
    row.untilSeq,
  );
}

export function readReplayStation(
  db: Database,
  replayId: string,
  station: string,
): ReplayStationRow | null {
  return db.first<ReplayStationRow>(
    `SELECT ${STATION_COLUMNS} FROM replay_stations WHERE replay_id = ? AND station = ?`,
    replayId,
    station,
  );
}

/** Stations whose time has come, or is further away than any wait lasts, in order. */
export function listDueStations(
  db: Database,
  replayId: string,
  { nowMs, longestMs }: { readonly nowMs: number; readonly longestMs: number },
  limit: number,
): string[] {
  return db
    .all<{ station: string }>(
      `SELECT station FROM replay_stations
       WHERE replay_id = ? AND (coalesce(not_before_ms, 0) <= ? OR not_before_ms > ?)
       ORDER BY place, station LIMIT ?`,
      replayId,
      nowMs,
      nowMs + longestMs,
      limit,
    )
    .map(({ station }) => station);
}

/** When the next station's time comes; null when none is left. */
export function nextStationMs(db: Database, replayId: string): number | null {
  return (
    db.first<{ atMs: number | null }>(
      "SELECT min(coalesce(not_before_ms, 0)) AS atMs FROM replay_stations WHERE replay_id = ?",
      replayId,
    )?.atMs ?? null
  );
}

export function writeReplayProgress(
  db: Database,
  row: Pick<
    ReplayStationRow,
    "replayId" | "station" | "afterSeq" | "attempts" | "refusals" | "notBeforeMs"
  >,
): void {
  db.run(
    `UPDATE replay_stations SET after_seq = ?, attempts = ?, refusals = ?, not_before_ms = ?
     WHERE replay_id = ? AND station = ?`,
    row.afterSeq,
    row.attempts,
    row.refusals,
    row.notBeforeMs,
    row.replayId,
    row.station,
  );
}

/** Nothing is tried there before that time; no attempt is charged. */
export function putOffReplay(
  db: Database,
  replayId: string,
  station: string,
  untilMs: number,
): void {
  db.run(
    "UPDATE replay_stations SET not_before_ms = ? WHERE replay_id = ? AND station = ?",
    untilMs,
    replayId,
    station,
  );
}

export function deleteReplayStation(db: Database, replayId: string, station: string): void {
  db.run("DELETE FROM replay_stations WHERE replay_id = ? AND station = ?", replayId, station);
}
