import { type Signal, signal } from "@preact/signals";

/** Signals at most every so often, in hidden tabs too: a burst of events is drawn a few times a second. */
export class Pulse {
  /** Grows; reading it subscribes. */
  readonly beat: Signal<number> = signal(0);
  readonly #everyMs: number;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Something has changed. */
  touch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.beat.value += 1;
    }, this.#everyMs);
  }

  /** What has changed is to be seen now. */
  now(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.beat.value += 1;
  }
}
