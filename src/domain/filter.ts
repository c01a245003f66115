import * as z from "zod";

import { toUtf8 } from "./encoding.ts";
import { MATCH_OPERATORS, readMatch } from "./match.ts";
import { compileMatch, type Predicate } from "./match-evaluation.ts";
import { matchKey } from "./match-key.ts";
import { isStationName } from "./station-id.ts";
import { parseJson } from "./webhook.ts";

/** Bounds of one filter, stored or sent by a subscriber. */
export const MAX_FILTER_BYTES = 16 * 1024;
export const MAX_FILTER_STATIONS = 1000;
const MAX_FILTER_TYPES = 200;

export const TypePattern = z
  .string()
  .max(128)
  .refine(isTypePattern, "expected dotted segments, each a name or a lone *")
  .describe("A type; a segment `*` stands for one or more segments, as in `session.*`.");

function scopeFields() {
  return {
    types: z
      .array(TypePattern)
      .min(1)
      .max(MAX_FILTER_TYPES)
      .optional()
      .describe("Of any of these."),
    stations: z
      .array(z.string().refine(isStationName, "expected a station id"))
      .min(1)
      .max(MAX_FILTER_STATIONS)
      .optional()
      .describe("Of any of these; `_account` is what concerns no single station."),
  };
}

function isSmall(filter: unknown): boolean {
  return toUtf8(JSON.stringify(filter)).length <= MAX_FILTER_BYTES;
}

/** Mongo query syntax over the webhook's body; see match.ts. Kept as it was given. */
const MatchQuery = z
  .custom<Readonly<Record<string, unknown>>>()
  .superRefine((query, ctx) => {
    for (const { path, message } of readMatch(query).issues) {
      // What is wrong here may also be too deep to be looked at any further.
      ctx.addIssue({ code: "custom", path: path === "" ? [] : [path], message, continue: false });
    }
  })
  .meta({
    type: "object",
    description: `A query over the webhook's body, as MongoDB has it, of ${MATCH_OPERATORS.join(" ")}.`,
  });

/**
 * Which events pass: those of one of the `types`, of one of the `stations`, and whose body
 * matches. A part left out lets everything pass. In `types` a `*` segment stands for one or
 * more segments.
 */
export const Filter = z
  .strictObject({ ...scopeFields(), match: MatchQuery.optional() })
  .refine(isSmall, { message: `a filter takes at most ${MAX_FILTER_BYTES} bytes` });
export type Filter = z.infer<typeof Filter>;

/** The parts of a filter that do not look into bodies: what a token may be limited to. */
export const FilterScope = z
  .strictObject(scopeFields())
  .refine(isSmall, { message: `types and stations take at most ${MAX_FILTER_BYTES} bytes` });
export type FilterScope = z.infer<typeof FilterScope>;

/** What a filter looks at. One for all the filters that look at an event. */
export interface Filterable {
  readonly type: string;
  readonly station: string;
  /** The parsed body. Parsed when it is first asked for, which only a filter with a `match` does. */
  readonly body: () => unknown;
}

export function filterable(
  { type, station }: { readonly type: string; readonly station: string },
  bodyText: () => string,
): Filterable {
  let parsed: { readonly body: unknown } | null = null;
  return {
    type,
    station,
    body: () => {
      parsed ??= { body: parseJson(bodyText()) };
      return parsed.body;
    },
  };
}

export interface CompiledFilter {
  /** The stations that it names; null when it names none, and all pass. */
  readonly stations: ReadonlySet<string> | null;
  readonly wants: (event: Filterable) => boolean;
  readonly wantsStation: (station: string) => boolean;
  readonly wantsType: (type: string) => boolean;
}

/** Distinct types are few and patterns many, so what a pattern list says of a type is kept. */
const MAX_REMEMBERED_TYPES = 1000;

export function compileFilter({ types, stations, match }: Filter): CompiledFilter {
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
  const matches = match === undefined ? null : compileQuery(match);
  const wants = (event: Filterable): boolean =>
    wantsStation(event.station) &&
    wantsType(event.type) &&
    (matches === null || matches(event.body()));
  return { stations: stationSet, wants, wantsStation, wantsType };
}

/** Null for a match that lets every body pass, which need not be looked at then. */
function compileQuery(query: unknown): Predicate | null {
  const { match, issues } = readMatch(query);
  // No filter with issues is ever stored; should one be, it lets nothing pass rather than too much.
  if (issues.length > 0) return () => false;
  return match.length === 0 ? null : compileMatch(match);
}

/** The same text for filters that mean the same, so that subscribers can share the work: itself a filter. */
export function filterKey({ types, stations, match }: Filter): string {
  const key = matchKey(readMatch(match ?? {}).match);
  const parts = [
    ...(types === undefined ? [] : [`"types":${JSON.stringify([...new Set(types)].sort())}`]),
    ...(stations === undefined
      ? []
      : [`"stations":${JSON.stringify([...new Set(stations)].sort())}`]),
    ...(key === "{}" ? [] : [`"match":${key}`]),
  ];
  return `{${parts.join()}}`;
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
