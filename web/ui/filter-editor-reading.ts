import "./filter-editor-jitless.ts";

import { Filter } from "../../src/domain/filter.ts";

/** A filter as a person writes it; any of it may be wrong for the time being. */
export interface FilterParts {
  readonly types: readonly string[];
  readonly stations: readonly string[];
  /** JSON; blank for no match. */
  readonly matchText: string;
}

/** What is wrong with which part, in words. */
export interface FilterProblems {
  readonly types: string | null;
  readonly stations: string | null;
  readonly match: string | null;
}

export interface ReadParts {
  /** Null when there are problems. */
  readonly filter: Filter | null;
  readonly problems: FilterProblems;
}

const NONE: FilterProblems = { types: null, stations: null, match: null };

export function partsOf({ types = [], stations = [], match }: Filter): FilterParts {
  return { types, stations, matchText: match === undefined ? "" : matchTextOf(match) };
}

/** On one line while it is short. */
function matchTextOf(match: unknown): string {
  const text = JSON.stringify(match);
  return text.length <= 60 ? text : JSON.stringify(match, null, 2);
}

/** By the same rules as the relay reads filters. */
export function readParts({ types, stations, matchText }: FilterParts): ReadParts {
  const parsed = parseMatch(matchText);
  if ("problem" in parsed) {
    // What is wrong with the other parts is to be seen all the same.
    const others = readParts({ types, stations, matchText: "" });
    return { filter: null, problems: { ...others.problems, match: parsed.problem } };
  }
  const read = Filter.safeParse({
    ...(types.length > 0 && { types }),
    ...(stations.length > 0 && { stations }),
    ...(parsed.match !== undefined && { match: parsed.match }),
  });
  if (read.success) return { filter: read.data, problems: NONE };
  const problems = { ...NONE };
  for (const { path, message } of read.error.issues) {
    const [part, ...where] = path;
    if (part === "types" || part === "stations") {
      const token = { types, stations }[part][Number(where[0])];
      problems[part] ??= token === undefined ? message : `“${token}”: ${message}`;
    } else {
      problems.match ??= where.length === 0 ? message : `At ${where.join(".")}: ${message}`;
    }
  }
  return { filter: null, problems };
}

/** A filter that came as text, such as from an address; null when it is none. */
export function parseFilter(text: string): Filter | null {
  try {
    return Filter.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** Whether it lets everything pass because it asks for nothing. */
export function isEmptyFilter({ types, stations, match }: Filter): boolean {
  return (
    types === undefined &&
    stations === undefined &&
    (match === undefined || Object.keys(match).length === 0)
  );
}

/** In one line, for where a filter is named and not edited. */
export function describeFilter(filter: Filter): string {
  if (isEmptyFilter(filter)) return "everything";
  const { types, stations, match } = filter;
  const parts = [
    types?.join(" or "),
    stations !== undefined &&
      `of ${stations.length === 1 ? stations[0] : `${stations.length} stations`}`,
    match !== undefined && `with ${JSON.stringify(match)}`,
  ];
  return parts.filter((part) => typeof part === "string").join(" ");
}

function parseMatch(text: string): { readonly match: unknown } | { readonly problem: string } {
  if (text.trim() === "") return { match: undefined };
  try {
    return { match: JSON.parse(text) };
  } catch (error) {
    return {
      problem: `This is not JSON: ${error instanceof Error ? error.message : "unreadable"}`,
    };
  }
}
