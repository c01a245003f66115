import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type Limits, MAX_WAIT_MS, Throttle } from "../../src/domain/throttle.ts";

const NOW = 1_795_342_530_000;

function throttle(limits: Partial<Limits>): Throttle {
  const made = new Throttle();
  made.setLimits({ ratePerSecond: null, concurrency: null, ...limits }, NOW);
  return made;
}

/** Lets in whoever may, as the gate does; the lanes, in order. */
function admit(line: Throttle, nowMs: number): string[] {
  const admitted: string[] = [];
  for (;;) {
    const next = line.next(nowMs);
    if (next === null || "inMs" in next) return admitted;
    admitted.push(next.lane);
  }
}

function enter(line: Throttle, nowMs: number, ...lanes: string[]): (number | null)[] {
  return lanes.map((lane) => line.enter(lane, nowMs)?.inMs ?? null);
}

describe("Throttle, by rate", () => {
  it("starts one attempt an interval, first come, first served", () => {
    const line = throttle({ ratePerSecond: 2 });
    enter(line, NOW, "a", "b", "c");
    expect(admit(line, NOW)).toEqual(["a"]);
    // Idle before: the first start counts as caught up with.
    expect(line.next(NOW)).toEqual({ inMs: 250 });
    expect(admit(line, NOW + 249)).toEqual([]);
    expect(admit(line, NOW + 250)).toEqual(["b"]);
    expect(admit(line, NOW + 749)).toEqual([]);
    expect(admit(line, NOW + 750)).toEqual(["c"]);
    expect(line.next(NOW + 750)).toBeNull();
  });

  it("catches up with a quarter of a second of lateness, and not with more", () => {
    const line = throttle({ ratePerSecond: 10 });
    const lanes = Array.from({ length: 40 }, (_, at) => `${at}`);
    enter(line, NOW, ...lanes);
    expect(admit(line, NOW)).toHaveLength(3);
    // 50 ms from now the next is due; what is due until then comes together, less what is too old.
    expect(admit(line, NOW + 300)).toHaveLength(3);
    expect(admit(line, NOW + 2_000)).toHaveLength(3);
  });

  it.each([0.01, 0.5, 3, 50, 999.5, 1_000])("keeps %d a second within a tenth", (ratePerSecond) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 50 }), (lateness) => {
        const line = throttle({ ratePerSecond });
        let started = 0;
        const spanMs = Math.max(60_000, 20_000 / ratePerSecond);
        for (let nowMs = NOW, step = 0; nowMs < NOW + spanMs; step += 1) {
          while (line.enter(`lane ${started}`, nowMs) === null) {
            if (admit(line, nowMs).length === 0) break;
            started += 1;
          }
          const waitMs = Math.ceil(Math.max(line.freeAtMs - nowMs, 1));
          nowMs += waitMs + (lateness[step % lateness.length] ?? 0);
        }
        const expected = (ratePerSecond * spanMs) / 1000;
        // One is under way at either end.
        expect(started).toBeLessThanOrEqual(expected * 1.1 + 1);
        expect(started).toBeGreaterThanOrEqual(expected * 0.9 - 1);
      }),
      { numRuns: 5 },
    );
  });

  it("sends away who would wait longer than 15 s, and says when its turn is", () => {
    const line = throttle({ ratePerSecond: 1 });
    const lanes = Array.from({ length: 20 }, (_, at) => `${at}`);
    enter(line, NOW, "first");
    admit(line, NOW);
    const told = enter(line, NOW, ...lanes);
    // The next start is in 750 ms.
    expect(told.slice(0, 15)).toEqual(Array.from({ length: 15 }, () => null));
    expect(told.slice(15)).toEqual([15_750, 16_750, 17_750, 18_750, 19_750]);
    expect(MAX_WAIT_MS).toBe(15_000);
  });

  it("lets a lane wait whose turn is exactly 15 s away", () => {
    const line = throttle({ ratePerSecond: 4 });
    const lanes = Array.from({ length: 62 }, (_, at) => `${at}`);
    expect(enter(line, NOW, ...lanes).slice(59)).toEqual([null, null, 15_250]);
  });

  it("sends away the lane that is named, and no other", () => {
    const line = throttle({});
    enter(line, NOW, "a", "b", "c");
    expect(line.sendAway("b", NOW)).toEqual({ kind: "later", inMs: 5_000 });
    expect(admit(line, NOW)).toEqual(["a", "c"]);
  });

  it("lets in one at a time, and nobody twice, when there are no limits", () => {
    const line = new Throttle();
    expect(admit(line, NOW)).toEqual([]);
    enter(line, NOW, "a", "b", "a");
    expect(admit(line, NOW)).toEqual(["a", "b"]);
  });

  it("lets a lane that comes back go on at its place, before who came after it", () => {
    const line = throttle({ ratePerSecond: 0.05 });
    expect(enter(line, NOW, "a")).toEqual([null]);
    expect(admit(line, NOW)).toEqual(["a"]);
    expect(enter(line, NOW, "b", "c")).toEqual([19_750, 39_750]);
    expect(enter(line, NOW + 10_000, "d")).toEqual([49_750]);
    expect(enter(line, NOW + 19_750, "b")).toEqual([null]);
    expect(admit(line, NOW + 19_750)).toEqual(["b"]);
    // Asking early changes nothing: it is told again.
    expect(enter(line, NOW + 20_000, "c")).toEqual([19_750]);
    expect(enter(line, NOW + 39_750, "d", "c")).toEqual([20_000, null]);
    expect(admit(line, NOW + 39_750)).toEqual(["c"]);
  });

  it("passes over a lane that is not there, which costs nobody a start", () => {
    const line = throttle({ ratePerSecond: 0.1 });
    enter(line, NOW, "a");
    admit(line, NOW);
    enter(line, NOW, "b");
    line.sendAway("b", NOW, 0);
    expect(enter(line, NOW + 9_750, "c")).toEqual([null]);
    expect(admit(line, NOW + 9_750)).toEqual(["c"]);
  });

  it("keeps a place for a minute after the lane was to come back, and no longer", () => {
    const placeAfter = (ms: number) => {
      const line = throttle({ ratePerSecond: 0.05 });
      enter(line, NOW, "a");
      admit(line, NOW);
      expect(enter(line, NOW, "b")).toEqual([19_750]);
      return enter(line, NOW + 19_750 + ms, "c")[0];
    };
    expect(placeAfter(59_999)).toBe(20_000);
    expect(placeAfter(60_000)).toBeNull();
  });

  it("sends nobody away for more than five minutes, by when the limits may be others", () => {
    const line = throttle({ ratePerSecond: 0.01 });
    enter(line, NOW, "a");
    admit(line, NOW);
    expect(enter(line, NOW, "b", "c", "d", "e", "f")).toEqual([
      99_750, 199_750, 299_750, 300_000, 300_000,
    ]);
  });

  it("goes by a changed rate from the next start on", () => {
    const line = throttle({ ratePerSecond: 0.01 });
    enter(line, NOW, "a");
    admit(line, NOW);
    line.setLimits({ ratePerSecond: 10, concurrency: null }, NOW);
    expect(enter(line, NOW, "b")).toEqual([null]);
    expect(admit(line, NOW + 99)).toEqual([]);
    expect(admit(line, NOW + 100)).toEqual(["b"]);
    line.setLimits({ ratePerSecond: null, concurrency: null }, NOW + 100);
    enter(line, NOW + 100, "c", "d");
    expect(admit(line, NOW + 100)).toEqual(["c", "d"]);
  });

  it("does not count again what it counted when the same limits are set again", () => {
    const line = throttle({ ratePerSecond: 1 });
    enter(line, NOW, "a", "b");
    admit(line, NOW);
    line.setLimits({ ratePerSecond: 1, concurrency: 5 }, NOW + 100);
    expect(line.next(NOW + 100)).toEqual({ inMs: 650 });
  });
});

