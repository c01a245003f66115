import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  afterAttempt,
  giveUp,
  type Lane,
  type LanePolicy,
  newLane,
  PARKED,
  skipLost,
  withHead,
} from "../../src/domain/lane.ts";
import type { Outcome } from "../../src/domain/outcome.ts";

const NOW = 1_795_342_530_000;
const MIDDLE = 0.5;
const POLICY: LanePolicy = { scheduleSeconds: [1, 5, 30], onExhausted: "dead_letter" };

const lane = (overrides: Partial<Lane> = {}): Lane => ({
  ...newLane(10),
  prevSeq: 8,
  ...overrides,
});
const answered = (status: number, retryAfterMs: number | null = null): Outcome => ({
  kind: "answered",
  status,
  retryAfterMs,
  latencyMs: 5,
  snippet: "",
});
const timeout: Outcome = { kind: "failed", error: "timeout", detail: "", latencyMs: 5 };

const step = (before: Lane, outcome: Outcome, policy: LanePolicy = POLICY, seq = 12) =>
  afterAttempt(before, seq, outcome, policy, false, NOW, MIDDLE);
const stepWhileOpen = (before: Lane, outcome: Outcome) =>
  afterAttempt(before, 12, outcome, POLICY, true, NOW, MIDDLE);

const newLaneAt = (seq: number): Lane => ({ ...newLane(seq), prevSeq: seq });

describe("withHead", () => {
  it("keeps what was tried at this head, and forgets what was tried at another", () => {
    const tried = lane({ headSeq: 12, attempts: 3, refusals: 1, notBeforeMs: NOW });
    expect(withHead(tried, 12)).toBe(tried);
    expect(withHead(tried, 11)).toEqual({
      ...tried,
      headSeq: 11,
      attempts: 0,
      failures: 0,
      refusals: 0,
      notBeforeMs: null,
    });
  });

  it("leaves for good what lies before it, and never goes back to it", () => {
    expect(withHead(lane(), 13).cursor).toBe(12);
    expect(withHead(lane(), 3).cursor).toBe(10);
  });
});

describe("newLane", () => {
  it("has delivered, tried and given up nothing", () => {
    expect(newLane(7)).toEqual({
      cursor: 7,
      prevSeq: null,
      headSeq: null,
      attempts: 0,
      failures: 0,
      refusals: 0,
      notBeforeMs: null,
      gap: null,
    });
  });
});

