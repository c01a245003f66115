import { describe, expect, it } from "vitest";

import { Backlog } from "../../src/domain/backlog.ts";
import {
  afterBlocked,
  afterGrant,
  afterReport,
  type Breaker,
  DISABLE_AFTER_MS,
  HEALTHY,
  isCalm,
  probeAtMs,
} from "../../src/domain/breaker.ts";
import { dueAt, isRecent } from "../../src/domain/clock.ts";
import { newLane, PARKED, waitsUntil } from "../../src/domain/lane.ts";
import { nextAttemptMs } from "../../src/domain/replay.ts";
import { heedClock, silentAtMs } from "../../src/domain/source-health.ts";
import { endOfToken, MAX_TOKEN_SECONDS } from "../../src/domain/subscriber-token.ts";
import { Throttle } from "../../src/domain/throttle.ts";

const NOW = 1_795_342_530_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

describe("dueAt", () => {
  it.each([
    ["past", -DAY_MS, -DAY_MS],
    ["now", 0, 0],
    ["as far ahead as the longest wait", 1_000, 1_000],
    ["further ahead than that", 1_001, 0],
    ["without end", Number.POSITIVE_INFINITY, 0],
  ])("of a time that is %s", (_name, inMs, dueInMs) => {
    expect(dueAt(NOW + inMs, NOW, 1_000) - NOW).toBe(dueInMs);
  });
});

describe("isRecent", () => {
  it.each([
    [-1_000, false],
    [-999, true],
    [0, true],
    [999, true],
    [1_000, false],
  ])("of a time %i ms from now: %s", (inMs, isSo) => {
    expect(isRecent(NOW + inMs, NOW, 1_000)).toBe(isSo);
  });
});

describe("a lane whose clock was set back", () => {
  const inMs = (notBeforeMs: number, schedule: readonly number[]) => {
    const untilMs = waitsUntil({ ...newLane(3), notBeforeMs }, schedule, NOW);
    return untilMs === null ? null : untilMs - NOW;
  };

  it.each([
    ["a wait that is over", -1, [1], null],
    ["a wait that ends now", 0, [1], null],
    ["the longest that a destination may ask for", HOUR_MS, [1], HOUR_MS],
    ["longer than that", HOUR_MS + 1, [1], null],
    ["the longest of its schedule, spread", 1.2 * DAY_MS, [1, 86_400, 5], 1.2 * DAY_MS],
    ["longer than that", 1.2 * DAY_MS + 1, [1, 86_400, 5], null],
    ["a year, without a schedule", 365 * DAY_MS, [], null],
  ])("waits for %s", (_name, aheadMs, schedule, waitMs) => {
    expect(inMs(NOW + aheadMs, schedule)).toBe(waitMs);
  });

  it("stays parked for as long as a person lets it", () => {
    expect(waitsUntil({ notBeforeMs: PARKED }, [1], NOW)).toBe(PARKED);
  });
});

describe("a breaker whose clock was set back", () => {
  const open: Breaker = { ...HEALTHY, state: "open", openedBy: "failures", failures: 5 };
  const failure = {
    station: "a",
    class: "trouble",
    retryAfterMs: null,
    answer: "HTTP 503",
  } as const;

  it("puts no probe off for longer than a destination may ask", () => {
    expect(probeAtMs({ ...open, nextProbeMs: NOW + HOUR_MS }, NOW)).toBe(NOW + HOUR_MS);
    expect(probeAtMs({ ...open, nextProbeMs: NOW + HOUR_MS + 1 }, NOW)).toBe(NOW);
  });

  it("takes what a destination has asked for as no more than it may ask", () => {
    const asked = { ...open, nextProbeMs: NOW + DAY_MS, askedUntilMs: NOW + DAY_MS };
    const granted = afterGrant(asked, NOW);
    // Neither at once, again and again, nor in a day.
    expect(granted.nextProbeMs).toBe(NOW + 10 * SECOND_MS);
    const lone = { ...asked, failedLanes: ["a"] };
    expect(afterBlocked(lone, "b", NOW).nextProbeMs).toBe(NOW + 5 * SECOND_MS);
    expect(afterReport(granted, failure, NOW).breaker.nextProbeMs).toBe(NOW + 10 * SECOND_MS);
  });

  it("disables no route later than five days from then on", () => {
    const aheadMs = NOW + 20 * HOUR_MS;
    const before = { ...open, failingSinceMs: aheadMs, lastFailureMs: aheadMs };
    const { failingSinceMs } = afterReport(before, failure, NOW).breaker;
    expect(failingSinceMs).toBe(NOW);
    const old = { ...open, failingSinceMs: NOW, lastFailureMs: NOW + DISABLE_AFTER_MS };
    expect(afterReport(old, failure, NOW + DISABLE_AFTER_MS).change).toBe("disable");
  });

  it("keeps no route suspect until its last failure comes again", () => {
    const suspect: Breaker = { ...HEALTHY, state: "suspect", lastFailureMs: NOW + DAY_MS };
    expect(isCalm(suspect, NOW)).toBe(true);
    expect(isCalm({ ...suspect, lastFailureMs: NOW + 59 * SECOND_MS }, NOW)).toBe(false);
  });
});

