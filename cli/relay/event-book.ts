import type { RelayedEvent } from "../../client/client.ts";
import type { SentEvent } from "../simulator/simulator.ts";

/** An event with what is known of its way. Latencies count from the moment it was sent. */
export interface EventTrace {
  readonly event: RelayedEvent;
  readonly frameMs: number;
  /** Null when it has not been delivered so far. */
  readonly deliveryMs: number | null;
}

interface Entry {
  event: RelayedEvent | null;
  sentAtMs: number | null;
  framedAtMs: number | null;
  deliveredAtMs: number | null;
  readonly sinceMs: number;
}

/** An event of which nothing more is heard for this long is shown as it stands, or forgotten. */
const PATIENCE_MS = 1_000;

/**
 * Brings together what the simulator, the subscriber and the receiver each know of an event, in
 * whatever order they say it. Events come out in the order of the feed.
 */
export class EventBook {
  readonly #entries = new Map<string, Entry>();
  /** Ids in the order of the feed, from `#firstFramed` on. */
  #framed: string[] = [];

  acknowledged({ id, sentAtMs }: SentEvent): void {
    this.#entry(id).sentAtMs = sentAtMs;
  }

  framed(event: RelayedEvent, atMs: number): void {
    const entry = this.#entry(event.id);
    entry.event = event;
    entry.framedAtMs = atMs;
    this.#framed.push(event.id);
  }

  delivered(id: string, atMs: number): void {
    this.#entry(id).deliveredAtMs ??= atMs;
  }

  /** Whether anything in the feed has not been taken yet. */
  get hasFramed(): boolean {
    return this.#framed.length > 0;
  }

  /** What is complete, or has waited long enough, up to the first that is neither. */
  take(nowMs: number): EventTrace[] {
    const traces: EventTrace[] = [];
    let taken = 0;
    for (const id of this.#framed) {
      const entry = this.#entries.get(id);
      if (entry !== undefined && !isDue(entry, nowMs)) break;
      taken += 1;
      if (entry?.event != null) traces.push(traceOf(entry, entry.event));
      this.#entries.delete(id);
    }
    this.#framed = this.#framed.slice(taken);
    this.#forgetUnframed(nowMs);
    return traces;
  }

  #entry(id: string): Entry {
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const nothing = { event: null, sentAtMs: null, framedAtMs: null, deliveredAtMs: null };
    const entry: Entry = { ...nothing, sinceMs: Date.now() };
    this.#entries.set(id, entry);
    return entry;
  }

  /** Deliveries of events from before this subscriber, and second copies. */
  #forgetUnframed(nowMs: number): void {
    for (const [id, { sinceMs, event }] of this.#entries) {
      // In the order of insertion: the rest is younger.
      if (nowMs - sinceMs < 10 * PATIENCE_MS) return;
      if (event === null) this.#entries.delete(id);
    }
  }
}

function isDue({ sentAtMs, framedAtMs, deliveredAtMs }: Entry, nowMs: number): boolean {
  const isComplete = sentAtMs !== null && deliveredAtMs !== null;
  return isComplete || nowMs - (framedAtMs ?? nowMs) >= PATIENCE_MS;
}

/** An event that somebody sent by hand counts from when the relay received it. */
function traceOf({ sentAtMs, framedAtMs, deliveredAtMs }: Entry, event: RelayedEvent): EventTrace {
  const fromMs = sentAtMs ?? Date.parse(event.receivedAt);
  return {
    event,
    frameMs: Math.max(0, (framedAtMs ?? fromMs) - fromMs),
    deliveryMs: deliveredAtMs === null ? null : Math.max(0, deliveredAtMs - fromMs),
  };
}
