import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  type AttemptReport,
  afterBlocked,
  afterGrant,
  afterReport,
  type Breaker,
  type BreakerChange,
  CALM_MS,
  DISABLE_AFTER_MS,
  HEALTHY,
  isCalm,
  OPENING_FAILURES,
  OPENING_REFUSALS,
  probeDelayMs,
  WARN_BEFORE_MS,
} from "../../src/domain/breaker.ts";

const NOW = 1_795_342_530_000;
const HOUR_MS = 3_600_000;

const report = (
  outcome: AttemptReport["class"],
  station = "cs1",
  retryAfterMs: number | null = null,
): AttemptReport => ({ class: outcome, station, retryAfterMs, answer: `was ${outcome}` });

/** The breaker after reports that come a second apart, and what each changed. */
function run(reports: readonly AttemptReport[], before = HEALTHY) {
  let breaker = before;
  const changes: BreakerChange[] = [];
  reports.forEach((one, index) => {
    const step = afterReport(breaker, one, NOW + index * 1000);
    breaker = step.breaker;
    changes.push(step.change);
  });
  return { breaker, changes };
}

const times = (count: number, ...reports: AttemptReport[]) =>
  Array.from({ length: count }, () => reports).flat();
const failed = (overrides: Partial<Breaker> = {}): Breaker => ({
  ...run(times(OPENING_FAILURES, report("trouble"))).breaker,
  ...overrides,
});
const refusedBy = (...stations: string[]) =>
  Array.from({ length: OPENING_REFUSALS }, (_, index) =>
    report("refused", stations[index % stations.length]),
  );

describe("a breaker that is closed", () => {
  it("costs a healthy route nothing", () => {
    expect(run([report("delivered")])).toEqual({ breaker: HEALTHY, changes: ["none"] });
  });

  it("becomes suspect at the first failure and opens at the fifth in a row, on whatever lanes", () => {
    const stations = ["a", "b", "a", "c", "d"];
    const { breaker, changes } = run(stations.map((station) => report("trouble", station)));
    expect(changes).toEqual(["suspected", "none", "none", "none", "opened"]);
    expect(breaker).toMatchObject({
      state: "open",
      openedBy: "failures",
      failures: 5,
      failingSinceMs: NOW,
      lastAnswer: "was trouble",
      nextProbeMs: NOW + 4000 + 5000,
    });
  });

  it.each(["delivered", "refused"] as const)("counts anew after an event %s", (outcome) => {
    const reports = [
      ...times(4, report("trouble")),
      report(outcome),
      ...times(4, report("trouble")),
    ];
    const { breaker, changes } = run(reports);
    expect(breaker).toMatchObject({ state: "suspect", failures: 4 });
    expect(changes).not.toContain("opened");
  });

  it("opens at twenty refusals from three lanes, trouble between them or not", () => {
    const refusals = refusedBy("a", "b", "c");
    expect(run(refusals.slice(1)).breaker.state).toBe("suspect");
    expect(run(refusals).breaker).toMatchObject({ state: "open", openedBy: "refusals" });
    const mixed = refusals.flatMap((refusal) => [refusal, report("trouble")]);
    expect(run(mixed).breaker.openedBy).toBe("refusals");
  });

  it("does not open for refusals from two lanes, or with a success between", () => {
    expect(run(times(3, ...refusedBy("a", "b"))).breaker.state).toBe("suspect");
    const refusals = refusedBy("a", "b", "c");
    const interrupted = [...refusals.slice(1), report("delivered"), ...refusals.slice(1)];
    expect(run(interrupted).breaker.state).toBe("suspect");
  });

  it("is healthy again after a minute without a failure", () => {
    const { breaker } = run([report("trouble"), report("delivered")]);
    expect(isCalm(breaker, NOW + CALM_MS - 1)).toBe(false);
    expect(isCalm(breaker, NOW + CALM_MS)).toBe(true);
    expect(isCalm(failed(), NOW + HOUR_MS)).toBe(false);
  });
});

