import type { Attempt } from "../domain/attempt-log.ts";
import type { AttemptSample } from "../domain/metric-counts.ts";

/** Of more attempts between two events the newest are told. */
export const MAX_UNTOLD = 64;

export interface NamedAttempt {
  readonly route: string;
  readonly attempt: Attempt;
}

/**
 * Attempts that the feed has yet to hear of, for its metrics: the next event takes them along. They
 * are numbered as the station counts its attempts, so that the feed knows which it has.
 */
export class UntoldAttempts {
  #attempts: (NamedAttempt & { readonly number: number })[] = [];

  add(number: number, named: NamedAttempt): void {
    this.#attempts.push({ ...named, number });
    if (this.#attempts.length > MAX_UNTOLD) this.#attempts.shift();
  }

  /** After a wake: out of all that the lanes' logs hold, the newest `count`, up to that number. */
  resume(logged: readonly NamedAttempt[], number: number, count: number): void {
    if (count <= 0) return;
    const newest = [...logged]
      .sort((a, b) => endedMs(a.attempt) - endedMs(b.attempt))
      .slice(-Math.min(count, MAX_UNTOLD));
    this.#attempts = newest.map((named, at) => ({
      ...named,
      number: number - newest.length + 1 + at,
    }));
  }

  /** The feed has those up to that number. */
  told(number: number): void {
    this.#attempts = this.#attempts.filter((untold) => untold.number > number);
  }

  /** Oldest first. `receivedAtMs` tells when the event of that seq was received, if it is known. */
  samples(receivedAtMs: (seq: number) => number | null): AttemptSample[] {
    return this.#attempts.map(({ route, attempt }) => {
      const isDelivered = attempt.class === "delivered";
      const ended = endedMs(attempt);
      // A replay is about events of long ago.
      const isOwn = isDelivered && attempt.replay === null;
      const received = isOwn ? receivedAtMs(attempt.seq) : null;
      const deliveryMs = received === null ? null : ended - received;
      return { route, endedMs: ended, isDelivered, deliveryMs };
    });
  }
}

const endedMs = ({ atMs, latencyMs }: Attempt) => atMs + latencyMs;