describe("a clock that jumps ahead by days", () => {
  it("disables no route that has failed for a moment", () => {
    const { breaker } = afterReport(
      { ...HEALTHY, state: "open", openedBy: "failures", failingSinceMs: NOW, lastFailureMs: NOW },
      { station: "a", class: "trouble", retryAfterMs: null, answer: "HTTP 503" },
      NOW + 6 * DAY_MS,
    );
    expect(breaker).toMatchObject({ state: "open", failingSinceMs: NOW + 6 * DAY_MS });
  });
});

describe("a clock that was set back", () => {
  it("lets a replay go on", () => {
    expect(nextAttemptMs(NOW + 200, NOW)).toBe(NOW + 220);
    expect(nextAttemptMs(NOW + 201, NOW)).toBe(NOW + 20);
    expect(nextAttemptMs(NOW + DAY_MS, NOW)).toBe(NOW + 20);
  });

  it("stops no destination's line for longer than an interval, and keeps no place for a day", () => {
    const line = new Throttle();
    const aheadMs = NOW + DAY_MS;
    line.setLimits({ ratePerSecond: 2, concurrency: null }, aheadMs);
    for (const lane of ["gone", "a", "b"]) line.enter(lane, aheadMs);
    line.sendAway("gone", aheadMs);
    expect(line.next(aheadMs)).toEqual({ lane: "a" });
    expect(line.next(NOW)).toEqual({ inMs: 500 });
    expect(line.next(NOW + 499)).toEqual({ inMs: 1 });
    expect(line.next(NOW + 500)).toEqual({ lane: "b" });
    // Were the place of the one that went away kept, thirty more would be one too many.
    const lanes = Array.from({ length: 30 }, (_, at) => `${at}`);
    expect(lanes.map((lane) => line.enter(lane, NOW + 500))).toEqual(lanes.map(() => null));
  });

  it("lets the room of requests that were cut off be taken again", () => {
    const backlog = new Backlog({ maxItems: 2, maxSize: 10, forgetAfterMs: 30_000 });
    expect(backlog.enter("a", 1, NOW + DAY_MS)).not.toBeNull();
    expect(backlog.hasRoom("a", 1, NOW + DAY_MS)).toBe(false);
    expect(backlog.hasRoom("a", 1, NOW)).toBe(true);
  });

  it("ends a stream whose token has longer to live than any", () => {
    const longestMs = MAX_TOKEN_SECONDS * 1000 + 5 * MINUTE_MS;
    expect(endOfToken(NOW + longestMs, NOW)).toBe(NOW + longestMs);
    expect(endOfToken(NOW + longestMs + 1, NOW)).toBe(NOW);
  });

  it("tells of a source's silence as if its last event had just come", () => {
    const source = { lastEventAtMs: NOW, updatedAtMs: NOW - HOUR_MS, silentAfterSeconds: 8 };
    const ahead = { ...source, lastEventAtMs: NOW + DAY_MS, updatedAtMs: NOW + DAY_MS };
    expect(silentAtMs(heedClock(ahead, NOW))).toBe(silentAtMs(source));
    // Edges whose clocks differ a little from the tenant's are believed.
    const alike = {
      ...source,
      lastEventAtMs: NOW + 5 * MINUTE_MS,
      updatedAtMs: NOW + 5 * MINUTE_MS,
    };
    expect(heedClock(alike, NOW)).toEqual(alike);
  });
});
