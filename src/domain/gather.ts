/**
 * Gathers work without ever waiting when idle: an item that comes while no run is under way
 * starts one at once; whatever comes during a run goes together with the next.
 */
export class Gather<Item, Answer> {
  readonly #run: (items: readonly Item[]) => Promise<readonly Answer[]>;
  readonly #limit: number;
  #waiting: Waiting<Item, Answer>[] = [];
  #running = false;

  /** `run` answers one value per item, in order; when it throws, all its items fail alike. */
  constructor(run: (items: readonly Item[]) => Promise<readonly Answer[]>, limit: number) {
    this.#run = run;
    this.#limit = limit;
  }

  add(item: Item): Promise<Answer> {
    const answer = this.#enqueue(item);
    this.#start();
    return answer;
  }

  /** Items that come together, and go together as far as the limit lets them. */
  addAll(items: readonly Item[]): Promise<Answer[]> {
    const answers = items.map((item) => this.#enqueue(item));
    this.#start();
    return Promise.all(answers);
  }

  #enqueue(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
    });
  }

  #start(): void {
    if (!this.#running) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const taken = this.#waiting.splice(0, this.#limit);
      try {
        const answers = await this.#run(taken.map(({ item }) => item));
        taken.forEach(({ resolve, reject }, index) => {
          const answer = answers[index];
          if (answer === undefined) reject(new Error("a gathered run left an item unanswered"));
          else resolve(answer);
        });
      } catch (error) {
        for (const { reject } of taken) reject(error);
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
