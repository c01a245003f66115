import { describe, expect, it } from "vitest";

import { attemptsSince } from "../../src/domain/attempt-log.ts";
import { countBefore, keptSinceMs, nextSweepMs } from "../../src/domain/retention.ts";

const DAY_MS = 86_400_000;

describe("keptSinceMs", () => {
  it("goes back whole days from now", () => {
    expect(keptSinceMs(100 * DAY_MS + 5, 30)).toBe(70 * DAY_MS + 5);
  });
});

describe("nextSweepMs", () => {
  it("is a day after a round, and an hour after one that has not reached every station", () => {
    expect(nextSweepMs(7, true)).toBe(7 + DAY_MS);
    expect(nextSweepMs(7, false)).toBe(7 + DAY_MS / 24);
  });
});

describe("countBefore", () => {
  it.each([
    ["none of none", [], 0],
    ["those received before", [1, 2, 10, 11], 2],
    ["none when the first is young", [10, 1], 0],
    ["not what stands behind a younger one", [1, 10, 2], 1],
    ["all", [1, 2, 9], 3],
  ])("counts %s", (_name, times, count) => {
    expect(countBefore(times, 10)).toBe(count);
  });
});

describe("attemptsSince", () => {
  const attempt = (atMs: number, seq: number) => ({
    atMs,
    seq,
    attempt: 1,
    class: "delivered" as const,
    status: 200,
    error: null,
    latencyMs: 1,
    answer: "",
    replay: null,
  });

  it("keeps what is young, at events that are still there", () => {
    const log = [attempt(5, 1), attempt(10, 1), attempt(11, 2), attempt(12, 3)];
    expect(attemptsSince(log, 10, 1)).toEqual([log[2], log[3]]);
    expect(attemptsSince(log, 11, 0)).toEqual([log[2], log[3]]);
  });

  it("is the same object when all stay, so that nothing is written", () => {
    const log = [attempt(10, 2)];
    expect(attemptsSince(log, 10, 1)).toBe(log);
  });
});
