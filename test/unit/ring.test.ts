import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { newestInRing } from "../../src/store/ring.ts";

/** A ring in memory, written as the station's store writes its table. */
class MemoryRing {
  readonly #slots = new Map<number, number>();
  #next = 0;
  capacity: number;
  readCount = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get newest(): number | null {
    return this.#slots.size === 0 ? null : this.#next - 1;
  }

  write(): void {
    this.#slots.set(this.#next % this.capacity, this.#next);
    this.#next += 1;
  }

  /** UPDATE … SET slot = slot + capacity WHERE number % (2 * capacity) >= capacity */
  double(): void {
    for (const [slot, number] of [...this.#slots]) {
      if (number % (2 * this.capacity) < this.capacity) continue;
      this.#slots.delete(slot);
      this.#slots.set(slot + this.capacity, number);
    }
    this.capacity *= 2;
  }

  isFull(): boolean {
    return this.#slots.has(this.#next % this.capacity);
  }

  find(): number | null {
    this.readCount = 0;
    return newestInRing({
      capacity: this.capacity,
      numberAt: (slot) => {
        this.readCount += 1;
        if (slot < 0 || slot >= this.capacity) throw new Error(`no slot ${slot}`);
        return this.#slots.get(slot) ?? null;
      },
      numberAtEnd: () => {
        this.readCount += 1;
        return this.#slots.size === 0
          ? null
          : (this.#slots.get(Math.max(...this.#slots.keys())) ?? null);
      },
    });
  }
}

describe("newestInRing", () => {
  it.each([1, 2, 3, 7, 8, 64])("finds the newest of %i slots after every write", (capacity) => {
    const ring = new MemoryRing(capacity);
    expect(ring.find()).toBeNull();
    for (let count = 0; count < capacity * 3 + 2; count += 1) {
      ring.write();
      expect(ring.find()).toBe(count);
    }
  });

  it("finds it after a doubling at any point of any turn", () => {
    for (let written = 0; written <= 40; written += 1) {
      const ring = new MemoryRing(8);
      for (let count = 0; count < written; count += 1) ring.write();
      ring.double();
      expect(ring.find()).toBe(ring.newest);
      for (let count = 0; count < 40; count += 1) {
        ring.write();
        expect(ring.find()).toBe(ring.newest);
      }
    }
  });

  it("finds it whatever the ring went through", () => {
    const move = fc.oneof(
      fc.integer({ min: 1, max: 40 }).map((count) => ({ write: count })),
      fc.constant({ write: 0 }),
    );
    const moves = fc.array(move, { maxLength: 25 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 33 }), moves, fc.boolean(), (capacity, steps, lazy) => {
        const ring = new MemoryRing(capacity);
        for (const { write } of steps) {
          // A station doubles only when a slot it needs is still in use; at any time must do, too.
          if (write === 0 && ring.capacity < 1024 && (!lazy || ring.isFull())) ring.double();
          for (let count = 0; count < write; count += 1) ring.write();
          expect(ring.find()).toBe(ring.newest);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("reads about log2 of the capacity", () => {
    const ring = new MemoryRing(4096);
    for (let count = 0; count < 10_000; count += 1) {
      ring.write();
      if (count % 97 !== 0) continue;
      ring.find();
      expect(ring.readCount).toBeLessThanOrEqual(14);
    }
    for (let at = 0; at < 4; at += 1) ring.double();
    expect(ring.capacity).toBe(65_536);
    ring.find();
    expect(ring.readCount).toBeLessThanOrEqual(18);
  });
});
