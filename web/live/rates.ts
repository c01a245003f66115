import type { RelayedEvent } from "../../client/client.ts";
import type { EventClass } from "../api/answers.ts";
import { Pulse } from "./throttle.ts";

/** Events of one second that this page has received, by class. */
export interface Second {
  /** Seconds since 1970. */
  readonly at: number;
  readonly counts: ReadonlyMap<EventClass, number>;
}

/** Seconds that are kept. */
export const KEPT_SECONDS = 15 * 60;
const DRAW_EVERY_MS = 500;

/** How many events of which class came in which second, since this page is open. */
export class Rates {
  readonly #pulse = new Pulse(DRAW_EVERY_MS);
  readonly #seconds = new Map<number, Map<EventClass, number>>();
  #newest = 0;

  get beat(): number {
    return this.#pulse.beat.value;
  }

  /** Oldest first; seconds without events are left out. */
  seconds(): Second[] {
    void this.beat;
    return [...this.#seconds].map(([at, counts]) => ({ at, counts }));
  }

  takeEvent(event: RelayedEvent, nowMs: number): void {
    // A clock that is set back must not break the order.
    const at = Math.max(Math.floor(nowMs / 1000), this.#newest);
    this.#newest = at;
    const counts = this.#seconds.get(at) ?? new Map<EventClass, number>();
    counts.set(event.class, (counts.get(event.class) ?? 0) + 1);
    this.#seconds.set(at, counts);
    for (const oldest of this.#seconds.keys()) {
      if (oldest > at - KEPT_SECONDS) break;
      this.#seconds.delete(oldest);
    }
    this.#pulse.touch();
  }

  clear(): void {
    this.#seconds.clear();
    this.#newest = 0;
    this.#pulse.now();
  }
}

export const rates = new Rates();
