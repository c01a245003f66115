import * as z from "zod";

import { eventBody, eventHead } from "./event.ts";
import { compileFilter, Filter, type Filterable, filterable, TypePattern } from "./filter.ts";
import { readMatch } from "./match.ts";
import { explainMatch } from "./match-explanation.ts";

/** A filter to try on the newest events, those of one type pattern or all. */
export const FilterTrial = z.strictObject({
  filter: Filter,
  type: TypePattern.optional(),
  limit: z.int().min(1).max(50).default(20),
});
export type FilterTrial = z.infer<typeof FilterTrial>;

/** What keeps an event from passing, in words of bounded length. */
export interface Reason {
  readonly part: "types" | "stations" | "match";
  /** Of `match`: the path of the values that were found, or the operator. */
  readonly path?: string;
  readonly message: string;
}

export interface Trial {
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly station: string;
    readonly seq: number;
    readonly occurredAt: string;
  };
  readonly matched: boolean;
  /** Of every part that lets the event not pass; empty when it matched. */
  readonly reasons: readonly Reason[];
}

const MAX_LISTED = 5;

/** What the filter makes of events, given as serializeEvent writes them. */
export function tryFilter(filter: Filter, serialized: readonly string[]): Trial[] {
  const reasonsOf = compileReasons(filter);
  return serialized.map((json) => {
    const { id, type, station, seq, occurredAt }: Trial["event"] = JSON.parse(eventHead(json));
    const reasons = reasonsOf(filterable({ type, station }, () => eventBody(json)));
    const event = { id, type, station, seq, occurredAt };
    return { event, matched: reasons.length === 0, reasons };
  });
}

function compileReasons({
  types,
  stations,
  match: query,
}: Filter): (event: Filterable) => readonly Reason[] {
  const typed = compileFilter(types === undefined ? {} : { types });
  const placed = compileFilter(stations === undefined ? {} : { stations });
  const { match } = readMatch(query ?? {});
  return (event) => {
    const reasons: Reason[] = [];
    if (!typed.wants(event)) {
      reasons.push({ part: "types", message: `wanted ${listed(types)}, found ${event.type}` });
    }
    if (!placed.wantsStation(event.station)) {
      const message = `wanted ${listed(stations)}, found ${event.station}`;
      reasons.push({ part: "stations", message });
    }
    const ofMatch = match.length === 0 ? [] : explainMatch(match, event.body());
    return [...reasons, ...ofMatch.map((reason): Reason => ({ part: "match", ...reason }))];
  };
}

function listed(wanted: readonly string[] = []): string {
  const more = wanted.length - MAX_LISTED;
  const some = wanted.slice(0, MAX_LISTED).join(" or ");
  return more > 0 ? `${some} or one of ${more} more` : some;
}
