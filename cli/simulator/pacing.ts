export interface PacingOptions {
  /** Virtual seconds per second; `Infinity` is as fast as the receiver answers. */
  readonly speed: number;
  /** Events per second, whatever virtual time says; null leaves the pace to `speed`. */
  readonly rate: number | null;
  /** The date of virtual time zero; null dates events by the clock. */
  readonly startMs: number | null;
}

export interface Pacing {
  /** When the event is to go out, in milliseconds since the beginning. */
  dueMs(index: number, atMs: number): number;
  /**
   * The date an event carries. With a fixed start it is start plus virtual time, so that bodies
   * can be repeated byte by byte; without one it is the time of sending, so that no compressed
   * hour is dated in the receiver's future.
   */
  dateAt(virtualMs: number): number;
}

const BURST = 16;

export function createPacing({ speed, rate, startMs }: PacingOptions, nowMs: () => number): Pacing {
  const beganMs = nowMs();
  const isFree = rate === null && speed === Number.POSITIVE_INFINITY;
  const dateAt = (virtualMs: number) => {
    if (startMs !== null) return startMs + virtualMs;
    return rate === null && !isFree ? beganMs + virtualMs / speed : nowMs();
  };
  const dueMs = (index: number, atMs: number) => {
    if (rate !== null) return (index * 1000) / rate;
    return isFree ? nowMs() - beganMs : atMs / speed;
  };
  return { dueMs, dateAt };
}

/** How to wait, wherever this runs. */
export interface Waits {
  /** Resolves after that time, or at once when `signal` says so. */
  sleep(waitMs: number, signal: AbortSignal): Promise<void>;
  /** Resolves when sockets have had their turn. */
  yieldToIo(): Promise<void>;
}

/** Waits until things are due; when late, lets sockets have their turn now and then. */
export class Metronome {
  readonly #beganMs = performance.now();
  readonly #waits: Waits;
  #lateInARow = 0;

  constructor(waits: Waits) {
    this.#waits = waits;
  }

  get elapsedMs(): number {
    return performance.now() - this.#beganMs;
  }

  async until(dueMs: number, signal: AbortSignal): Promise<void> {
    const aheadMs = dueMs - this.elapsedMs;
    if (aheadMs > 1) await this.#waits.sleep(aheadMs, signal);
    else if (++this.#lateInARow % BURST === 0) await this.#waits.yieldToIo();
  }
}
