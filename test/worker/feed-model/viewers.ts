import type { Filter } from "../../../src/domain/filter.ts";
import type { Grant } from "../../../src/domain/grant.ts";
import type { Accepted } from "./fleet.ts";

type Sees = (event: Pick<Accepted, "station" | "type" | "n">) => boolean;

/** A filter, and in plain words what it lets through. */
export const FILTERS: readonly { readonly filter: Filter; readonly wants: Sees }[] = [
  { filter: {}, wants: () => true },
  { filter: { types: ["session.*"] }, wants: ({ type }) => type.startsWith("session.") },
  { filter: { types: ["*.online"] }, wants: ({ type }) => type.endsWith(".online") },
  { filter: { stations: ["a", "b"] }, wants: ({ station }) => station === "a" || station === "b" },
  { filter: { match: { "data.n": { $gt: 50 } } }, wants: ({ n }) => n > 50 },
  {
    filter: { types: ["session.*", "never.heard.of"], stations: ["c", "d"] },
    wants: ({ station, type }) =>
      (station === "c" || station === "d") &&
      (type.startsWith("session.") || type === "never.heard.of"),
  },
  { filter: { types: ["of.nothing"] }, wants: () => false },
];

/** What a token lets through, likewise. */
export const GRANTS: readonly { readonly grant: Grant; readonly allows: Sees }[] = [
  { grant: { view: "events", scopes: [] }, allows: () => true },
  {
    grant: { view: "events", scopes: [{ stations: ["a", "c"] }] },
    allows: ({ station }) => station === "a" || station === "c",
  },
  {
    grant: { view: "events", scopes: [{ types: ["session.*"] }] },
    allows: ({ type }) => type.startsWith("session."),
  },
];

export const MAP_GRANTS: typeof GRANTS = [
  { grant: { view: "state", scopes: [] }, allows: () => true },
  {
    grant: { view: "state", scopes: [{ stations: ["b", "d"] }] },
    allows: ({ station }) => station === "b" || station === "d",
  },
];

/** What somebody asks for and may see. */
export interface Sight {
  readonly filter: (typeof FILTERS)[number];
  readonly grant: (typeof GRANTS)[number];
}

export const wants = ({ filter, grant }: Sight, event: Accepted) =>
  filter.wants(event) && grant.allows(event);

const inScope = (stations: readonly string[] | undefined, station: string) =>
  stations === undefined || stations.includes(station);

/** Snapshots heed stations alone. */
export const wantsStation = ({ filter, grant }: Sight, station: string) =>
  inScope(filter.filter.stations, station) &&
  grant.grant.scopes.every(({ stations }) => inScope(stations, station));

export const showsSessions = ({ grant }: Sight) =>
  grant.grant.scopes.every(({ types }) => types === undefined || types.includes("session.*"));
