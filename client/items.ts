import type { RelayedEvent } from "../src/domain/webhook-types.ts";
import type { Place } from "./place.ts";
import type { ContentFrame } from "./server-frames.ts";

/** What a station is doing, folded from its events. */
export interface StationState {
  readonly station: string;
  /** The station is gone, and the rest says nothing. Only with the view `state`. */
  readonly removed?: true;
  /** The seq up to which the state is folded. */
  readonly seq: number;
  /** Null until the station has said either. */
  readonly online: boolean | null;
  readonly onlineAt: string | null;
  readonly connectors: readonly ConnectorState[];
  /** Sessions that have not ended. Absent when the token lets only availability be seen. */
  readonly sessions?: readonly SessionState[];
  readonly lastEventAt: string | null;
}

export interface ConnectorState {
  readonly id: string;
  readonly status: string | null;
  readonly at: string;
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
  readonly at: string;
}

/** One event. Per station they come in the order of `seq`, each once. */
export interface EventItem {
  readonly op: "event";
  readonly event: RelayedEvent;
}

/**
 * A page of the present states. With `first` begins a snapshot that replaces all that was known;
 * after the page that is `done` events continue it exactly. A snapshot that was broken off by the
 * network begins anew, with a `first` page.
 */
export interface SnapshotItem {
  readonly op: "snapshot";
  readonly stations: readonly StationState[];
  readonly first: boolean;
  readonly done: boolean;
}

/** Stations whose state has changed: what comes in place of events when the token's view is `state`. */
export interface StateItem {
  readonly op: "state";
  readonly stations: readonly StationState[];
}

/**
 * Events are missing here, and a snapshot follows. `retention`: they are no longer kept; `epoch`:
 * the cursor is not of this stream; `slow`: they were taken too slowly. There may be more reasons.
 */
export interface GapItem {
  readonly op: "gap";
  readonly reason: string;
}

/** What a subscription brings, told apart by `op`. */
export type Item = EventItem | SnapshotItem | StateItem | GapItem;

/** What a frame brings to a stream that stood at `before`. */
export function itemsOf(frame: ContentFrame, before: Place): Item[] {
  switch (frame.op) {
    case "events":
      return frame.events.map((event) => ({ op: "event", event }));
    case "state":
      return [{ op: "state", stations: frame.stations }];
    case "gap":
      return [{ op: "gap", reason: frame.reason }];
    case "snapshot": {
      const { stations, done } = frame;
      return [{ op: "snapshot", stations, first: before.snapshot !== "partial", done }];
    }
  }
}
