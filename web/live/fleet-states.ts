import { signal } from "@preact/signals";

import type { RelayedEvent, SnapshotItem, StationState } from "../../client/client.ts";
import { ACCOUNT_STATION } from "../../src/domain/station-id.ts";
import { Asking, type AskStation } from "./asking.ts";
import {
  EMPTY_FOLDED,
  type FoldedState,
  foldInto,
  mayHaveEnded,
  refold,
  viewOf,
} from "./folding.ts";
import { energyOf, powerOf, type Standing, standingOf } from "./standing.ts";
import { Pulse } from "./throttle.ts";

/** A station as the stations page shows it: the same object for as long as nothing changes. */
export interface FleetStation {
  readonly id: string;
  readonly state: StationState;
  readonly standing: Standing;
  /** Watts of all its sessions that run. */
  readonly powerW: number;
  /** Watt hours of all its sessions that run. */
  readonly energyWh: number;
  /** When the newest event occurred; 0 when there was none. */
  readonly lastEventAtMs: number;
  /** When this page heard of it last; null since the snapshot. */
  readonly changedAtMs: number | null;
  /** The type of the last event that this page has seen. */
  readonly lastType: string | null;
}

interface Kept {
  /** What the relay said last of it; unfolded when the first event asks for it. */
  view: StationState;
  folded: FoldedState | null;
  seq: number;
  changedAtMs: number | null;
  lastType: string | null;
  /** Made when it is looked at, and kept until something changes. */
  shown: FleetStation | null;
}

const DRAW_EVERY_MS = 100;

/** All stations of the tenant, from the snapshot and folded on with every event. */
export class Fleet {
  readonly #pulse = new Pulse(DRAW_EVERY_MS);
  #stations = new Map<string, Kept>();
  /** The snapshot that is coming in; it replaces all when it is whole. */
  #incoming: Map<string, Kept> | null = null;
  /** A signal of its own: who asks for this alone is not drawn anew with every beat. */
  readonly #isKnown = signal(false);
  /** What was handed out last, until something changes. */
  #all: FleetStation[] | null = null;
  /** Stations that the relay does not list any more, as far as this page has seen them go. */
  readonly #gone = new Set<string>();
  readonly #asking: Asking;

  constructor(ask: AskStation) {
    this.#asking = new Asking(ask, (station, state, since) => this.#correct(station, state, since));
  }

  /** Grows when something has changed, a few times a second at most; reading it subscribes. */
  get beat(): number {
    return this.#pulse.beat.value;
  }

  /** False until the first snapshot is whole. */
  get isKnown(): boolean {
    return this.#isKnown.value;
  }

  get size(): number {
    void this.beat;
    return this.#stations.size;
  }

  all(): readonly FleetStation[] {
    void this.beat;
    this.#all ??= Array.from(this.#stations, ([id, kept]) => show(id, kept));
    return this.#all;
  }

  get(id: string): FleetStation | null {
    void this.beat;
    const kept = this.#stations.get(id);
    return kept === undefined ? null : show(id, kept);
  }

  takeSnapshot({ stations, first, done }: SnapshotItem): void {
    if (first || this.#incoming === null) this.#incoming = new Map();
    for (const state of stations) {
      if (state.station === ACCOUNT_STATION) continue;
      this.#incoming.set(state.station, keep(state, this.#stations.get(state.station)));
    }
    if (!done) return;
    this.#stations = this.#incoming;
    this.#incoming = null;
    this.#isKnown.value = true;
    // It is newer than every answer that is still under way, and than what was seen to go.
    this.#asking.clear();
    this.#gone.clear();
    this.#changed(true);
  }

  takeEvent(event: RelayedEvent, nowMs: number): void {
    const { station, seq, type } = event;
    // What comes late of a station that is gone does not bring it back.
    if (station === ACCOUNT_STATION || (event.late && this.#gone.has(station))) return;
    const kept = this.#stations.get(station) ?? keep(emptyView(station), undefined);
    kept.changedAtMs = nowMs;
    kept.lastType = type;
    kept.shown = null;
    this.#changed();
    // The answer to a question of ours may have been ahead of the stream.
    if (seq <= kept.seq) return;
    const before = foldedOf(kept);
    kept.folded = foldInto(before, event);
    kept.seq = seq;
    if (kept.folded.isGone) {
      this.remove(station);
      return;
    }
    this.#gone.delete(station);
    this.#stations.set(station, kept);
    this.#asking.note(event, event.late || mayHaveEnded(before, event));
  }

  /** Somebody took the station out of the relay's list: the stream of events does not tell that. */
  remove(station: string): void {
    this.#gone.add(station);
    this.#stations.delete(station);
    this.#changed(true);
  }

  clear(): void {
    this.#stations = new Map();
    this.#incoming = null;
    this.#isKnown.value = false;
    this.#gone.clear();
    this.#asking.clear();
    this.#changed(true);
  }

  #changed(isUrgent = false): void {
    this.#all = null;
    if (isUrgent) this.#pulse.now();
    else this.#pulse.touch();
  }

  /** The relay's word, and what has come since; null: it knows no such station. */
  #correct(station: string, state: StationState | null, since: readonly RelayedEvent[]): void {
    const kept = this.#stations.get(station);
    if (kept === undefined) return;
    if (state === null) this.remove(station);
    else {
      const base = refold(state, foldedOf(kept), since);
      kept.folded = since.filter(({ seq }) => seq > state.seq).reduce(foldInto, base);
      kept.seq = Math.max(kept.seq, state.seq);
    }
    kept.shown = null;
    this.#changed();
  }
}

/** Of a snapshot; what the page knew already of a station that has not moved is not lost by it. */
function keep(view: StationState, known: Kept | undefined): Kept {
  const { seq } = view;
  const isSame = known !== undefined && known.seq === seq;
  return {
    view,
    folded: known?.folded ? refold(view, known.folded, []) : null,
    seq,
    changedAtMs: isSame ? known.changedAtMs : null,
    lastType: isSame ? known.lastType : null,
    shown: null,
  };
}

function emptyView(station: string): StationState {
  const nothing = { online: null, onlineAt: null, connectors: [], sessions: [], lastEventAt: null };
  return { station, seq: 0, ...nothing };
}

function foldedOf(kept: Kept): FoldedState {
  kept.folded ??= refold(kept.view, EMPTY_FOLDED, []);
  return kept.folded;
}

function show(id: string, kept: Kept): FleetStation {
  if (kept.shown !== null) return kept.shown;
  const { seq, folded, view, changedAtMs, lastType } = kept;
  const state = folded === null ? view : viewOf(id, seq, folded);
  kept.shown = {
    id,
    state,
    standing: standingOf(state),
    powerW: powerOf(state),
    energyWh: energyOf(state),
    lastEventAtMs: state.lastEventAt === null ? 0 : Date.parse(state.lastEventAt),
    changedAtMs,
    lastType,
  };
  return kept.shown;
}
