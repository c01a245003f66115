/**
 * Station states as texts, for those who may not see all of them. What they are made of is
 * named here field by field, so that nothing else can reach anybody.
 */

/** As {@link serializeState} of state.ts writes it. */
interface SerializedState {
  readonly station: string;
  readonly seq: number;
  readonly online: boolean | null;
  readonly onlineAt: string | null;
  readonly connectors: readonly {
    readonly id: string;
    readonly status: string | null;
    readonly at: string;
  }[];
  readonly lastEventAt: string | null;
}

/**
 * The connector statuses of OCPP 1.6 and 2.0.1. eDRV's bodies could hold any text there, and
 * what is public must not depend on what a station writes into it.
 */
const PUBLIC_STATUSES: ReadonlySet<string> = new Set([
  "Available",
  "Occupied",
  "Preparing",
  "Charging",
  "SuspendedEVSE",
  "SuspendedEV",
  "Finishing",
  "Reserved",
  "Unavailable",
  "Faulted",
]);

/** Availability alone. A status that is not OCPP's reads as null. */
export function availabilityOf(state: string): string {
  const { station, seq, online, onlineAt, connectors, lastEventAt } = read(state);
  return JSON.stringify({
    station,
    seq,
    online,
    onlineAt,
    connectors: connectors.map(({ id, status, at }) => ({
      id,
      status: status !== null && PUBLIC_STATUSES.has(status) ? status : null,
      at,
    })),
    lastEventAt,
  });
}

/** In place of the availability of a station that is gone. */
export function removedStation(station: string): string {
  return JSON.stringify({
    station,
    removed: true,
    seq: 0,
    online: null,
    onlineAt: null,
    connectors: [],
    lastEventAt: null,
  });
}

/** For those who may see no sessions: as if there were none. */
export function withoutSessions(state: string): string {
  const { station, seq, online, onlineAt, connectors, lastEventAt } = read(state);
  return JSON.stringify({
    station,
    seq,
    online,
    onlineAt,
    connectors,
    sessions: [],
    lastEventAt,
  });
}

/** The seq up to which a state is folded. */
export function seqOfState(state: string): number {
  // Both come first, and no station id holds a quotation mark.
  const [, seq] = /^\{"station":"[^"]*","seq":(\d+)/.exec(state) ?? [];
  return Number(seq ?? 0);
}

function read(state: string): SerializedState {
  // Our own text, kept by the feed as the station wrote it.
  const parsed: SerializedState = JSON.parse(state);
  return parsed;
}
