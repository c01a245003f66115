/** Something that lives in virtual time: each value it yields is a wait in milliseconds. */
export type Process = Generator<number, void, void>;

/** Processes end with their scope: nothing of a removed station runs on. */
export interface Scope {
  ended: boolean;
}

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly process: Process;
  readonly scope: Scope;
}

/** Virtual time. Processes resume in order of time, and of arrival where times are equal. */
export class Schedule {
  #nowMs = 0;
  #order = 0;
  readonly #heap: Entry[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  start(process: Process, scope: Scope, delayMs = 0): void {
    this.#push(process, scope, delayMs);
  }

  /** Resumes the next process; false when nothing is left to happen. */
  step(): boolean {
    const entry = this.#pop();
    if (entry === null) return false;
    if (entry.scope.ended) return true;
    this.#nowMs = entry.atMs;
    const { done, value } = entry.process.next();
    if (done !== true) this.#push(entry.process, entry.scope, value);
    return true;
  }

  #push(process: Process, scope: Scope, delayMs: number): void {
    const atMs = this.#nowMs + Math.max(0, Math.round(delayMs));
    const entry = { atMs, order: this.#order++, process, scope };
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || precedes(parent, entry)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  #pop(): Entry | null {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      if (left === undefined) break;
      const takeRight = right !== undefined && precedes(right, left);
      const child = takeRight ? right : left;
      if (precedes(entry, child)) break;
      heap[index] = child;
      index = 2 * index + (takeRight ? 2 : 1);
    }
    heap[index] = entry;
  }
}

function precedes(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
