import type { RelayedEvent, StationState } from "../../client/client.ts";
import {
  EMPTY_STATE,
  type StationState as FoldedState,
  foldEvent,
  serializeState,
} from "../../src/domain/state.ts";

export type { FoldedState };
export const EMPTY_FOLDED: FoldedState = EMPTY_STATE;

/**
 * What the relay folds its states from, out of what it shows of one. Times within a session are
 * not shown, so all have the session's: right for events that are not late, which are newer than all.
 */
export function unfold(view: StationState): FoldedState {
  const ms = (time: string) => Date.parse(time);
  const msOrNull = (time: string | null) => (time === null ? null : ms(time));
  return {
    ...EMPTY_STATE,
    online: view.online,
    onlineAtMs: msOrNull(view.onlineAt),
    lastEventAtMs: msOrNull(view.lastEventAt),
    connectors: view.connectors.map(({ id, status, at }) => ({
      id,
      status: status === null ? null : [status, ms(at)],
      atMs: ms(at),
    })),
    sessions: (view.sessions ?? []).map(({ id, at, ...said }) => {
      const timed = <T>(value: T | null): readonly [T, number] | null =>
        value === null ? null : [value, ms(at)];
      const facts = {
        connector: timed(said.connector),
        status: timed(said.status),
        startedAt: timed(said.startedAt),
        energyWh: timed(said.energyWh),
        powerW: timed(said.powerW),
        soc: timed(said.soc),
      };
      return { id, facts, atMs: ms(at) };
    }),
  };
}

/**
 * The same of a station of which something was known before. The relay does not show which sessions
 * have ended, so it is gathered: from what was known, and from sessions of events that it has heard of
 * and does not list.
 */
export function refold(
  view: StationState,
  known: FoldedState,
  heard: readonly RelayedEvent[],
): FoldedState {
  const folded = unfold(view);
  const runs = new Set(folded.sessions.map(({ id }) => id));
  const ended = new Map(known.ended.map((session) => [session.id, session]));
  for (const event of heard) {
    const id = event.seq <= view.seq ? sessionOf(event) : null;
    if (id !== null) ended.set(id, { id, atMs: Date.parse(event.occurredAt) });
  }
  const { deletedAtMs } = known;
  return { ...folded, deletedAtMs, ended: [...ended.values()].filter(({ id }) => !runs.has(id)) };
}

/** The session that an event of the family `session.*` is about. */
export function sessionOf({ type, body }: Pick<RelayedEvent, "type" | "body">): string | null {
  if (!type.startsWith("session.")) return null;
  const { data }: Readonly<Record<string, unknown>> = body;
  const id = typeof data === "object" && data !== null && "_id" in data ? data._id : null;
  return typeof id === "string" ? id : null;
}

/** The state after one more event, by the relay's own rules. */
export function foldInto(
  state: FoldedState,
  event: { readonly type: string; readonly occurredAt: string; readonly body: unknown },
): FoldedState {
  return foldEvent(state, {
    type: event.type,
    occurredAtMs: Date.parse(event.occurredAt),
    body: JSON.stringify(event.body),
  });
}

/** What the relay shows of it. */
export function viewOf(station: string, seq: number, state: FoldedState): StationState {
  return JSON.parse(serializeState(station, seq, state));
}

/** Of a session that is not known here only the relay can tell whether it had ended before. */
export function mayHaveEnded({ sessions, ended }: FoldedState, event: RelayedEvent): boolean {
  const { type } = event;
  if (!type.startsWith("session.") || type === "session.created" || type === "session.started") {
    return false;
  }
  const id = sessionOf(event);
  return id !== null && ![...sessions, ...ended].some((session) => session.id === id);
}
