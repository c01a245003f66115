import type { Filter } from "./options.ts";

/** Longer queries are refused by what lies between some browsers and their servers. */
export const MAX_QUERY_CHARS = 4 * 1024;

/** A type that no event has: it lets nothing pass until the filter has been told in band. */
const NO_TYPE = "none";

export interface StreamUrl {
  readonly url: string;
  /** False when the filter is too long for the query, and `subscribe` has to follow. */
  readonly carriesFilter: boolean;
}

/** The address of a stream, for any of the schemes that name a relay. */
export function streamUrl(
  relayUrl: string,
  station: string | undefined,
  filter: Filter,
  from: string,
): StreamUrl {
  const base = relayUrl.replace(/^http/, "ws").replace(/\/*$/, "/");
  const path =
    station === undefined ? "v1/stream" : `v1/stations/${encodeURIComponent(station)}/stream`;
  const url = new URL(path, base);
  const query = queryOf(filter);
  query.set("from", from);
  const carriesFilter = query.toString().length <= MAX_QUERY_CHARS;
  url.search = (carriesFilter ? query : new URLSearchParams({ types: NO_TYPE })).toString();
  return { url: url.href, carriesFilter };
}

function queryOf({ types, stations, match }: Filter): URLSearchParams {
  return new URLSearchParams({
    ...(types !== undefined && { types: types.join() }),
    ...(stations !== undefined && { stations: stations.join() }),
    ...(match !== undefined && { match: JSON.stringify(match) }),
  });
}
