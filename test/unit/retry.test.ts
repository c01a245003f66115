import { describe, expect, it } from "vitest";

import { DEFAULT_SCHEDULE_SECONDS, retryDelayMs } from "../../src/domain/retry.ts";

const MIDDLE = 0.5;
const ALMOST_ONE = 1 - Number.EPSILON;

describe("DEFAULT_SCHEDULE_SECONDS", () => {
  it("is 1 s, 5 s, 30 s, 2 min, 10 min, 30 min, 2 h, 5 h, 10 h, 10 h", () => {
    expect(DEFAULT_SCHEDULE_SECONDS).toEqual([
      1,
      5,
      30,
      2 * 60,
      10 * 60,
      30 * 60,
      2 * 3600,
      5 * 3600,
      10 * 3600,
      10 * 3600,
    ]);
  });
});

describe("retryDelayMs", () => {
  it("waits after each attempt as its entry says", () => {
    const delays = DEFAULT_SCHEDULE_SECONDS.map((_, at) =>
      retryDelayMs(at + 1, DEFAULT_SCHEDULE_SECONDS, MIDDLE),
    );
    expect(delays).toEqual(DEFAULT_SCHEDULE_SECONDS.map((seconds) => seconds * 1000));
  });

  it.each([
    [0, 8000],
    [0.25, 9000],
    [0.5, 10_000],
    [0.75, 11_000],
    [ALMOST_ONE, 12_000],
  ])("spreads ten seconds by a fifth either way: %d gives %i ms", (random, delayMs) => {
    expect(retryDelayMs(1, [10], random)).toBe(delayMs);
  });

  it("is spent after the last entry", () => {
    expect(retryDelayMs(2, [1, 2], MIDDLE)).toBe(2000);
    expect(retryDelayMs(3, [1, 2], MIDDLE)).toBeNull();
    expect(retryDelayMs(1, [], MIDDLE)).toBeNull();
    expect(retryDelayMs(11, DEFAULT_SCHEDULE_SECONDS, MIDDLE)).toBeNull();
  });

  it("takes a wait of zero and a fraction of a second", () => {
    expect(retryDelayMs(1, [0, 0.05], ALMOST_ONE)).toBe(0);
    expect(retryDelayMs(2, [0, 0.05], MIDDLE)).toBe(50);
  });
});
