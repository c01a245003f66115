import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  noteEveryMs,
  refusalBurst,
  SOURCE_KEPT_MS,
  silentAtMs,
} from "../../src/domain/source-health.ts";

const T = Date.UTC(2026, 10, 22, 10, 15);

describe("noteEveryMs", () => {
  it.each([
    [0, 60_000],
    [1, 250],
    [236, 59_000],
    [240, 60_000],
    [244, 60_000],
    [3600, 60_000],
  ])("of a source that is silent after %i s is %i ms", (seconds, ms) => {
    expect(noteEveryMs(seconds)).toBe(ms);
  });
});

describe("silentAtMs", () => {
  it("is the set time after the last event, and the time that an event may go without a note", () => {
    const source = { lastEventAtMs: T, updatedAtMs: T - 60_000, silentAfterSeconds: 3600 };
    expect(silentAtMs(source)).toBe(T + 3_600_000 + 60_000 + 2_000);
  });

  it("counts from a change of the settings, when every isolate has heard of it", () => {
    const source = { lastEventAtMs: T - 86_400_000, updatedAtMs: T, silentAfterSeconds: 8 };
    expect(silentAtMs(source)).toBe(T + SOURCE_KEPT_MS + 8_000 + 2_000 + 2_000);
  });

  it("never comes for a source whose events keep coming in time, also when the settings change", () => {
    const settings = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 7200 }));
    const run = fc.record({
      before: settings,
      after: settings,
      changedAfterMs: fc.integer({ min: 0, max: 100_000 }),
      // As shares of the longest gap that is still no silence.
      gaps: fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), {
        minLength: 1,
        maxLength: 200,
        size: "max",
      }),
      isolates: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 50 }),
    });
    fc.assert(
      fc.property(run, ({ before, after, changedAfterMs, gaps, isolates }) => {
        const changedMs = T + changedAfterMs;
        const notedMs = new Map<number, number>();
        let lastEventAtMs: number | null = null;
        let nowMs = T;
        gaps.forEach((share, index) => {
          const knowsChange = nowMs >= changedMs + SOURCE_KEPT_MS;
          const isolate = isolates[index % isolates.length] ?? 0;
          const every = noteEveryMs(knowsChange ? after : before);
          if (nowMs - (notedMs.get(isolate) ?? 0) >= every) {
            // The note arrives up to 2 s later; until then nobody may have called it silent.
            const isChanged = nowMs >= changedMs;
            const source = {
              silentAfterSeconds: isChanged ? after : before,
              updatedAtMs: isChanged ? changedMs : T - 1_000_000,
            };
            if (lastEventAtMs !== null) {
              expect(silentAtMs({ ...source, lastEventAtMs })).toBeGreaterThan(nowMs + 1_999);
            }
            lastEventAtMs = nowMs;
            notedMs.set(isolate, nowMs);
          }
          nowMs += share * (nowMs < changedMs ? Math.min(before, after) : after) * 1000;
        });
      }),
    );
  });
});

describe("refusalBurst", () => {
  const counts = (reasons: Record<string, number>) =>
    Object.entries(reasons).map(([reason, count]) => ({ reason, count }));

  it.each([
    ["nothing below five", {}, { signature_mismatch: 4 }, null],
    [
      "five at once",
      {},
      { signature_mismatch: 5 },
      { count: 5, reasons: { signature_mismatch: 5 } },
    ],
    ["nothing below five together", { signature_missing: 2 }, { signature_mismatch: 2 }, null],
    [
      "those before as well when it is five with them",
      { signature_missing: 2, signature_mismatch: 1 },
      { signature_mismatch: 2 },
      { count: 5, reasons: { signature_missing: 2, signature_mismatch: 3 } },
    ],
    [
      "only the new ones while it goes on",
      { signature_mismatch: 5 },
      { signature_mismatch: 1, signature_missing: 1 },
      { count: 2, reasons: { signature_mismatch: 6, signature_missing: 1 } },
    ],
    ["nothing when nothing is new", { signature_mismatch: 9 }, {}, null],
  ])("tells of %s", (_name, before, added, expected) => {
    expect(refusalBurst(counts(before), counts(added))).toEqual(expected);
  });
});
