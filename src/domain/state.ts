import { EVENT_TYPES, isActionType } from "./catalogue.ts";
import { isStationId } from "./station-id.ts";
import { isObject, parseJson, readTime } from "./webhook.ts";

/**
 * What a station is doing, folded from its events by `occurredAt`: each facet keeps the
 * newest word about itself, so an event that comes late never sets anything back.
 * Events are folded in the order of their seq, so equal times go to the higher seq.
 */
export interface StationState {
  /** Null until the station has said either. eDRV: a station stays in its last reported state. */
  readonly online: boolean | null;
  readonly onlineAtMs: number | null;
  readonly connectors: readonly ConnectorState[];
  /** Sessions not ended, the newest {@link MAX_SESSIONS}. */
  readonly sessions: readonly SessionState[];
  /** Ended sessions of the last 24 h, so that a late event does not revive one. */
  readonly ended: readonly EndedSession[];
  readonly lastEventAtMs: number | null;
  /** The newest word that the station was deleted: nothing from before it counts any more. */
  readonly deletedAtMs: number | null;
  /** True while there is no newer word than that; the station is then in no list or snapshot. */
  readonly isGone: boolean;
}

/** A value and the time of the event that said so. */
type Timed<T> = readonly [value: T, atMs: number];

interface ConnectorState {
  readonly id: string;
  readonly status: Timed<string> | null;
  readonly atMs: number;
}

/** What events say of a session. They may leave things out, so each keeps its own time. */
interface SessionFacts {
  readonly connector: string;
  readonly status: string;
  readonly startedAt: string;
  readonly energyWh: number;
  readonly powerW: number;
  /** State of charge in percent. */
  readonly soc: number;
}

interface SessionState {
  readonly id: string;
  readonly facts: { readonly [K in keyof SessionFacts]: Timed<SessionFacts[K]> | null };
  readonly atMs: number;
}

interface EndedSession {
  readonly id: string;
  readonly atMs: number;
}

export const MAX_SESSIONS = 32;
export const MAX_CONNECTORS = 64;
const MAX_ENDED = 128;
const ENDED_KEPT_MS = 24 * 3_600_000;
const MAX_TEXT = 64;

export const EMPTY_STATE: StationState = {
  online: null,
  onlineAtMs: null,
  connectors: [],
  sessions: [],
  ended: [],
  lastEventAtMs: null,
  deletedAtMs: null,
  isGone: false,
};

const NO_FACTS: SessionState["facts"] = {
  connector: null,
  status: null,
  startedAt: null,
  energyWh: null,
  powerW: null,
  soc: null,
};

/** What a state's sessions are folded from. */
export const SESSION_TYPES: readonly string[] = EVENT_TYPES.filter(
  (type) => type.startsWith("session.") && !isActionType(type),
);

/** Events after which a session is over, whatever else is said of it. */
const ENDING_TYPES = new Set(["session.ended", "session.cancelled", "session.start_failure"]);
/** eDRV's spelling wanders between samples ("Started", "started"), so compare in lower case. */
const ENDED_STATUSES = new Set(["ended", "cancelled", "canceled", "completed"]);

export interface FoldableEvent {
  readonly type: string;
  readonly occurredAtMs: number;
  readonly body: string;
}

/** The state after one more event. Events it does not understand change `lastEventAt` only. */
export function foldEvent(before: StationState, event: FoldableEvent): StationState {
  const atMs = event.occurredAtMs;
  const state = {
    ...before,
    lastEventAtMs: Math.max(before.lastEventAtMs ?? Number.NEGATIVE_INFINITY, atMs),
    ended: before.ended.filter((session) => session.atMs > atMs - ENDED_KEPT_MS),
  };
  if (event.type === "chargestation.deleted") {
    return foldDeletion(state, atMs, before.lastEventAtMs);
  }
  const isOutdated = before.deletedAtMs !== null && atMs < before.deletedAtMs;
  const current = isOutdated ? state : { ...state, isGone: false };
  if (isActionType(event.type)) return current;
  if (event.type.startsWith("session.")) {
    return foldSession(current, event, readData(event.body), isOutdated);
  }
  if (isOutdated) return current;
  if (event.type.startsWith("chargestation.")) {
    return foldConnectors(foldOnline(current, event), atMs, readData(event.body));
  }
  return current;
}

