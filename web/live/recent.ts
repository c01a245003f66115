import type { RelayedEvent } from "../../client/client.ts";
import { Pulse } from "./throttle.ts";

/** An event of the stream, or the notice that some are missing here. */
export type FeedLine =
  | { readonly kind: "event"; readonly number: number; readonly event: RelayedEvent }
  | { readonly kind: "gap"; readonly number: number; readonly reason: string };

/** Lines that the page keeps; older ones are with the relay. */
export const MAX_LINES = 5_000;
const DRAW_EVERY_MS = 100;

/** The newest events of the stream, oldest first. */
export class Recent {
  readonly #pulse = new Pulse(DRAW_EVERY_MS);
  #lines: FeedLine[] = [];
  /** What was handed out last; it stays as it was. */
  #shown: readonly FeedLine[] | null = null;
  #number = 0;

  /** Grows when a line was added, a few times a second at most; reading it subscribes. */
  get beat(): number {
    return this.#pulse.beat.value;
  }

  /** Oldest first. A new list each time it has grown. */
  lines(): readonly FeedLine[] {
    void this.beat;
    this.#shown ??= this.#lines.slice(-MAX_LINES);
    return this.#shown;
  }

  add(event: RelayedEvent): void {
    this.#push({ kind: "event", number: this.#next(), event });
  }

  noteGap(reason: string): void {
    this.#push({ kind: "gap", number: this.#next(), reason });
  }

  clear(): void {
    this.#lines = [];
    this.#shown = null;
    this.#pulse.now();
  }

  #next(): number {
    this.#number += 1;
    return this.#number;
  }

  #push(line: FeedLine): void {
    this.#lines.push(line);
    this.#shown = null;
    // Cut in large steps: moving thousands of lines for each event would cost more than the event.
    if (this.#lines.length > MAX_LINES * 1.2) this.#lines = this.#lines.slice(-MAX_LINES);
    this.#pulse.touch();
  }
}

export const recent = new Recent();
