import { dueAt } from "./clock.ts";
import { invariant } from "./result.ts";
import { type Later, type Limits, MAX_WAIT_MS, Throttle } from "./throttle.ts";

/** An idle object may be forgotten after ten seconds, and with it when the next start may be. */
const FORGETFUL_MS = 8_000;

interface Waiting {
  readonly untilMs: number;
  /** Tells the lane that its turn has come (null) or is far off. */
  readonly settle: (turn: Later | null) => void;
}

/**
 * Where lanes wait for their turn at a destination; whose turn it is decides the {@link Throttle}.
 * One timer sees to all of them. It is left to ring unless that is too late, even when nobody waits
 * any more: the runtime keeps something of each that is cleared (docs/performance.md), and a gate
 * with much to do stays awake for days.
 */
export class Turnstile {
  readonly #throttle = new Throttle();
  /** In the order in which they came, and so in which they have waited long enough. */
  readonly #waiting = new Map<string, Waiting>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #ringsAtMs = 0;

  setLimits(limits: Limits): void {
    this.#throttle.setLimits(limits, Date.now());
  }

  /**
   * Null when it is the lane's turn: its attempt counts as started until {@link leave}. Else when
   * it is to come back, and it keeps its place until then.
   */
  enter(lane: string): Promise<Later | null> {
    const nowMs = Date.now();
    // A lane has one attempt under way: whoever asked for it before does not wait any more.
    this.#sendAway(lane, nowMs);
    const later = this.#throttle.enter(lane, nowMs);
    if (later !== null) return Promise.resolve(later);
    return new Promise((settle) => {
      this.#waiting.set(lane, { untilMs: nowMs + MAX_WAIT_MS, settle });
      this.#admit();
    });
  }

  /** An attempt has ended that {@link enter} let start. */
  leave(): void {
    this.#throttle.end();
    this.#admit();
  }

  /** Who waits is to look again before it attempts anything. */
  disperse(): void {
    const nowMs = Date.now();
    for (const lane of this.#waiting.keys()) this.#sendAway(lane, nowMs, 0);
  }

  /** Lets in everybody whose turn it is, and sees to being here when something is next to be done. */
  #admit(): void {
    const nowMs = Date.now();
    let next = this.#throttle.next(nowMs);
    for (; next !== null && "lane" in next; next = this.#throttle.next(nowMs)) {
      const { lane } = next;
      invariant(this.#waiting.has(lane), "a lane whose turn it is waits here");
      this.#settle(lane, null);
    }
    const idleMs = this.#throttle.freeAtMs - nowMs;
    // Not for longer than anybody waits: a clock that is set meanwhile would make it later still.
    let inMs = idleMs > FORGETFUL_MS ? Math.min(idleMs, MAX_WAIT_MS) : Number.POSITIVE_INFINITY;
    for (const [lane, { untilMs }] of this.#waiting) {
      const leftMs = dueAt(untilMs, nowMs, MAX_WAIT_MS) - nowMs;
      if (leftMs > 0) {
        inMs = Math.min(inMs, leftMs, next?.inMs ?? leftMs);
        break;
      }
      this.#sendAway(lane, nowMs);
    }
    this.#ringIn(inMs, nowMs);
  }

  #sendAway(lane: string, nowMs: number, inMs?: number): void {
    if (this.#waiting.has(lane)) this.#settle(lane, this.#throttle.sendAway(lane, nowMs, inMs));
  }

  #settle(lane: string, turn: Later | null): void {
    const waiting = this.#waiting.get(lane);
    this.#waiting.delete(lane);
    waiting?.settle(turn);
  }

  #ringIn(ms: number, nowMs: number): void {
    if (ms === Number.POSITIVE_INFINITY) return;
    const atMs = nowMs + Math.ceil(ms);
    // One that was to ring before now is late, or the clock has been set: it may be late for long.
    const isEnough = this.#ringsAtMs >= nowMs && this.#ringsAtMs <= atMs;
    if (this.#timer !== null && isEnough) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#ringsAtMs = atMs;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#admit();
    }, atMs - nowMs);
  }
}
