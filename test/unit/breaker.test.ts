import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  type AttemptReport,
  afterBlocked,
  afterGrant,
  afterNobody,
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

  it("remembers the first two lanes that failed, and the first three that were refused", () => {
    const lanes = ["a", "b", "a", "c", "d"];
    const refused = run(lanes.map((lane) => report("refused", lane))).breaker;
    expect(refused.refusedLanes).toEqual(["a", "b", "c"]);
    const failing = run(lanes.map((lane) => report("trouble", lane))).breaker;
    expect(failing.failedLanes).toEqual(["a", "b"]);
  });

  it("counts the time that it fails from the first failure since the last success", () => {
    const reports = [report("trouble"), report("delivered"), report("trouble"), report("trouble")];
    expect(run(reports).breaker.failingSinceMs).toBe(NOW + 2000);
  });

  it("is as it was when a lane comes that may attempt nothing", () => {
    const { breaker } = run([report("trouble", "a")]);
    expect(afterBlocked(breaker, "b", NOW)).toBe(breaker);
  });

  it("knows nothing of a destination before the first attempt, and has nothing to calm", () => {
    expect(HEALTHY).toMatchObject({ lastAnswer: "", warned: false, announced: false });
    expect(isCalm(HEALTHY, NOW)).toBe(false);
  });

  it("is healthy again after a minute without a failure", () => {
    const { breaker } = run([report("trouble"), report("delivered")]);
    expect(isCalm(breaker, NOW + CALM_MS - 1)).toBe(false);
    expect(isCalm(breaker, NOW + CALM_MS)).toBe(true);
    expect(isCalm(failed(), NOW + HOUR_MS)).toBe(false);
  });

  it.each(["trouble", "refused"] as const)(
    "is not healthy again before a success has come after the last one that was %s",
    (outcome) => {
      const { breaker } = run([report("trouble"), report("delivered"), report(outcome)]);
      expect(isCalm(breaker, NOW + HOUR_MS)).toBe(false);
      const { breaker: well } = afterReport(breaker, report("delivered"), NOW + HOUR_MS);
      expect(isCalm(well, NOW + HOUR_MS)).toBe(true);
    },
  );

  it("tells of its end when the outage was announced, and only then", () => {
    const quiet = afterNobody(failed());
    expect(afterReport(quiet, report("delivered"), NOW).change).toBe("none");
    const announced = { ...quiet, announced: true };
    expect(isCalm({ ...announced, failures: 0 }, NOW + HOUR_MS)).toBe(false);
    const { breaker, change } = afterReport(announced, report("delivered"), NOW);
    expect(change).toBe("closed");
    expect(breaker).toMatchObject({ state: "suspect", announced: false });
    expect(afterReport(breaker, report("delivered"), NOW).change).toBe("none");
  });
});

describe("a breaker whose probe nobody waits for", () => {
  it("lets the next attempt try, and opens again when it fails", () => {
    const before = failed({ announced: true });
    const tried = afterNobody(before);
    expect(tried).toEqual({ ...before, state: "suspect", openedBy: null, failures: 4 });
    expect(afterReport(tried, report("trouble"), NOW)).toMatchObject({
      change: "opened",
      breaker: { state: "open", openedBy: "failures", announced: true },
    });
  });

  it("opens again at one refusal more, when refusals had opened it", () => {
    const tried = afterNobody(run(refusedBy("a", "b", "c")).breaker);
    expect(tried).toMatchObject({ state: "suspect", openedBy: null, refusals: 19 });
    expect(afterReport(tried, report("refused"), NOW)).toMatchObject({
      change: "opened",
      breaker: { state: "open", openedBy: "refusals" },
    });
  });

  it("is not nearer to opening than it was", () => {
    const tried = afterNobody(failed({ failures: 2, refusals: 3 }));
    expect(tried).toMatchObject({ failures: 2, refusals: 3 });
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

  it("is calm no sooner than a minute after it closed", () => {
    const laterMs = NOW + HOUR_MS;
    const { breaker } = afterReport(failed(), report("delivered"), laterMs);
    expect(breaker.lastFailureMs).toBe(laterMs);
    expect(isCalm(breaker, laterMs + CALM_MS - 1)).toBe(false);
  });

  it("counts the refusal that closed it", () => {
    const { breaker } = afterReport(failed(), report("refused", "cs9"), NOW);
    expect(breaker).toMatchObject({ refusals: 1, refusedLanes: ["cs9"] });
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

  it("is left alone for as long as the destination has asked, whoever is probed or comes", () => {
    const asked = failed({ nextProbeMs: NOW, askedUntilMs: NOW + HOUR_MS });
    expect(afterGrant(asked, NOW).nextProbeMs).toBe(NOW + HOUR_MS);
    const late = { ...asked, nextProbeMs: NOW + 2 * HOUR_MS };
    expect(afterBlocked(late, "cs2", NOW).nextProbeMs).toBe(NOW + HOUR_MS);
    const over = { ...late, askedUntilMs: NOW + 4999 };
    expect(afterGrant(over, NOW).nextProbeMs).toBe(NOW + 10_000);
    expect(afterBlocked(over, "cs2", NOW).nextProbeMs).toBe(NOW + 5000);
  });

  it("does not forget what the destination has asked for when it asks for less", () => {
    const asked = afterReport(failed(), report("trouble", "cs1", HOUR_MS), NOW).breaker;
    const { breaker } = afterReport(asked, report("trouble"), NOW + 1000);
    expect(breaker).toMatchObject({ askedUntilMs: NOW + HOUR_MS, nextProbeMs: NOW + HOUR_MS });
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
