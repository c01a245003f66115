import type { RelayedEvent } from "../../../client/client.ts";
import { compileFilter, type Filter } from "../../../src/domain/filter.ts";
import type { FeedLine } from "../../live/recent.ts";

/** Which lines a filter lets pass, by the relay's own rules. Each line is looked at once. */
export function lineMatcher(filter: Filter): (line: FeedLine) => boolean {
  const { wants } = compileFilter(filter);
  const known = new WeakMap<FeedLine, boolean>();
  return (line) => {
    // Where events are missing, nobody knows what they were.
    if (line.kind === "gap") return true;
    const remembered = known.get(line);
    if (remembered !== undefined) return remembered;
    const { type, station, body } = line.event;
    const passes = wants({ type, station, body: () => body });
    known.set(line, passes);
    return passes;
  };
}

/** What names an event among all of a tenant. */
export function placeOf({ station, seq }: Pick<RelayedEvent, "station" | "seq">): string {
  return `${station} ${seq}`;
}

export function placesOf(lines: readonly FeedLine[]): ReadonlySet<string> {
  return new Set(lines.flatMap((line) => (line.kind === "event" ? [placeOf(line.event)] : [])));
}

/**
 * Of events, newest first, those from before the lines, as lines: what is newer than any of them
 * came while the list stood still, and has its place above.
 */
export function olderLines(
  older: readonly RelayedEvent[],
  lines: readonly FeedLine[],
): readonly FeedLine[] {
  const known = placesOf(lines);
  return older
    .slice(older.findLastIndex((event) => known.has(placeOf(event))) + 1)
    .map((event, index) => ({ kind: "event", number: -index, atMs: 0, event }));
}

/**
 * Whether what was loaded as older reaches up to the lines: those that came in between may have
 * been let go of since, and a list without them would pass for whole.
 */
export function isJoined(loadedAt: number, lines: readonly FeedLine[]): boolean {
  const oldest = lines[0];
  return oldest === undefined || oldest.number <= loadedAt + 1;
}
