import { isActionType } from "./catalogue.ts";
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
  /** Set while the newest word is that the station is gone; it is then in no list or snapshot. */
  readonly deletedAtMs: number | null;
}

export interface ConnectorState {
  readonly id: string;
  readonly status: string | null;
  readonly atMs: number;
}

export interface SessionState {
  readonly id: string;
  readonly connector: string | null;
  readonly status: string | null;
  readonly startedAt: string | null;
  readonly energyWh: number | null;
  readonly powerW: number | null;
  /** State of charge in percent. */
  readonly soc: number | null;
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
};

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
  if (event.type === "chargestation.deleted") return foldDeletion(state, atMs);
  const revived = before.deletedAtMs !== null && atMs >= before.deletedAtMs;
  const current = revived ? { ...state, deletedAtMs: null } : state;
  if (before.deletedAtMs !== null && atMs < before.deletedAtMs) return current;

  if (isActionType(event.type)) return current;
  if (event.type.startsWith("session.")) return foldSession(current, event, readData(event.body));
  if (event.type.startsWith("chargestation.")) {
    return foldConnectors(foldOnline(current, event), atMs, readData(event.body));
  }
  return current;
}

/** A person took the station out: what is known of it is forgotten, up to now. */
export function forgetStation(state: StationState, atMs: number): StationState {
  return foldDeletion(state, Math.max(atMs, state.lastEventAtMs ?? atMs));
}

/** The state as the API and the streams show it (docs/protocol.md), as JSON text. */
export function serializeState(station: string, seq: number, state: StationState): string {
  return JSON.stringify({
    station,
    seq,
    online: state.online,
    onlineAt: iso(state.onlineAtMs),
    connectors: state.connectors.map(({ id, status, atMs }) => ({ id, status, at: iso(atMs) })),
    sessions: state.sessions.map(({ atMs, ...session }) => ({ ...session, at: iso(atMs) })),
    lastEventAt: iso(state.lastEventAtMs),
  });
}

function foldDeletion(state: StationState, atMs: number): StationState {
  if (state.deletedAtMs !== null && atMs < state.deletedAtMs) return state;
  const newer = <T extends { readonly atMs: number }>(facets: readonly T[]) =>
    facets.filter((facet) => facet.atMs > atMs);
  const onlineIsNewer = state.onlineAtMs !== null && state.onlineAtMs > atMs;
  // A deletion that comes late does not take away what has happened since.
  const stillThere = state.lastEventAtMs !== null && state.lastEventAtMs > atMs;
  return {
    ...state,
    online: onlineIsNewer ? state.online : null,
    onlineAtMs: onlineIsNewer ? state.onlineAtMs : null,
    connectors: newer(state.connectors),
    sessions: newer(state.sessions),
    deletedAtMs: stillThere ? state.deletedAtMs : atMs,
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
    if (known !== undefined && atMs < known.atMs) continue;
    connectors.set(id, { id, status: readText(item.status) ?? known?.status ?? null, atMs });
  }
  return { ...state, connectors: newest([...connectors.values()], MAX_CONNECTORS) };
}

function foldSession(
  state: StationState,
  event: FoldableEvent,
  data: Record<string, unknown> | null,
): StationState {
  const id = readId(data?._id);
  if (data === null || id === null) return state;
  if (state.ended.some((session) => session.id === id)) return state;
  const atMs = event.occurredAtMs;
  const others = state.sessions.filter((session) => session.id !== id);
  const status = readText(data.status);

  if (ENDING_TYPES.has(event.type) || ENDED_STATUSES.has(status?.toLowerCase() ?? "")) {
    const ended = newest([...state.ended, { id, atMs }], MAX_ENDED);
    return { ...state, sessions: others, ended };
  }
  const known = state.sessions.find((session) => session.id === id);
  if (known !== undefined && atMs < known.atMs) return state;
  const session = readSession(id, status, atMs, data, known);
  return { ...state, sessions: newest([...others, session], MAX_SESSIONS) };
}

function readSession(
  id: string,
  status: string | null,
  atMs: number,
  data: Record<string, unknown>,
  known: SessionState | undefined,
): SessionState {
  const metrics = isObject(data.metrics) ? data.metrics : {};
  const report = isObject(data.energy_report) ? data.energy_report : {};
  const started = readTime(metrics.chargingStart);
  return {
    id,
    connector: readReference(data.connector) ?? known?.connector ?? null,
    status: status ?? known?.status ?? null,
    startedAt: iso(started) ?? known?.startedAt ?? null,
    // Watt hours, says docs.edrv.io/docs/displaying-charging-metrics-in-real-time.
    energyWh: readNumber(metrics.energyConsumed) ?? known?.energyWh ?? null,
    powerW: readPower(report.power) ?? known?.powerW ?? null,
    soc: readSoc(report.state_of_charge) ?? known?.soc ?? null,
    atMs,
  };
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
  return power.unit === "kw" ? Math.round(power.value * 1_000_000) / 1000 : power.value;
}

/** Percent; eDRV also sends fractions, recognisable by their lack of a unit. */
function readSoc(value: unknown): number | null {
  const soc = readMeasure(value);
  if (soc === null) return null;
  return soc.unit === "" && soc.value <= 1 ? Math.round(soc.value * 10_000) / 100 : soc.value;
}

function readNumber(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || value.trim() === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
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

/** The newest `limit`, in the order given. */
function newest<T extends { readonly atMs: number }>(items: T[], limit: number): T[] {
  if (items.length <= limit) return items;
  const cut = items.map(({ atMs }) => atMs).sort((a, b) => b - a)[limit - 1] ?? 0;
  const kept = items.filter(({ atMs }) => atMs >= cut);
  return kept.slice(kept.length - limit);
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
