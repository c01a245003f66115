/** A clock that has gone back by more has been set. */
const SET_BACK_MS = 1_000;
/** An alarm that rings before its time, so often in a row, rings no more often than this from then on. */
const EARLY_RINGS = 10;
const EARLY_PAUSE_MS = 1_000;

/**
 * An object's one alarm, shared by everything that it has to do later: the earliest time asked
 * for counts. Whoever is woken looks at all that may be due and asks again for what is not.
 */
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  readonly #onSet: () => void;
  #atMs: number | null = null;
  /** When it was asked for, by this machine's clock; 0 of one that was set before the object woke. */
  #askedMs = 0;
  #earlyRings = 0;
  /** False until the alarm that may be set is known; what is asked for before that waits for it. */
  #isKnown = true;

  /**
   * `exists` is false for an object that never stored anything, and so cannot have an alarm;
   * `onSet` counts alarms that are set, each of which is a row.
   */
  constructor(ctx: DurableObjectState, exists: boolean, onSet = () => {}) {
    this.#storage = ctx.storage;
    this.#onSet = onSet;
    if (!exists) return;
    this.#isKnown = false;
    // Before anything else: an alarm set without knowing of an earlier one would put that off.
    void ctx.blockConcurrencyWhile(async () => {
      const askedMs = this.#atMs;
      this.#atMs = await ctx.storage.getAlarm();
      this.#isKnown = true;
      if (askedMs !== null) this.wakeAt(askedMs);
    });
  }

  /**
   * Makes sure that an alarm comes at that time or before. Synchronous, so that it is part of
   * the transaction of the turn that calls it.
   */
  wakeAt(atMs: number): void {
    const nowMs = Date.now();
    // What the alarm that is set was for may be due by now: the object looks, and asks again.
    const isSetBack = this.#atMs !== null && nowMs < this.#askedMs - SET_BACK_MS;
    // An alarm for now would run beside what is going on; a moment later is soon enough.
    const soonMs = Math.max(isSetBack ? nowMs : atMs, nowMs + 50);
    if (this.#atMs !== null && this.#atMs <= soonMs) return;
    this.#atMs = soonMs;
    this.#askedMs = nowMs;
    if (!this.#isKnown) return;
    this.#onSet();
    void this.#storage.setAlarm(this.#atMs);
  }

  /**
   * To be awaited first in `alarm()`: from here on no alarm is set. Alarms ring by the platform's
   * clock. While that is ahead of this machine's, one that is asked for anew rings at once.
   */
  async rang(): Promise<void> {
    const earlyMs = (this.#atMs ?? 0) - Date.now();
    this.forget();
    this.#earlyRings = earlyMs > 0 ? this.#earlyRings + 1 : 0;
    if (this.#earlyRings > EARLY_RINGS) await scheduler.wait(Math.min(earlyMs, EARLY_PAUSE_MS));
  }

  /** Everything that was stored is deleted, the alarm too. */
  forget(): void {
    this.#atMs = null;
  }
}
