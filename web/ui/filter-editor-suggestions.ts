import { describeEventType, EVENT_TYPES } from "../../src/domain/catalogue.ts";
import { ACCOUNT_STATION } from "../../src/domain/station-id.ts";
import type { FleetStation } from "../live/fleet.ts";
import { amount } from "./amount.ts";

/** Something to choose, and a few words about it. */
export interface Suggestion {
  readonly value: string;
  readonly note: string;
}

const MAX_SHOWN = 40;

/** Notices of the relay about itself; eDRV's own types are in the catalogue. */
const RELAY_PATTERN: Suggestion = { value: "relay.*", note: "the relay's own" };

const TYPE_SUGGESTIONS: readonly Suggestion[] = [
  ...patterns().map(([pattern, count]) => ({ value: pattern, note: `${count} types` })),
  RELAY_PATTERN,
  ...EVENT_TYPES.map((type) => ({
    value: type,
    note: describeEventType(type)?.class.replace("_", " ") ?? "",
  })),
];

/** Known types and patterns of them: those that begin so first, then those that have it inside. */
export function suggestTypes(text: string, chosen: readonly string[]): readonly Suggestion[] {
  return ranked(TYPE_SUGGESTIONS, text, chosen);
}

export function suggestStations(
  stations: readonly FleetStation[],
  text: string,
  chosen: readonly string[],
): readonly Suggestion[] {
  const known = stations.map(({ id, state }) => ({
    value: id,
    note: state.online === null ? "" : state.online ? "online" : "offline",
  }));
  return ranked([...known, { value: ACCOUNT_STATION, note: "of no single station" }], text, chosen);
}

/** How many of the known types the pattern stands for, in words. */
export function describePattern(pattern: string): string | null {
  const known = TYPE_SUGGESTIONS.find(({ value }) => value === pattern);
  if (known !== undefined) return known.note;
  return pattern.includes("*") ? null : "not in eDRV's list";
}

function ranked(
  all: readonly Suggestion[],
  text: string,
  chosen: readonly string[],
): readonly Suggestion[] {
  const wanted = text.trim().toLowerCase();
  const free = all.filter(({ value }) => !chosen.includes(value));
  const begins = free.filter(({ value }) => value.toLowerCase().startsWith(wanted));
  const holds = free.filter(({ value }) => {
    const lower = value.toLowerCase();
    return !lower.startsWith(wanted) && lower.includes(wanted);
  });
  return [...begins, ...holds].slice(0, MAX_SHOWN);
}

/** `session.*` and the like: every beginning that several types share, and every action's states. */
function patterns(): readonly (readonly [pattern: string, count: string])[] {
  const counts = new Map<string, number>();
  for (const type of EVENT_TYPES) {
    const segments = type.split(".");
    for (let end = 1; end < segments.length; end += 1) {
      const pattern = `${segments.slice(0, end).join(".")}.*`;
      counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
    }
  }
  return [...counts]
    .filter(([, count]) => count > 1)
    .sort(([a], [b]) => a.split(".").length - b.split(".").length)
    .map(([pattern, count]) => [pattern, amount(count)] as const);
}