describe("afterAttempt", () => {
  it.each([200, 202, 204, 299])("goes on after a %i", (status) => {
    const before = lane({
      attempts: 3,
      refusals: 1,
      notBeforeMs: NOW - 1,
      gap: { first: 9, last: 11 },
    });
    expect(step(before, answered(status))).toEqual({
      kind: "delivered",
      lane: newLaneAt(12),
    });
  });

  it.each([
    ["a timeout", timeout],
    ["a redirect", answered(302)],
    ["a 404", answered(404)],
    ["a 503", answered(503)],
  ])("waits with the head and its gap after %s", (_name, outcome) => {
    const before = lane({ gap: { first: 9, last: 10 } });
    expect(step(before, outcome)).toEqual({
      kind: "wait",
      atMs: NOW + 1000,
      lane: { ...before, attempts: 1, failures: 1, notBeforeMs: NOW + 1000 },
    });
  });

  it.each([
    [0, 1000],
    [1, 5000],
    [2, 30_000],
  ])("after %i failures before, waits %i ms", (failures, delayMs) => {
    const after = step(lane({ attempts: failures, failures }), answered(500));
    expect(after).toMatchObject({ kind: "wait", atMs: NOW + delayMs });
    expect(after.lane).toMatchObject({ cursor: 10, prevSeq: 8, failures: failures + 1 });
  });

  it.each([
    ["longer than the schedule", 60_000, 60_000],
    ["shorter than the schedule", 10, 1000],
    ["for nothing", 0, 1000],
  ])("honours a destination that asks %s", (_name, askedMs, delayMs) => {
    expect(step(lane(), answered(429, askedMs))).toMatchObject({ atMs: NOW + delayMs });
  });

  it("does not let a destination that asks for patience prolong the schedule", () => {
    expect(step(lane({ failures: 3 }), answered(429, 60_000)).kind).toBe("give_up");
  });

  it.each([
    ["dead_letter", true],
    ["drop", false],
  ] as const)(
    "gives the head up when the schedule is spent and the route says %s",
    (onExhausted, keep) => {
      const policy = { ...POLICY, onExhausted };
      expect(step(lane({ failures: 3 }), timeout, policy)).toEqual({
        kind: "give_up",
        keep,
        lane: {
          cursor: 12,
          prevSeq: 8,
          headSeq: null,
          attempts: 0,
          failures: 0,
          refusals: 0,
          notBeforeMs: null,
          gap: { first: 12, last: 12 },
        },
      });
    },
  );

  it("parks the lane at its head when the route says so", () => {
    const before = lane({ attempts: 3, failures: 3, gap: { first: 9, last: 9 } });
    expect(step(before, timeout, { ...POLICY, onExhausted: "park" })).toEqual({
      kind: "park",
      lane: { ...before, attempts: 4, failures: 4, notBeforeMs: PARKED },
    });
    expect(PARKED).toBeGreaterThan(Date.UTC(9999, 0));
  });

  it("gives up at once when the schedule is empty", () => {
    expect(step(lane(), timeout, { ...POLICY, scheduleSeconds: [] }).kind).toBe("give_up");
  });

  it.each([400, 402, 409, 413, 422])("tries an event refused with %i once more", (status) => {
    const first = step(lane(), answered(status));
    expect(first).toEqual({
      kind: "wait",
      atMs: NOW + 1000,
      lane: lane({ attempts: 1, refusals: 1, notBeforeMs: NOW + 1000 }),
    });
    expect(step(first.lane, answered(status)).kind).toBe("give_up");
    expect(step(first.lane, answered(status), { ...POLICY, onExhausted: "park" })).toEqual({
      kind: "park",
      lane: lane({ attempts: 2, refusals: 2, notBeforeMs: PARKED }),
    });
  });

  it("tries a refused event once more when the schedule is empty, too", () => {
    const policy = { ...POLICY, scheduleSeconds: [] };
    const first = step(lane(), answered(400), policy);
    expect(first.kind).toBe("wait");
    expect(step(first.lane, answered(400), policy).kind).toBe("give_up");
  });

  it("tries an event once more when it is refused for the first time after trouble", () => {
    const troubled = step(lane(), answered(503));
    const refused = step(troubled.lane, answered(400));
    expect(refused.kind).toBe("wait");
    expect(step(refused.lane, answered(400)).kind).toBe("give_up");
  });

  it.each([0, 1, 2, 3])("tries a refused event once more after %i troubles", (troubles) => {
    const refused = step(lane({ attempts: troubles, failures: troubles }), answered(400));
    expect(refused).toEqual({
      kind: "wait",
      atMs: NOW + 1000,
      lane: lane({
        attempts: troubles + 1,
        failures: troubles,
        refusals: 1,
        notBeforeMs: NOW + 1000,
      }),
    });
    expect(step(refused.lane, answered(400)).kind).toBe("give_up");
  });

  it.each([
    [0, 1000],
    [1, 5000],
    [2, 30_000],
  ])("does not count a refusal among %i failures before, waits %i ms", (failures, delayMs) => {
    const refused = lane({ attempts: failures + 1, failures, refusals: 1 });
    expect(step(refused, timeout)).toEqual({
      kind: "wait",
      atMs: NOW + delayMs,
      lane: {
        ...refused,
        attempts: failures + 2,
        failures: failures + 1,
        notBeforeMs: NOW + delayMs,
      },
    });
  });

  it("is out of tries when the schedule is spent, a refusal among them or not", () => {
    expect(step(lane({ attempts: 4, failures: 3, refusals: 1 }), timeout).kind).toBe("give_up");
  });

  it("remembers a refusal through trouble", () => {
    const refused = step(lane(), answered(400));
    const troubled = step(refused.lane, answered(503));
    expect(troubled.kind).toBe("wait");
    expect(step(troubled.lane, answered(400)).kind).toBe("give_up");
  });

  it("does not wait for a Retry-After of a refusal", () => {
    expect(step(lane(), answered(400, 3_600_000))).toMatchObject({ atMs: NOW + 1000 });
  });

  it.each([
    ["trouble", answered(503)],
    ["a refusal", answered(422)],
    ["a timeout", timeout],
  ])("uses nothing up for %s while the breaker is open", (_name, outcome) => {
    const before = lane({ headSeq: 12, attempts: 7, failures: 3, refusals: 1, notBeforeMs: NOW });
    expect(stepWhileOpen(before, outcome)).toEqual({
      kind: "hold",
      lane: { ...before, attempts: 8, notBeforeMs: null },
    });
  });

  it.each([
    ["trouble", answered(503)],
    ["a refusal", answered(422)],
  ])("stays parked when a person's try comes to %s while the breaker is open", (_name, outcome) => {
    const before = lane({ headSeq: 12, attempts: 2, refusals: 2, notBeforeMs: PARKED });
    expect(stepWhileOpen(before, outcome)).toEqual({
      kind: "hold",
      lane: { ...before, attempts: 3 },
    });
  });

  it("goes on after a success, and stops at a 410, whatever the breaker", () => {
    expect(stepWhileOpen(lane(), answered(200)).kind).toBe("delivered");
    expect(stepWhileOpen(lane(), answered(410)).kind).toBe("disable");
  });

  it("keeps the head in its place, with all its tries, when the destination is gone", () => {
    const before = lane({
      attempts: 2,
      failures: 1,
      refusals: 1,
      notBeforeMs: NOW,
      gap: { first: 9, last: 10 },
    });
    expect(step(before, answered(410))).toEqual({
      kind: "disable",
      lane: { ...before, attempts: 3, failures: 0, refusals: 0, notBeforeMs: null },
    });
  });

  it("does not fall back when the answer concerns an event long settled", () => {
    for (const outcome of [answered(200), answered(410), answered(400), timeout]) {
      for (const tried of [{ attempts: 0 }, { failures: 9 }, { failures: 9, refusals: 1 }]) {
        expect(step(lane(tried), outcome, POLICY, 3).lane.cursor).toBe(10);
      }
    }
  });

  it("leaves the lane before it as it was", () => {
    const before = Object.freeze(lane({ gap: Object.freeze({ first: 9, last: 10 }) }));
    for (const outcome of [answered(200), answered(410), answered(400), timeout]) {
      expect(() => step(before, outcome)).not.toThrow();
    }
  });
});

