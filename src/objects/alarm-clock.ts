/**
 * An object's one alarm, shared by everything that it has to do later: the earliest time asked
 * for counts. Whoever is woken looks at all that may be due and asks again for what is not.
 */
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  readonly #onSet: () => void;
  #atMs: number | null = null;
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
    // An alarm for now would run beside what is going on; a moment later is soon enough.
    const soonMs = Math.max(atMs, Date.now() + 50);
    if (this.#atMs !== null && this.#atMs <= soonMs) return;
    this.#atMs = soonMs;
    if (!this.#isKnown) return;
    this.#onSet();
    void this.#storage.setAlarm(this.#atMs);
  }

  /** To be called first in `alarm()`: from here on no alarm is set. */
  rang(): void {
    this.#atMs = null;
  }
}
