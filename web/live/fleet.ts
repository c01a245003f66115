import type { RelayedEvent, SnapshotItem, StationState } from "../../client/client.ts";
import { ACCOUNT_STATION } from "../../src/domain/station-id.ts";
import { relay } from "../api/relay.ts";
import { EMPTY_FOLDED, type FoldedState, foldInto, unfold, viewOf } from "./folding.ts";
import { Pulse } from "./throttle.ts";

/** A station as the stations page shows it. */
export interface FleetStation {
  readonly id: string;
  readonly state: StationState;
  /** When this page heard of it last; null since the snapshot. */
  readonly changedAtMs: number | null;
  /** The type of the last event that this page has seen. */
  readonly lastType: string | null;
}

interface Kept {
  folded: FoldedState;
  seq: number;
  changedAtMs: number | null;
  lastType: string | null;
  /** Made when it is looked at, and kept until something changes. */
  shown: FleetStation | null;
}

const DRAW_EVERY_MS = 100;

/** All stations of the tenant, from the snapshot and folded on with every event. */
class Fleet {
  readonly #pulse = new Pulse(DRAW_EVERY_MS);
  #stations = new Map<string, Kept>();
  /** The snapshot that is coming in; it replaces all when it is whole. */
  #incoming: Map<string, Kept> | null = null;
  #isKnown = false;
  readonly #asked = new Set<string>();

  /** Grows when something has changed, a few times a second at most; reading it subscribes. */
  get beat(): number {
    return this.#pulse.beat.value;
  }

  /** False until the first snapshot is whole. */
  get isKnown(): boolean {
    void this.beat;
    return this.#isKnown;
  }

  get size(): number {
    void this.beat;
    return this.#stations.size;
  }

  all(): FleetStation[] {
    void this.beat;
    return [...this.#stations].map(([id, kept]) => show(id, kept));
  }

  get(id: string): FleetStation | null {
    void this.beat;
    const kept = this.#stations.get(id);
    return kept === undefined ? null : show(id, kept);
  }

  takeSnapshot({ stations, first, done }: SnapshotItem): void {
    if (first) this.#incoming = new Map();
    const incoming = this.#incoming ?? new Map<string, Kept>();
    for (const state of stations) {
      if (state.station !== ACCOUNT_STATION) incoming.set(state.station, keep(state));
    }
    if (!done) return;
    this.#stations = incoming;
    this.#incoming = null;
    this.#isKnown = true;
    this.#pulse.now();
  }

  takeEvent(event: RelayedEvent, nowMs: number): void {
    const { station, seq, type } = event;
    if (station === ACCOUNT_STATION) return;
    const kept = this.#stations.get(station) ?? {
      folded: EMPTY_FOLDED,
      seq: 0,
      changedAtMs: null,
      lastType: null,
      shown: null,
    };
    const isNewSession =
      type.startsWith("session.") && type !== "session.started" && !knowsSession(kept, event.body);
    kept.folded = foldInto(kept.folded, event);
    Object.assign(kept, { seq, changedAtMs: nowMs, lastType: type, shown: null });
    if (kept.folded.isGone) this.#stations.delete(station);
    else this.#stations.set(station, kept);
    // What a late event or one of a session not seen here does, the relay alone knows.
    if (event.late || isNewSession) void this.#ask(station);
    this.#pulse.touch();
  }

  clear(): void {
    this.#stations = new Map();
    this.#incoming = null;
    this.#isKnown = false;
    this.#pulse.now();
  }

  /** Has the relay say how the station is; what has come meanwhile is newer than a slow answer. */
  async #ask(station: string): Promise<void> {
    if (this.#asked.has(station)) return;
    this.#asked.add(station);
    try {
      const state = await relay.get<StationState>(`/v1/stations/${encodeURIComponent(station)}`);
      const kept = this.#stations.get(station);
      if (kept === undefined || state.seq < kept.seq) return;
      Object.assign(kept, { folded: unfold(state), seq: state.seq, shown: null });
      this.#pulse.touch();
    } catch {
      // It is gone, or the relay is: the stream tells of both.
    } finally {
      this.#asked.delete(station);
    }
  }
}

export const fleet = new Fleet();

function keep(state: StationState): Kept {
  return { folded: unfold(state), seq: state.seq, changedAtMs: null, lastType: null, shown: null };
}

function show(id: string, kept: Kept): FleetStation {
  const { seq, folded, changedAtMs, lastType } = kept;
  kept.shown ??= { id, state: viewOf(id, seq, folded), changedAtMs, lastType };
  return kept.shown;
}

function knowsSession({ folded }: Kept, body: Readonly<Record<string, unknown>>): boolean {
  const { data } = body;
  const id = typeof data === "object" && data !== null && "_id" in data ? data._id : null;
  return folded.sessions.some((session) => session.id === id);
}
