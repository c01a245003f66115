/** A measurement at a time, in hours or whatever the slope is to be per. */
export interface Sample {
  readonly at: number;
  readonly value: number;
}

/** The straight line that fits best: how much it rises per unit, and how sure that is (one standard error). */
export function trendOf(samples: readonly Sample[]): { slope: number; error: number } {
  const { length } = samples;
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / length;
  const [meanAt, meanValue] = [mean(({ at }) => at), mean(({ value }) => value)];
  const spread = mean(({ at }) => (at - meanAt) ** 2);
  const slope = mean(({ at, value }) => (at - meanAt) * (value - meanValue)) / spread;
  const rest = mean(({ at, value }) => (value - meanValue - slope * (at - meanAt)) ** 2);
  return { slope, error: Math.sqrt(rest / spread / (length - 2)) };
}