/** A person took the station out: what is known of it is forgotten, up to now. */
export function forgetStation(state: StationState, atMs: number): StationState {
  return foldDeletion(state, Math.max(atMs, state.lastEventAtMs ?? atMs), null);
}

/** The state as the API and the streams show it (docs/protocol.md), as JSON text. */
export function serializeState(station: string, seq: number, state: StationState): string {
  return JSON.stringify({
    station,
    seq,
    online: state.online,
    onlineAt: iso(state.onlineAtMs),
    connectors: state.connectors.map(({ id, status, atMs }) => ({
      id,
      status: status?.[0] ?? null,
      at: iso(atMs),
    })),
    sessions: state.sessions.map(({ id, facts, atMs }) => ({
      id,
      connector: facts.connector?.[0] ?? null,
      status: facts.status?.[0] ?? null,
      startedAt: facts.startedAt?.[0] ?? null,
      energyWh: facts.energyWh?.[0] ?? null,
      powerW: facts.powerW?.[0] ?? null,
      soc: facts.soc?.[0] ?? null,
      at: iso(atMs),
    })),
    lastEventAt: iso(state.lastEventAtMs),
  });
}

function foldDeletion(state: StationState, atMs: number, lastOtherMs: number | null): StationState {
  if (state.deletedAtMs !== null && atMs < state.deletedAtMs) return state;
  const newer = <T extends { readonly atMs: number }>(facets: readonly T[]) =>
    facets.filter((facet) => facet.atMs > atMs);
  const since = <T>(value: Timed<T> | null) => (value !== null && value[1] > atMs ? value : null);
  const onlineIsNewer = state.onlineAtMs !== null && state.onlineAtMs > atMs;
  return {
    ...state,
    online: onlineIsNewer ? state.online : null,
    onlineAtMs: onlineIsNewer ? state.onlineAtMs : null,
    connectors: newer(state.connectors).map((connector) => ({
      ...connector,
      status: since(connector.status),
    })),
    // An end stays an end: what comes late must not bring the session back.
    sessions: newer(state.sessions).map(({ facts, ...session }) => ({
      ...session,
      facts: {
        connector: since(facts.connector),
        status: since(facts.status),
        startedAt: since(facts.startedAt),
        energyWh: since(facts.energyWh),
        powerW: since(facts.powerW),
        soc: since(facts.soc),
      },
    })),
    deletedAtMs: atMs,
    // A deletion that comes late does not take away what has happened since.
    isGone: lastOtherMs === null || lastOtherMs <= atMs,
  };
}

function foldOnline(state: StationState, { type, occurredAtMs }: FoldableEvent): StationState {
  if (type !== "chargestation.online" && type !== "chargestation.offline") return state;
  if (state.onlineAtMs !== null && occurredAtMs < state.onlineAtMs) return state;
  return { ...state, online: type === "chargestation.online", onlineAtMs: occurredAtMs };
}

/** Whether eDRV sends all connectors or the changed one is not documented, so none is ever removed. */
function foldConnectors(
  state: StationState,
  atMs: number,
  data: Record<string, unknown> | null,
): StationState {
  const listed = data?.connectors;
  if (!Array.isArray(listed)) return state;
  const connectors = new Map(state.connectors.map((connector) => [connector.id, connector]));
  for (const item of listed.slice(0, MAX_CONNECTORS)) {
    const id = isObject(item) ? readId(item._id) : null;
    if (!isObject(item) || id === null) continue;
    const known = connectors.get(id);
    const status = newerOf(known?.status ?? null, readText(item.status), atMs);
    connectors.set(id, { id, status, atMs: Math.max(known?.atMs ?? atMs, atMs) });
  }
  return { ...state, connectors: newest([...connectors.values()], MAX_CONNECTORS) };
}

