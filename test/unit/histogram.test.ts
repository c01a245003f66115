import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Histogram } from "../../src/domain/histogram.ts";

const WEEK_MS = 7 * 86_400_000;

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

/** The value that the share of them do not exceed. */
function exactly(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

const durations = fc.array(fc.integer({ min: 0, max: WEEK_MS }), { minLength: 1, maxLength: 200 });

describe("Histogram", () => {
  it("tells every duration to within 10 %", () => {
    for (let ms = 0; ms <= WEEK_MS; ms = ms < 20_000 ? ms + 1 : Math.floor(ms * 1.0007)) {
      // With one that is larger, so that the largest does not tell it.
      const told = histogramOf([ms, 2 * WEEK_MS]).at(0.5);
      expect(Math.abs(told - ms)).toBeLessThanOrEqual(ms / 10);
    }
  });

  it("tells percentiles to within 10 %, and the largest exactly", () => {
    fc.assert(
      fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99, 1), (values, share) => {
        const histogram = histogramOf(values);
        const exact = exactly(values, share);
        expect(Math.abs(histogram.at(share) - exact)).toBeLessThanOrEqual(exact / 10);
        expect([histogram.count, histogram.max]).toEqual([values.length, Math.max(...values)]);
      }),
    );
  });

  it("is the same after it was merged of two, or written and read", () => {
    fc.assert(
      fc.property(durations, durations, (some, others) => {
        const whole = histogramOf([...some, ...others]);
        const merged = histogramOf(some);
        merged.merge(histogramOf(others));
        expect(merged.encode()).toEqual(whole.encode());
        const read = Histogram.decode(JSON.parse(JSON.stringify(whole.encode())));
        expect(read.encode()).toEqual(whole.encode());
        expect([read.count, read.at(0.95)]).toEqual([whole.count, whole.at(0.95)]);
      }),
    );
  });

  it("takes no more room for a million values than for a hundred", () => {
    const text = (count: number) => JSON.stringify(histogramOf(valuesOf(count)).encode()).length;
    expect(text(1_000_000) - text(100)).toBeLessThan(400);
  });

  it("counts what two clocks make less than nothing as nothing", () => {
    expect(histogramOf([-5, -1]).at(0.99)).toBe(0);
  });

  it("tells zeros of nothing", () => {
    const empty = new Histogram();
    expect([empty.count, empty.max, empty.at(0.5), empty.encode()]).toEqual([0, 0, 0, []]);
    expect(Histogram.decode([]).count).toBe(0);
  });
});

function valuesOf(count: number): number[] {
  return Array.from({ length: count }, (_, at) => 10 + (at % 90));
}
