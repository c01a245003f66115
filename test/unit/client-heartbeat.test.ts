import { describe, expect, it } from "vitest";

import { type Beat, nextBeat } from "../../client/heartbeat.ts";

const beat = (overrides: Partial<Beat>): Beat => ({
  isAwaiting: false,
  wasHeard: false,
  lateMs: 5,
  isSecondChance: false,
  ...overrides,
});
const LATE = { lateMs: 60_000 };

describe("nextBeat", () => {
  it.each([
    ["time for a ping", {}, "ping"],
    ["time for a ping, whatever was heard", { wasHeard: true }, "ping"],
    ["time for a ping while nothing ran", LATE, "probe"],
    ["an answer", { isAwaiting: true, wasHeard: true }, "rest"],
    ["an answer, read after a sleep", { isAwaiting: true, wasHeard: true, ...LATE }, "probe"],
    ["no answer", { isAwaiting: true }, "cut"],
    ["no answer so far, after a sleep", { isAwaiting: true, ...LATE }, "probe"],
    ["no answer to that either", { isAwaiting: true, isSecondChance: true }, "cut"],
    ["the same, and slept", { isAwaiting: true, isSecondChance: true, ...LATE }, "cut"],
  ])("%s", (_what, overrides, expected) => {
    expect(nextBeat(beat(overrides))).toBe(expected);
  });
});
