/**
 * Gathers work: an item that comes while no run is under way starts one; whatever comes during a
 * run goes together with the next.
 */
export class Gather<Item, Answer> {
  readonly #run: (items: readonly Item[]) => readonly Answer[] | Promise<readonly Answer[]>;
  readonly #limit: number;
  readonly #settle: (() => Promise<unknown>) | null;
  #waiting: Waiting<Item, Answer>[] = [];
  #running = false;

  /**
   * `run` answers one value per item, in order; when it throws, all its items fail alike. `settle` is
   * waited for before each run, and what comes meanwhile goes along; without it a run starts at once.
   */
  constructor(
    run: (items: readonly Item[]) => readonly Answer[] | Promise<readonly Answer[]>,
    limit = Number.MAX_SAFE_INTEGER,
    settle: (() => Promise<unknown>) | null = null,
  ) {
    this.#run = run;
    this.#limit = limit;
    this.#settle = settle;
  }

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#running) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const taken: Waiting<Item, Answer>[] = [];
      try {
        if (this.#settle !== null) await this.#settle();
        taken.push(...this.#waiting.splice(0, this.#limit));
        const answers = await this.#run(taken.map(({ item }) => item));
        taken.forEach(({ resolve, reject }, index) => {
          const answer = answers[index];
          if (answer === undefined) reject(new Error("a gathered run left an item unanswered"));
          else resolve(answer);
        });
      } catch (error) {
        // When it does not settle, none of those that wait can go.
        const failed = taken.length > 0 ? taken : this.#waiting.splice(0);
        for (const { reject } of failed) reject(error);
      }
    }
    this.#running = false;
  }
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}