describe("a breaker that is open", () => {
  it("closes at a success and forgets what failed", () => {
    const { breaker, change } = afterReport(failed(), report("delivered"), NOW);
    expect(change).toBe("closed");
    expect(breaker).toMatchObject({ state: "suspect", failures: 0, failingSinceMs: null });
  });

  it("closes at a refusal when failures opened it: the destination is there", () => {
    const { breaker, change } = afterReport(failed(), report("refused"), NOW);
    expect(change).toBe("closed");
    expect(breaker).toMatchObject({ state: "suspect", failures: 0, refusals: 1 });
  });

  it("stays open at a refusal when refusals opened it", () => {
    const before = run(refusedBy("a", "b", "c")).breaker;
    expect(afterReport(before, report("refused"), NOW)).toMatchObject({
      change: "none",
      breaker: { state: "open" },
    });
  });

  it("is probed after 5 s, then ever more slowly, up to every 5 min", () => {
    let breaker = failed();
    const delays: number[] = [];
    for (let probe = 0; probe < 9; probe += 1) {
      const dueMs = breaker.nextProbeMs;
      breaker = afterGrant(breaker, dueMs);
      delays.push((breaker.nextProbeMs - dueMs) / 1000);
    }
    expect(probeDelayMs(0)).toBe(5000);
    expect(delays).toEqual([10, 20, 40, 80, 160, 300, 300, 300, 300]);
    expect(probeDelayMs(1e9)).toBe(300_000);
  });

  it("waits with the next probe as long as the destination asks", () => {
    const asked = report("trouble", "cs1", HOUR_MS);
    const opening = [...times(4, report("trouble")), asked];
    expect(run(opening).breaker.nextProbeMs).toBe(NOW + 4000 + HOUR_MS);
    expect(afterReport(failed(), asked, NOW).breaker.nextProbeMs).toBe(NOW + HOUR_MS);
  });

  it("is probed soon by the first other lane, when a single lane's failures opened it", () => {
    const late = failed({ nextProbeMs: NOW + 300_000 });
    expect(afterBlocked(late, "cs1", NOW).nextProbeMs).toBe(NOW + 300_000);
    expect(afterBlocked(late, "cs2", NOW).nextProbeMs).toBe(NOW + 5000);
    const wide = { ...late, failedLanes: ["cs1", "cs3"] };
    expect(afterBlocked(wide, "cs2", NOW).nextProbeMs).toBe(NOW + 300_000);
  });

  it("warns a day ahead, once, and disables after five days on end", () => {
    const at = (failingMs: number, before = failed()) =>
      afterReport(
        { ...before, failingSinceMs: NOW - failingMs, lastFailureMs: NOW - 300_000 },
        report("trouble"),
        NOW,
      );
    const warnMs = DISABLE_AFTER_MS - WARN_BEFORE_MS;
    expect(at(warnMs - 1).change).toBe("none");
    const warned = at(warnMs);
    expect(warned.change).toBe("warn");
    expect(at(DISABLE_AFTER_MS - 1, warned.breaker).change).toBe("none");
    expect(at(DISABLE_AFTER_MS).change).toBe("disable");
  });

  it("starts the five days anew when nothing was tried for a day", () => {
    const before = failed({ failingSinceMs: NOW - 6 * DISABLE_AFTER_MS });
    const quiet = { ...before, lastFailureMs: NOW - 24 * HOUR_MS - 1 };
    expect(afterReport(quiet, report("trouble"), NOW)).toMatchObject({
      change: "none",
      breaker: { failingSinceMs: NOW },
    });
    const busy = { ...before, lastFailureMs: NOW - 24 * HOUR_MS };
    expect(afterReport(busy, report("trouble"), NOW).change).toBe("disable");
  });
});

describe("Breaker", () => {
  it("is open exactly from five failures in a row, or twenty refusals of three lanes, to the next success", () => {
    const outcomes = fc.constantFrom("delivered", "trouble", "trouble", "refused", "refused");
    const stations = fc.constantFrom("a", "b", "c", "d");
    const reports = fc.record({ outcome: outcomes, station: stations });
    fc.assert(
      fc.property(fc.array(reports, { maxLength: 120 }), (all) => {
        let breaker = HEALTHY;
        let [row, refusals, isOpen, byRefusals] = [0, 0, false, false];
        let refused = new Set<string>();
        for (const { outcome, station } of all) {
          breaker = afterReport(breaker, report(outcome, station), NOW).breaker;
          const ends = outcome === "delivered" || (isOpen && !byRefusals && outcome === "refused");
          if (ends) [row, refusals, isOpen, byRefusals, refused] = [0, 0, false, false, new Set()];
          if (outcome === "trouble") row += 1;
          if (outcome === "refused") {
            row = 0;
            refusals += 1;
            refused.add(station);
          }
          const wide = refusals >= 20 && refused.size >= 3;
          if (!isOpen && (row >= 5 || wide)) [isOpen, byRefusals] = [true, row < 5];
          expect(breaker.state === "open").toBe(isOpen);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
