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

/** Older events that are not among the lines, as lines before them; newest first, like the lines. */
export function olderLines(
  older: readonly RelayedEvent[],
  lines: readonly FeedLine[],
): readonly FeedLine[] {
  const known = new Set(
    lines.flatMap((line) => (line.kind === "event" ? [placeOf(line.event)] : [])),
  );
  return older
    .filter((event) => !known.has(placeOf(event)))
    .map((event, index) => ({ kind: "event", number: -index - 1, event }));
}
