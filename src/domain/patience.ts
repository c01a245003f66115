import { dueAt, isRecent } from "./clock.ts";

/** In place of an answer that did not come in time. */
export const LATE = Symbol("late");

/** The promise's value, or {@link LATE} after so many milliseconds. Rejects when it rejected in time. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | typeof LATE> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), ms);
  });
  try {
    // A rejection that comes too late is taken by the race, and concerns nobody.
    return await Promise.race([promise, late]);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}

/** A streak is long from so many waits on, each sooner after the one before it than a wait may last. */
const LONG_STREAK = 16;

interface Waiting {
  readonly dueMs: number;
  readonly giveUp: () => void;
}

/**
 * {@link within}, for an object that waits with each event. The runtime keeps some 250 bytes for every
 * timer that was set in an object and cleared, for as long as that is awake (docs/performance.md),
 * so those who wait at the same time share one, and in a long streak of waits it runs on between
 * them. Otherwise it is cleared: a running timer keeps an object awake and billed.
 */
export class Patience {
  readonly #ms: number;
  /** In the order in which they came, and so in which their time ends. */
  readonly #waiting = new Set<Waiting>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #streak = 0;
  #endedMs = 0;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** The promise's value, or {@link LATE} when the time is over. Rejects when it rejected in time. */
  async wait<T>(promise: Promise<T>): Promise<T | typeof LATE> {
    const nowMs = Date.now();
    const isNext = this.#waiting.size > 0 || isRecent(this.#endedMs, nowMs, this.#ms);
    this.#streak = isNext ? this.#streak + 1 : 1;
    let giveUp = () => {};
    const late = new Promise<typeof LATE>((resolve) => {
      giveUp = () => resolve(LATE);
    });
    const self = { dueMs: nowMs + this.#ms, giveUp };
    this.#waiting.add(self);
    try {
      if (this.#timer === null) this.#set(this.#ms);
      return await Promise.race([promise, late]);
    } finally {
      this.#waiting.delete(self);
      this.#endedMs = Date.now();
      if (this.#waiting.size === 0 && this.#streak < LONG_STREAK) this.#clear();
    }
  }

  #set(ms: number): void {
    this.#timer = setTimeout(() => this.#ring(), ms);
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #ring(): void {
    this.#timer = null;
    const nowMs = Date.now();
    for (const { dueMs, giveUp } of this.#waiting) {
      const leftMs = dueAt(dueMs, nowMs, this.#ms) - nowMs;
      if (leftMs > 0) {
        this.#set(leftMs);
        return;
      }
      giveUp();
    }
  }
}
