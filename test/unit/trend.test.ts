import { describe, expect, it } from "vitest";

import { trendOf } from "../../bench/trend.ts";

describe("trendOf", () => {
  it("is the rise of a straight line, without error", () => {
    const { slope, error } = trendOf([1, 2, 4, 8].map((at) => ({ at, value: 100 + 3 * at })));
    expect(slope).toBeCloseTo(3, 9);
    expect(error).toBeCloseTo(0, 6);
  });

  it("is nothing where values go up and down, and says how unsure that is", () => {
    const values = [5, -5, -5, 5, 5, -5, -5, 5];
    const { slope, error } = trendOf(values.map((value, at) => ({ at, value })));
    expect(slope).toBeCloseTo(0, 9);
    expect(error).toBeCloseTo(5 / Math.sqrt(5.25 * 6), 9);
  });
});
