/** Each bucket is 15 % wider than the one before, so that its middle is within 10 % of all in it. */
const GROWTH = Math.log(1.15);

/** The largest value, then each bucket that is not empty, with how many values it holds. */
export type EncodedHistogram = readonly number[];

/**
 * Durations in whole milliseconds, counted in buckets: what it takes does not grow with how many
 * there are, and of two the sum can be had. Percentiles are right to within 10 %, the largest exactly.
 */
export class Histogram {
  readonly #counts = new Map<number, number>();
  #count = 0;
  #max = 0;
  /** It is written much more often than it changes. */
  #encoded: EncodedHistogram | null = null;

  get count(): number {
    return this.#count;
  }

  get max(): number {
    return this.#max;
  }

  /** Below zero counts as zero: the two ends may have been told by two clocks. */
  add(durationMs: number): void {
    const ms = Math.max(0, Math.round(durationMs));
    this.#max = Math.max(this.#max, ms);
    this.#put(bucketOf(ms), 1);
  }

  merge(other: Histogram): void {
    this.#max = Math.max(this.#max, other.#max);
    for (const [bucket, count] of other.#counts) this.#put(bucket, count);
  }

  /** What that share (0 to 1) of the values do not exceed; 0 when there are none. */
  at(share: number): number {
    let left = Math.max(1, Math.ceil(share * this.#count));
    for (const [bucket, count] of this.#sorted()) {
      left -= count;
      if (left <= 0) return Math.min(this.#max, middleOf(bucket));
    }
    return this.#max;
  }

  encode(): EncodedHistogram {
    this.#encoded ??= this.#count === 0 ? [] : [this.#max, ...this.#sorted().flat()];
    return this.#encoded;
  }

  static decode([max = 0, ...pairs]: EncodedHistogram): Histogram {
    const histogram = new Histogram();
    histogram.#max = max;
    for (let at = 0; at < pairs.length; at += 2) histogram.#put(pairs[at] ?? 0, pairs[at + 1] ?? 0);
    return histogram;
  }

  #put(bucket: number, count: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#count += count;
    this.#encoded = null;
  }

  #sorted(): [bucket: number, count: number][] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}

function bucketOf(ms: number): number {
  return ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / GROWTH);
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.round(Math.exp((bucket - 0.5) * GROWTH));
}
