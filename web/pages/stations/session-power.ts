import type { RelayedEvent } from "../../../client/client.ts";
import { EMPTY_FOLDED, foldInto, sessionOf } from "../../live/folding.ts";

type Point = readonly [atMs: number, watts: number];

/** What an event says, by the relay's own reading; an event never changes. */
const readings = new WeakMap<RelayedEvent, Point | null>();

/** The power of each session as the events tell it, by when they occurred; the newest session last. */
export function powerBySession(
  events: readonly RelayedEvent[],
): ReadonlyMap<string, readonly Point[]> {
  const points = new Map<string, Point[]>();
  for (const event of events) {
    const id = sessionOf(event);
    const point = id === null ? null : readPower(event);
    if (id === null || point === null) continue;
    const known = points.get(id) ?? [];
    known.push(point);
    points.set(id, known);
  }
  for (const known of points.values()) known.sort(([a], [b]) => a - b);
  return new Map([...points].sort(([, a], [, b]) => (a.at(-1)?.[0] ?? 0) - (b.at(-1)?.[0] ?? 0)));
}

function readPower(event: RelayedEvent): Point | null {
  const known = readings.get(event);
  if (known !== undefined) return known;
  const watts = foldInto(EMPTY_FOLDED, event).sessions[0]?.facts.powerW?.[0] ?? null;
  const point = watts === null ? null : ([Date.parse(event.occurredAt), watts] as const);
  readings.set(event, point);
  return point;
}
