/** First in, first out, for one reader that waits. */
export class Queue<T extends { readonly chars: number }> {
  #entries: T[] = [];
  /** How many of them have been read: a shift of a long array is a copy of it. */
  #readCount = 0;
  #chars = 0;
  #isEnded = false;
  #reader: (() => void) | null = null;
  #drained: (() => void) | null = null;
  #drainedBelow = 0;

  get chars(): number {
    return this.#chars;
  }

  get isEmpty(): boolean {
    return this.#readCount === this.#entries.length;
  }

  push(entry: T): void {
    if (this.#isEnded) return;
    this.#entries.push(entry);
    this.#chars += entry.chars;
    this.#wakeReader();
  }

  /** The next entry as soon as there is one; null at the end. */
  async read(): Promise<T | null> {
    while (this.isEmpty) {
      if (this.#isEnded) return null;
      await new Promise<void>((resolve) => {
        this.#reader = resolve;
      });
    }
    return this.#shift();
  }

  /** What is not read yet is forgotten. */
  clear(): void {
    this.#entries = [];
    this.#readCount = 0;
    this.#chars = 0;
    this.#wakeDrained();
  }

  /** Nothing more comes; what is there can still be read. */
  end(): void {
    this.#isEnded = true;
    this.#wakeReader();
    this.#wakeDrained();
  }

  /** Resolves when at most so much is left, or at the end; null when it is so already. */
  drained(chars: number): Promise<void> | null {
    if (this.#chars <= chars || this.#isEnded) return null;
    return new Promise((resolve) => {
      this.#drained = resolve;
      this.#drainedBelow = chars;
    });
  }

  #shift(): T | null {
    const entry = this.#entries[this.#readCount];
    if (entry === undefined) return null;
    this.#readCount += 1;
    if (this.#readCount > 1024 && this.#readCount * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#readCount);
      this.#readCount = 0;
    }
    this.#chars -= entry.chars;
    this.#wakeDrained();
    return entry;
  }

  #wakeReader(): void {
    this.#reader?.();
    this.#reader = null;
  }

  #wakeDrained(): void {
    if (this.#chars > this.#drainedBelow && !this.#isEnded) return;
    this.#drained?.();
    this.#drained = null;
  }
}
