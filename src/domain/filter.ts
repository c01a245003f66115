import * as z from "zod";

import { isStationName } from "./station-id.ts";

/** Bounds of one filter, stored or sent by a subscriber. */
export const MAX_FILTER_BYTES = 16 * 1024;
export const MAX_FILTER_STATIONS = 1000;
const MAX_FILTER_TYPES = 200;

const TypePattern = z
  .string()
  .max(128)
  .refine(isTypePattern, "expected dotted segments, each a name or a lone *");

/**
 * Which events pass: those of one of the `types` and of one of the `stations`. A part left out
 * lets everything pass. In `types` a `*` segment stands for one or more segments.
 */
export const Filter = z
  .strictObject({
    types: z.array(TypePattern).min(1).max(MAX_FILTER_TYPES).optional(),
    stations: z
      .array(z.string().refine(isStationName, "expected a station id"))
      .min(1)
      .max(MAX_FILTER_STATIONS)
      .optional(),
  })
  .refine((filter) => JSON.stringify(filter).length <= MAX_FILTER_BYTES, {
    message: `a filter takes at most ${MAX_FILTER_BYTES} bytes`,
  });
export type Filter = z.infer<typeof Filter>;

/** What a filter looks at. */
export interface Filterable {
  readonly type: string;
  readonly station: string;
}

export interface CompiledFilter {
  readonly wants: (event: Filterable) => boolean;
  readonly wantsStation: (station: string) => boolean;
}

/** Distinct types are few and patterns many, so what a pattern list says of a type is kept. */
const MAX_REMEMBERED_TYPES = 1000;

export function compileFilter({ types, stations }: Filter): CompiledFilter {
  const patterns = types?.map((pattern) => pattern.split("."));
  const remembered = new Map<string, boolean>();
  const stationSet = stations === undefined ? null : new Set(stations);

  const wantsType = (type: string): boolean => {
    if (patterns === undefined) return true;
    const known = remembered.get(type);
    if (known !== undefined) return known;
    const segments = type.split(".");
    const wanted = patterns.some((pattern) => matchSegments(pattern, segments));
    if (remembered.size < MAX_REMEMBERED_TYPES) remembered.set(type, wanted);
    return wanted;
  };
  const wantsStation = (station: string) => stationSet === null || stationSet.has(station);
  return { wants: (event) => wantsStation(event.station) && wantsType(event.type), wantsStation };
}

/** The same text for filters that mean the same, so that subscribers can share the work. */
export function filterKey({ types, stations }: Filter): string {
  return JSON.stringify({
    ...(types === undefined ? {} : { types: [...new Set(types)].sort() }),
    ...(stations === undefined ? {} : { stations: [...new Set(stations)].sort() }),
  });
}

function isTypePattern(text: string): boolean {
  if (!/^[\x21-\x7e]+$/.test(text)) return false;
  return text.split(".").every((segment) => segment === "*" || /^[^*]+$/.test(segment));
}

/** Row by row over the pattern: its time is bounded by pattern × type, stars or not. */
function matchSegments(pattern: readonly string[], segments: readonly string[]): boolean {
  // reached[i]: the pattern so far can end right after the first i segments.
  let reached = segments.map(() => false);
  reached = [true, ...reached];
  for (const part of pattern) {
    const next = reached.map(() => false);
    for (let end = 1; end <= segments.length; end += 1) {
      const before = reached[end - 1] === true;
      next[end] =
        part === "*" ? before || next[end - 1] === true : before && part === segments[end - 1];
    }
    reached = next;
  }
  return reached[segments.length] === true;
}
