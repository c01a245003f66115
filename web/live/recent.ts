import type { RelayedEvent } from "../../client/client.ts";
import { Pulse } from "./throttle.ts";

/** An event of the stream, or the notice that some are missing here. */
export type FeedLine =
  | {
      readonly kind: "event";
      /** Counted from 1; a line that is not of the stream, but from before it, has none above 0. */
      readonly number: number;
      /** When it came, by this device's clock. */
      readonly atMs: number;
      readonly event: RelayedEvent;
    }
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

  /** The number of the newest line, kept or not. */
  get newest(): number {
    return this.#number;
  }

  add(event: RelayedEvent, nowMs: number): void {
    this.#push({ kind: "event", number: this.#next(), atMs: nowMs, event });
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
