import type { Attempt, AttemptLog } from "../domain/attempt-log.ts";
import type { StationEvent } from "../domain/event.ts";
import type { Lane, LaneStatus } from "../domain/lane.ts";

/** What a station shows of its lanes: times in ISO 8601. */

/** What the station's log has at a seq; null when it has let go of it. */
export type FindEvent = (seq: number) => Pick<StationEvent, "id" | "type"> | null;

const attemptView = ({ atMs, seq, answer, ...attempt }: Attempt, find: FindEvent) => {
  const event = find(seq);
  return {
    at: new Date(atMs).toISOString(),
    seq,
    event: event?.id ?? null,
    type: event?.type ?? null,
    ...attempt,
    /** The beginning of the answer, or what is known of the failure. */
    snippet: answer,
  };
};
export type AttemptView = ReturnType<typeof attemptView>;

/** A lane as the API shows it; `seq` is the newest of its station. */
export function laneView(
  station: string,
  status: LaneStatus,
  lane: Lane | null,
  log: AttemptLog,
  seq: number,
  find: FindEvent,
) {
  const isIdle = lane === null || status === "idle";
  const last = log.at(-1);
  const nextMs = lane?.notBeforeMs ?? null;
  return {
    station,
    status,
    /** Everything up to this seq is delivered, given up, or not wanted. */
    settledSeq: isIdle ? seq : lane.cursor,
    /** Events of the station after that: what the lane is behind by, at most. */
    behind: isIdle ? 0 : seq - lane.cursor,
    deliveredSeq: lane?.prevSeq ?? null,
    /** The event that is tried next, once it was tried. */
    head:
      isIdle || lane.headSeq === null
        ? null
        : {
            seq: lane.headSeq,
            attempts: lane.attempts,
            nextAttemptAt:
              status !== "waiting" || nextMs === null ? null : new Date(nextMs).toISOString(),
          },
    /** Seqs given up since the last delivery; the next one announces them. */
    gap: lane?.gap ?? null,
    lastAttempt: last === undefined ? null : attemptView(last, find),
  };
}
export type LaneView = ReturnType<typeof laneView>;

export type DeliveryView = AttemptView & { readonly route: string };

/** The newest attempts of several routes, begun before a time; newest first. */
export function listDeliveries(
  logs: readonly (readonly [routeId: string, log: AttemptLog])[],
  before: DeliveryPlace,
  limit: number,
  find: FindEvent,
): DeliveryView[] {
  return logs
    .flatMap(([route, log]) => log.map((attempt) => ({ route, attempt })))
    .filter(({ route, attempt }) => comparePlaces(placeOf(route, attempt), before) < 0)
    .sort((one, other) =>
      comparePlaces(placeOf(other.route, other.attempt), placeOf(one.route, one.attempt)),
    )
    .slice(0, limit)
    .map(({ route, attempt }) => ({ route, ...attemptView(attempt, find) }));
}

/** Where an attempt stands among all of a station: by time, then by route. */
export interface DeliveryPlace {
  readonly atMs: number;
  readonly route: string;
}

const placeOf = (route: string, { atMs }: Attempt): DeliveryPlace => ({ atMs, route });

function comparePlaces(one: DeliveryPlace, other: DeliveryPlace): number {
  if (one.atMs !== other.atMs) return one.atMs - other.atMs;
  return one.route < other.route ? -1 : Number(one.route > other.route);
}
