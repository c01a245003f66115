import { eventClass, type StationEvent, serializeEvent } from "../domain/event.ts";
import type { CountedEvent } from "./feed-metrics.ts";
import type { StreamRecord } from "./stream-source.ts";

/** An event of a station, serialised once for the station's own stream and for the feed. */
export interface StationRecord extends StreamRecord {
  /** The seq. */
  readonly offset: number;
  readonly counted: CountedEvent;
}

export function recordOf(event: StationEvent): StationRecord {
  const { seq, type, station, source, receivedAtMs } = event;
  return {
    offset: seq,
    type,
    station,
    json: serializeEvent(event),
    counted: { class: eventClass(type, source), receivedAtMs },
  };
}
