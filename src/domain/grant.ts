import * as z from "zod";

import {
  type CompiledFilter,
  compileFilter,
  type Filter,
  FilterScope,
  filterKey,
} from "./filter.ts";
import { SESSION_TYPES } from "./state.ts";
import { ACCOUNT_STATION } from "./station-id.ts";

/**
 * What a subscriber gets: `events`, with bodies and whole states; or `state`, availability
 * alone, for public maps.
 */
export const VIEWS = ["events", "state"] as const;
export type View = (typeof VIEWS)[number];

/** What a subscriber may see, whatever it asks for. An API key may see everything. */
export const Grant = z.object({
  view: z.enum(VIEWS),
  /** Every one of these has to let an event through: those of a ticket, and of the token it came from. */
  scopes: z.array(FilterScope).max(2),
});
export type Grant = z.infer<typeof Grant>;

export const FULL_GRANT: Grant = { view: "events", scopes: [] };

/** A grant within another: never more than that one. */
export function narrowGrant(grant: Grant, { view, scopes }: Grant): Grant {
  return {
    view: grant.view === "state" ? "state" : view,
    scopes: [...grant.scopes, ...scopes.filter((scope) => Object.keys(scope).length > 0)],
  };
}

/** The same text for grants and filters that let the same through. */
export function visibilityKey({ view, scopes }: Grant, filter: Filter): string {
  return [view, ...scopes.map((scope) => filterKey(scope)), filterKey(filter)].join();
}

/** What of a stream reaches a subscriber: what its grant allows of what its filter asks for. */
export interface Visibility extends CompiledFilter {
  readonly view: View;
  /** Whether states come with their sessions, which are told of by events of these types. */
  readonly showsSessions: boolean;
}

export function compileVisibility({ view, scopes }: Grant, filter: Filter): Visibility {
  const parts = [...scopes, filter].map((part) => compileFilter(part));
  const granted = scopes.map((scope) => compileFilter(scope));
  // The lane that belongs to no station has no availability.
  const isShown = (station: string) => view === "events" || station !== ACCOUNT_STATION;
  return {
    view,
    // The first part that names any: no station passes that is not among these.
    stations: parts.find(({ stations }) => stations !== null)?.stations ?? null,
    wants: (event) => isShown(event.station) && parts.every(({ wants }) => wants(event)),
    wantsStation: (station) =>
      isShown(station) && parts.every(({ wantsStation }) => wantsStation(station)),
    wantsType: (type) => parts.every(({ wantsType }) => wantsType(type)),
    showsSessions:
      view === "events" &&
      granted.every(({ wantsType }) => SESSION_TYPES.every((type) => wantsType(type))),
  };
}

/** Whether a grant allows a station's stream at all. */
export function allowsStation({ view, scopes }: Grant, station: string): boolean {
  return compileVisibility({ view, scopes }, {}).wantsStation(station);
}

/** Looking into bodies by a filter tells what they hold, so only those who see them may. */
export function allowsFilter({ view }: Grant, filter: Filter): boolean {
  return view === "events" || filter.match === undefined;
}