describe("Throttle, by number in flight", () => {
  it("starts the next when one has ended, first come, first served", () => {
    const line = throttle({ concurrency: 2 });
    enter(line, NOW, "a", "b", "c", "d");
    expect(admit(line, NOW)).toEqual(["a", "b"]);
    expect(line.next(NOW)).toBeNull();
    line.end();
    expect(admit(line, NOW)).toEqual(["c"]);
    line.end();
    line.end();
    expect(admit(line, NOW)).toEqual(["d"]);
  });

  it("keeps the place of a lane that has waited long enough", () => {
    const line = throttle({ concurrency: 1 });
    enter(line, NOW, "a", "b", "c");
    admit(line, NOW);
    expect(line.sendAway("b", NOW + 15_000)).toEqual({ kind: "later", inMs: 5_000 });
    enter(line, NOW + 20_000, "d", "b");
    line.end();
    expect(admit(line, NOW + 20_000)).toEqual(["b"]);
  });

  it("never has more in flight than it may, whatever comes and goes", () => {
    const steps = fc.array(fc.constantFrom("enter", "end", "away", "back"), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 5 }), (acts, concurrency) => {
        const line = throttle({ concurrency, ratePerSecond: 1_000 });
        const inFlight = new Set<string>();
        acts.forEach((act, at) => {
          const nowMs = NOW + at * 7;
          const lane = `${at % 8}`;
          if ((act === "enter" || act === "back") && !inFlight.has(lane)) line.enter(lane, nowMs);
          if (act === "away") line.sendAway(lane, nowMs);
          const [first] = inFlight;
          if (act === "end" && first !== undefined) {
            inFlight.delete(first);
            line.end();
          }
          for (const admitted of admit(line, nowMs)) {
            expect(inFlight.has(admitted)).toBe(false);
            inFlight.add(admitted);
          }
          expect(inFlight.size).toBeLessThanOrEqual(concurrency);
        });
      }),
      { numRuns: 200 },
    );
  });
});
