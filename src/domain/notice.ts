import { toHex } from "./encoding.ts";
import { RELAY_SOURCE, type StationEvent } from "./event.ts";
import { isObject, parseJson } from "./webhook.ts";

/** Never a secret, a header's value or a webhook's body: subscribers of any role read it. */
export type Fact = string | number | boolean | null | Readonly<Record<string, number>>;
/** Beside what every notice names by itself. */
export type Facts = Readonly<Record<string, Fact>> & {
  readonly [Name in "route" | "source" | "station" | "count" | "at"]?: never;
};

interface Told {
  readonly data: Facts;
  /** How many occurrences it tells of: one, unless said otherwise. */
  readonly count?: number;
}

export interface RouteNotice extends Told {
  readonly type: "relay.route.failing" | "relay.route.recovered" | "relay.route.disabled";
  readonly route: string;
}

export interface LaneNotice extends Told {
  readonly type: "relay.lane.parked" | "relay.lane.gap" | "relay.event.dead_lettered";
  readonly route: string;
  readonly station: string;
}

export interface SourceNotice extends Told {
  readonly type: "relay.source.refusing" | "relay.source.silent" | "relay.quarantine.added";
  readonly source: string;
}

/** Something that has happened in the relay itself, of which its own events tell. */
export type Notice = RouteNotice | LaneNotice | SourceNotice;

/** Notices of one type about the same thing count together. */
export type NoticeKey = {
  readonly type: string;
  /** A route or a source. */
  readonly subject: string;
  /** Empty for what concerns no single lane. */
  readonly station: string;
};

export function keyOf(notice: Notice): NoticeKey {
  return {
    type: notice.type,
    subject: "route" in notice ? notice.route : notice.source,
    station: "station" in notice ? notice.station : "",
  };
}

/** The `data` of a notice's body, as JSON, without what is known only when it is sent. */
export function dataOf(notice: Notice, { subject, station }: NoticeKey): string {
  return JSON.stringify({
    ...("route" in notice ? { route: subject } : { source: subject }),
    ...(station !== "" && { station }),
    ...notice.data,
  });
}

/** At most one event per {@link NoticeKey} is sent in this time; it tells of all that was held back. */
export const NOTICE_EVERY_MS = 600_000;

/** How far the notices of one key have got. */
export type NoticeProgress = {
  /** Occurrences that no event tells of yet. */
  readonly pendingCount: number;
  /** The event under way: it may be in the log already, until the log has said so. */
  readonly sendingId: string | null;
  readonly sendingCount: number;
  /** When the event under way was made. */
  readonly sendingMs: number;
  /** When the log took the last one in. */
  readonly sentMs: number | null;
};

export const NOTHING_TOLD: NoticeProgress = {
  pendingCount: 0,
  sendingId: null,
  sendingCount: 0,
  sendingMs: 0,
  sentMs: null,
};

export function withOccurrences<S extends NoticeProgress>(progress: S, count: number): S {
  return { ...progress, pendingCount: progress.pendingCount + count };
}

/** When an event is to be sent, 0 for at once; null when there is nothing to tell. */
export function dueMs({ pendingCount, sendingId, sentMs }: NoticeProgress): number | null {
  if (sendingId !== null) return 0;
  if (pendingCount === 0) return null;
  return sentMs === null ? 0 : sentMs + NOTICE_EVERY_MS;
}

/**
 * What is to be stored before an event is sent. One that was under way goes out again as it was,
 * so that it is a duplicate should it have arrived; what has happened since waits for the next.
 */
export function startSending<S extends NoticeProgress>(
  progress: S,
  newId: string,
  nowMs: number,
): S & { readonly sendingId: string } {
  if (progress.sendingId !== null) return { ...progress, sendingId: progress.sendingId };
  return {
    ...progress,
    pendingCount: 0,
    sendingId: newId,
    sendingCount: progress.pendingCount,
    sendingMs: nowMs,
  };
}

/** The log has the event that was under way. */
export function endSending<S extends NoticeProgress>(progress: S, nowMs: number): S {
  return { ...progress, sendingId: null, sendingCount: 0, sendingMs: 0, sentMs: nowMs };
}

/** An id as eDRV mints them, so that logs tell it from old ones by its time. `random` has 8 bytes. */
export function noticeId(nowMs: number, random: Uint8Array): string {
  const second = Math.floor(nowMs / 1000).toString(16);
  return second.padStart(8, "0") + toHex(random);
}

export interface SentNotice {
  readonly id: string;
  readonly type: string;
  /** JSON made by {@link dataOf}, of the newest occurrence. */
  readonly data: string;
  readonly count: number;
  /** When the newest occurrence was. */
  readonly atMs: number;
  readonly createdAtMs: number;
}

/** The event's body, in the shape of eDRV's webhooks. */
export function noticeBody({ id, type, data, count, atMs, createdAtMs }: SentNotice): string {
  const facts: Record<string, Fact> = JSON.parse(data);
  return JSON.stringify({
    _id: id,
    type,
    object: type.split(".")[1],
    data: { ...facts, count, at: new Date(atMs).toISOString() },
    createdAt: new Date(createdAtMs).toISOString(),
  });
}

/** The route that an event of the relay's own is about, which never gets it; null for all others. */
export function routeOfNotice({ source, body }: StationEvent): string | null {
  if (source !== RELAY_SOURCE) return null;
  const parsed = parseJson(body);
  const data = isObject(parsed) ? parsed.data : null;
  return isObject(data) && typeof data.route === "string" ? data.route : null;
}
