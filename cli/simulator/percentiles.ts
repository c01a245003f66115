/** Each bucket is two percent wider than the one before: any count of samples, constant memory. */
const GROWTH = Math.log(1.02);
const SMALLEST_MS = 0.01;

/** Latencies, counted in buckets: percentiles are right to within two percent. */
export class Percentiles {
  readonly #buckets: number[] = [];
  #count = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  get max(): number {
    return this.#max;
  }

  add(sampleMs: number): void {
    const bucket = Math.max(0, Math.ceil(Math.log(sampleMs / SMALLEST_MS) / GROWTH));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count += 1;
    this.#max = Math.max(this.#max, sampleMs);
  }

  /** The value that `share` (0 to 1) of the samples do not exceed; 0 without samples. */
  at(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < this.#buckets.length; bucket++) {
      seen += this.#buckets[bucket] ?? 0;
      if (seen >= rank) return Math.min(this.#max, SMALLEST_MS * Math.exp(bucket * GROWTH));
    }
    return this.#max;
  }
}