function foldSession(
  state: StationState,
  event: FoldableEvent,
  data: Record<string, unknown> | null,
  isOutdated: boolean,
): StationState {
  const id = readId(data?._id);
  if (data === null || id === null) return state;
  const atMs = event.occurredAtMs;
  const endedAtMs = state.ended.find((session) => session.id === id)?.atMs ?? null;
  const others = state.sessions.filter((session) => session.id !== id);
  const status = readText(data.status);

  if (ENDING_TYPES.has(event.type) || ENDED_STATUSES.has(status?.toLowerCase() ?? "")) {
    const before = state.ended.filter((session) => session.id !== id);
    const end = { id, atMs: Math.max(endedAtMs ?? atMs, atMs) };
    return { ...state, sessions: others, ended: newest([...before, end], MAX_ENDED) };
  }
  if (endedAtMs !== null || isOutdated) return state;
  const known = state.sessions.find((session) => session.id === id);
  const session: SessionState = {
    id,
    facts: mergeFacts(known?.facts ?? NO_FACTS, readSession(data), atMs),
    atMs: Math.max(known?.atMs ?? atMs, atMs),
  };
  return { ...state, sessions: newest([...others, session], MAX_SESSIONS) };
}

function readSession(data: Record<string, unknown>): {
  [K in keyof SessionFacts]: SessionFacts[K] | null;
} {
  const metrics = isObject(data.metrics) ? data.metrics : {};
  const report = isObject(data.energy_report) ? data.energy_report : {};
  return {
    connector: readReference(data.connector),
    status: readText(data.status),
    startedAt: iso(readTime(metrics.chargingStart)),
    // Watt hours, says docs.edrv.io/docs/displaying-charging-metrics-in-real-time.
    energyWh: readNumber(metrics.energyConsumed),
    powerW: readPower(report.power),
    soc: readSoc(report.state_of_charge),
  };
}

function mergeFacts(
  known: SessionState["facts"],
  said: ReturnType<typeof readSession>,
  atMs: number,
): SessionState["facts"] {
  return {
    connector: newerOf(known.connector, said.connector, atMs),
    status: newerOf(known.status, said.status, atMs),
    startedAt: newerOf(known.startedAt, said.startedAt, atMs),
    energyWh: newerOf(known.energyWh, said.energyWh, atMs),
    powerW: newerOf(known.powerW, said.powerW, atMs),
    soc: newerOf(known.soc, said.soc, atMs),
  };
}

/** What is known, unless something said at that time or later is newer. */
function newerOf<T>(known: Timed<T> | null, said: T | null, atMs: number): Timed<T> | null {
  if (said === null || (known !== null && atMs < known[1])) return known;
  return [said, atMs];
}

/** eDRV's measures are `{value, unit}`, the value a number or a text that holds one. */
function readMeasure(value: unknown): { value: number; unit: string } | null {
  if (!isObject(value)) return null;
  const number = readNumber(value.value);
  if (number === null) return null;
  return { value: number, unit: readText(value.unit)?.toLowerCase() ?? "" };
}

function readPower(value: unknown): number | null {
  const power = readMeasure(value);
  if (power === null) return null;
  return finite(power.unit === "kw" ? Math.round(power.value * 1_000_000) / 1000 : power.value);
}

/** Percent; eDRV also sends fractions, recognisable by their lack of a unit. */
function readSoc(value: unknown): number | null {
  const soc = readMeasure(value);
  if (soc === null) return null;
  return finite(
    soc.unit === "" && soc.value <= 1 ? Math.round(soc.value * 10_000) / 100 : soc.value,
  );
}

/** JSON has no other numbers. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function readNumber(value: unknown): number | null {
  if (typeof value === "number") return finite(value);
  if (typeof value !== "string" || value.trim() === "") return null;
  return finite(Number(value));
}

function readText(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, MAX_TEXT) : null;
}

function readReference(value: unknown): string | null {
  return readId(isObject(value) ? value._id : value);
}

function readId(value: unknown): string | null {
  return typeof value === "string" && isStationId(value) ? value : null;
}

function readData(body: string): Record<string, unknown> | null {
  const webhook = parseJson(body);
  const data = isObject(webhook) ? webhook.data : null;
  return isObject(data) ? data : null;
}

/** The newest `limit`, of equal age the ones further back in the list; in the order given. */
function newest<T extends { readonly atMs: number }>(items: T[], limit: number): T[] {
  if (items.length <= limit) return items;
  const places = items.map((_, place) => place);
  places.sort((a, b) => (items[b]?.atMs ?? 0) - (items[a]?.atMs ?? 0) || b - a);
  const kept = new Set(places.slice(0, limit));
  return items.filter((_, place) => kept.has(place));
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
