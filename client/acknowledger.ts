const MAX_CHARS = 256 * 1024;
const MAX_WAIT_MS = 1_000;

/** Tells the relay what the application has taken: soon, and not of each frame. */
export class Acknowledger {
  readonly #send: (cursor: string) => void;
  #cursor: string | null = null;
  #chars = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (cursor: string) => void) {
    this.#send = send;
  }

  /** A frame of that length, and everything before it. */
  take(cursor: string, chars: number): void {
    this.#cursor = cursor;
    this.#chars += chars;
    if (this.#chars >= MAX_CHARS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), MAX_WAIT_MS);
  }

  /** What was taken from one connection is of no interest to the next one. */
  reset(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#cursor = null;
    this.#chars = 0;
  }

  #flush(): void {
    const cursor = this.#cursor;
    this.reset();
    if (cursor !== null) this.#send(cursor);
  }
}
