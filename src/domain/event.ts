import { classOf, type EventClass } from "./catalogue.ts";

/** An event in its station's order: what the log keeps and everyone sees. */
export interface StationEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly station: string;
  readonly seq: number;
  /** An event with a later `occurredAtMs` was accepted before this one. */
  readonly late: boolean;
  readonly occurredAtMs: number;
  readonly receivedAtMs: number;
  /** The webhook's text, byte for byte. */
  readonly body: string;
}

/** How far ahead of our clock a sender's time is believed. */
export const MAX_CLOCK_LEAD_MS = 300_000;

/** The time an event counts for: its own, unless unreadable or so far ahead that it would freeze the state. */
export function occurredAt(createdAtMs: number | null, receivedAtMs: number): number {
  if (createdAtMs === null || createdAtMs > receivedAtMs + MAX_CLOCK_LEAD_MS) return receivedAtMs;
  return createdAtMs;
}

/** The source of events that the relay makes itself. */
export const RELAY_SOURCE = "relay";

/** A webhook that merely calls itself `relay.*` is unknown: only the relay's own are of its class. */
export function eventClass(type: string, source: string): EventClass {
  return source === RELAY_SOURCE ? "relay" : classOf(type);
}

const BODY_FIELD = ',"body":';

/** The event as subscribers see it. The body goes in as the text that came, last. */
export function serializeEvent(event: StationEvent): string {
  const head = JSON.stringify({
    id: event.id,
    type: event.type,
    class: eventClass(event.type, event.source),
    source: event.source,
    station: event.station,
    seq: event.seq,
    late: event.late,
    occurredAt: new Date(event.occurredAtMs).toISOString(),
    receivedAt: new Date(event.receivedAtMs).toISOString(),
  });
  return `${head.slice(0, -1)}${BODY_FIELD}${event.body}}`;
}

/** What precedes the body in {@link serializeEvent}, as JSON of its own: readable without the body. */
export function eventHead(serialized: string): string {
  // Inside a JSON string every quote is escaped, so the first match is the field itself.
  return `${serialized.slice(0, serialized.indexOf(BODY_FIELD))}}`;
}

/** The body in {@link serializeEvent}, as the text that came. */
export function eventBody(serialized: string): string {
  return serialized.slice(serialized.indexOf(BODY_FIELD) + BODY_FIELD.length, -1);
}
