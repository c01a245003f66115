import type { FleetStation } from "../../live/fleet-states.ts";
import { STANDINGS, type Standing } from "../../live/standing.ts";

export const SORTS = ["station", "status", "power", "energy", "last"] as const;
export type Sort = (typeof SORTS)[number];

/** Which stations are shown, and in which order. */
export interface View {
  readonly search: string;
  readonly standing: Standing | null;
  readonly sort: Sort;
  readonly isReversed: boolean;
}

/** Reads a view out of the address; what is no view of ours is the usual one. */
export function readView(query: URLSearchParams): View {
  return {
    search: query.get("search") ?? "",
    standing: STANDINGS.find((standing) => standing === query.get("status")) ?? null,
    sort: SORTS.find((sort) => sort === query.get("sort")) ?? "station",
    isReversed: query.get("order") === "reversed",
  };
}

/** The ids of the stations that the view shows, in its order. */
export function arrange(stations: readonly FleetStation[], view: View): string[] {
  const word = view.search.trim().toLowerCase();
  const shown = stations.filter(
    (station) =>
      (view.standing === null || station.standing === view.standing) && mentions(station, word),
  );
  const direction = view.isReversed ? -1 : 1;
  const compare = COMPARE[view.sort];
  shown.sort((a, b) => direction * compare(a, b) || byId(a, b));
  return shown.map(({ id }) => id);
}

/**
 * The same while a person is about to click: nobody moves, newcomers come at the end, and only
 * stations that do not exist any more leave. The very same list when that changes nothing.
 */
export function hold(
  before: readonly string[],
  stations: readonly FleetStation[],
  view: View,
): readonly string[] {
  const exists = new Set(stations.map(({ id }) => id));
  const known = new Set(before);
  const kept = before.filter((id) => exists.has(id));
  const added = arrange(stations, view).filter((id) => !known.has(id));
  return kept.length === before.length && added.length === 0 ? before : [...kept, ...added];
}

const RANKS = new Map(STANDINGS.map((standing, rank) => [standing, rank]));
const rankOf = ({ standing }: FleetStation) => RANKS.get(standing) ?? 0;

type Compare = (a: FleetStation, b: FleetStation) => number;
const byId: Compare = (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Each in the direction that an operator asks for first. */
const COMPARE: Readonly<Record<Sort, Compare>> = {
  station: byId,
  status: (a, b) => rankOf(a) - rankOf(b),
  power: (a, b) => b.powerW - a.powerW,
  energy: (a, b) => b.energyWh - a.energyWh,
  last: (a, b) => b.lastEventAtMs - a.lastEventAtMs,
};

/** By its id, or that of a connector or a session of its own. */
function mentions({ id, state }: FleetStation, word: string): boolean {
  if (word === "") return true;
  return [{ id }, ...state.connectors, ...(state.sessions ?? [])].some((thing) =>
    thing.id.toLowerCase().includes(word),
  );
}