describe("giveUp", () => {
  it("starts a gap, widens it, and the next delivery ends it", () => {
    const one = giveUp(lane({ attempts: 4, refusals: 1, notBeforeMs: NOW }), 12);
    expect(one).toEqual({ ...newLane(12), prevSeq: 8, gap: { first: 12, last: 12 } });
    const two = giveUp(one, 15);
    expect(two).toEqual({ ...newLane(15), prevSeq: 8, gap: { first: 12, last: 15 } });
    const { lane: after } = step(two, answered(200), POLICY, 16);
    expect(after).toEqual({ ...newLane(16), prevSeq: 16 });
  });

  it("ends the wait of a parked lane", () => {
    expect(giveUp(lane({ notBeforeMs: PARKED }), 12).notBeforeMs).toBeNull();
  });
});

describe("skipLost", () => {
  it("announces what the log no longer has, and goes on after it", () => {
    const before = lane({ attempts: 4, refusals: 1, notBeforeMs: NOW });
    expect(skipLost(before, { first: 11, last: 40 })).toEqual({
      ...newLane(40),
      prevSeq: 8,
      gap: { first: 11, last: 40 },
    });
  });

  it("joins what was lost to what was given up, in either order", () => {
    const before = lane({ gap: { first: 9, last: 10 } });
    expect(skipLost(before, { first: 11, last: 40 }).gap).toEqual({ first: 9, last: 40 });
    expect(giveUp(skipLost(lane(), { first: 11, last: 40 }), 41).gap).toEqual({
      first: 11,
      last: 41,
    });
  });
});

describe("Lane", () => {
  type Move = {
    readonly kind: "attempt" | "give_up" | "lose";
    readonly status: number;
    readonly by: number;
  };
  const move: fc.Arbitrary<Move> = fc.record({
    kind: fc.constantFrom("attempt", "attempt", "attempt", "give_up", "lose"),
    status: fc.constantFrom(200, 302, 400, 401, 410, 429, 500),
    by: fc.integer({ min: 1, max: 5 }),
  });

  it("never falls back, and every seq is delivered or within an announced gap", () => {
    const policies = fc.constantFrom("dead_letter", "park", "drop").map((onExhausted) => ({
      scheduleSeconds: [1, 5],
      onExhausted,
    }));
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), policies, (moves, policy) => {
        let at = newLane(0);
        const settled = new Set<number>();
        for (const { kind, status, by } of moves) {
          const before = at;
          if (kind === "attempt")
            at = step(before, answered(status), policy, before.cursor + 1).lane;
          if (kind === "give_up") at = giveUp(before, before.cursor + 1);
          if (kind === "lose") {
            at = skipLost(before, { first: before.cursor + 1, last: before.cursor + by });
          }
          expect(at.cursor).toBeGreaterThanOrEqual(before.cursor);
          expect(at.prevSeq ?? 0).toBeLessThanOrEqual(at.cursor);
          expect(at.refusals).toBeLessThanOrEqual(at.attempts);
          if (at.prevSeq !== null) settled.add(at.prevSeq);
          for (let seq = at.gap?.first ?? 1; seq <= (at.gap?.last ?? 0); seq += 1) settled.add(seq);
        }
        expect([...settled].sort((a, b) => a - b)).toEqual(
          Array.from({ length: at.cursor }, (_, index) => index + 1),
        );
      }),
      { numRuns: 500 },
    );
  });
});
