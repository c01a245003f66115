import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type Later, type Limits, MAX_WAIT_MS } from "../../src/domain/throttle.ts";
import { Turnstile } from "../../src/domain/turnstile.ts";

const HOUR_MS = 3_600_000;

let turnstile = new Turnstile();
/** What was answered, in the order in which it was. */
let answers: [lane: string, turn: Later | null][] = [];

beforeEach(() => {
  vi.useFakeTimers();
  turnstile = new Turnstile();
  answers = [];
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function limit(limits: Partial<Limits>): void {
  turnstile.setLimits({ ratePerSecond: null, concurrency: null, ...limits });
}

async function enter(...lanes: string[]): Promise<void> {
  for (const lane of lanes) {
    void turnstile.enter(lane).then((turn) => answers.push([lane, turn]));
  }
  await pass(0);
}

async function leave(): Promise<void> {
  turnstile.leave();
  await pass(0);
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const later = (inMs: number): Later => ({ kind: "later", inMs });

describe("a turnstile", () => {
  it("lets everybody through at once where nothing is limited, and sets no timer", async () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    await enter("a", "b");
    await leave();
    await enter("c");
    expect(answers).toEqual([
      ["a", null],
      ["b", null],
      ["c", null],
    ]);
    expect(set).not.toHaveBeenCalled();
  });

  it("lets one through an interval, on time, first come, first served", async () => {
    limit({ ratePerSecond: 1 });
    await enter("a", "b", "c");
    expect(answers).toEqual([["a", null]]);
    // What came at the start is caught up with by a quarter of a second.
    await pass(749);
    expect(answers).toHaveLength(1);
    await pass(1);
    expect(answers.slice(1)).toEqual([["b", null]]);
    await pass(999);
    expect(answers).toHaveLength(2);
    await pass(1);
    expect(answers.slice(2)).toEqual([["c", null]]);
  });

  it("lets as many through at a time as may be, the next when one leaves", async () => {
    limit({ concurrency: 2 });
    await enter("a", "b", "c", "d");
    expect(answers).toHaveLength(2);
    await leave();
    expect(answers.slice(2)).toEqual([["c", null]]);
    await leave();
    expect(answers.slice(3)).toEqual([["d", null]]);
  });

  it("sends a lane away that has waited long enough, and keeps its place", async () => {
    limit({ concurrency: 1 });
    await enter("a", "b");
    await pass(1_000);
    await enter("c");
    await pass(MAX_WAIT_MS - 1_001);
    expect(answers).toHaveLength(1);
    await pass(1);
    expect(answers.slice(1)).toEqual([["b", later(5_000)]]);
    await pass(999);
    expect(answers).toHaveLength(2);
    await pass(1);
    expect(answers.slice(2)).toEqual([["c", later(5_000)]]);
    // Back in another order than they went: places count.
    await enter("c", "b");
    await leave();
    await leave();
    expect(answers.slice(3)).toEqual([
      ["b", null],
      ["c", null],
    ]);
  });

  it("lets a lane start whose turn comes in the moment in which it has waited long enough", async () => {
    limit({ ratePerSecond: 1 / 15.25 });
    await enter("a", "b");
    await pass(MAX_WAIT_MS);
    expect(answers.slice(1)).toEqual([["b", null]]);
  });

  it("has a lane come back whose turn is too far off to wait for", async () => {
    limit({ ratePerSecond: 1 / 15.26 });
    await enter("a", "b");
    expect(answers.slice(1)).toEqual([["b", later(15_010)]]);
    await pass(15_009);
    await enter("b");
    expect(answers).toHaveLength(2);
    await pass(1);
    expect(answers.slice(2)).toEqual([["b", null]]);
  });

  it("sends everybody away who waits, to look again at once", async () => {
    limit({ concurrency: 1 });
    await enter("a", "b", "c");
    turnstile.disperse();
    await pass(0);
    expect(answers.slice(1)).toEqual([
      ["b", later(0)],
      ["c", later(0)],
    ]);
    await leave();
    expect(answers).toHaveLength(3);
  });

  it("sends a lane away that asks again while it waits", async () => {
    limit({ concurrency: 1 });
    await enter("a", "b", "b");
    expect(answers.slice(1)).toEqual([["b", later(5_000)]]);
    await leave();
    expect(answers.slice(2)).toEqual([["b", null]]);
  });

  it("goes by other limits for who comes from then on", async () => {
    limit({ concurrency: 1 });
    await enter("a");
    limit({ concurrency: 2 });
    await enter("b", "c");
    expect(answers.slice(1)).toEqual([["b", null]]);
  });
});

describe("the timer of a turnstile", () => {
  it.each([
    [7, 0],
    [9, 1],
  ])("with a start every %i s: %i run after the last", async (seconds, count) => {
    limit({ ratePerSecond: 1 / seconds });
    await enter("a");
    expect(vi.getTimerCount()).toBe(count);
    await pass(seconds * 1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([0, HOUR_MS])(
    "is set anew where it would ring too late (clock set by %i)",
    async (byMs) => {
      limit({ concurrency: 1 });
      await enter("a", "b");
      vi.setSystemTime(Date.now() + byMs);
      limit({ ratePerSecond: 1 });
      await leave();
      await enter("c");
      expect(answers.map(([lane]) => lane)).toEqual(["a", "b"]);
      expect(vi.getTimerCount()).toBe(1);
      await pass(750);
      expect(answers.slice(2)).toEqual([["c", null]]);
    },
  );

  it("lets nobody wait for one that was set for long before the clock was set", async () => {
    limit({ ratePerSecond: 1 / 60 });
    await enter("a");
    vi.setSystemTime(Date.now() + 50_000);
    await enter("b");
    await pass(MAX_WAIT_MS);
    expect(answers.slice(1)).toEqual([["b", null]]);
  });

  it("ends by itself soon after nobody waits any more", async () => {
    limit({ concurrency: 1 });
    await enter("a", "b");
    await leave();
    await pass(MAX_WAIT_MS);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([{ ratePerSecond: 10 }, { concurrency: 1 }, { ratePerSecond: 10, concurrency: 1 }])(
    "is hardly ever cleared in a long rush: %j",
    async (limits) => {
      limit(limits);
      const clear = vi.spyOn(globalThis, "clearTimeout");
      await enter("first", "second");
      for (let count = 0; count < 300; count += 1) {
        await enter(`lane ${count}`);
        await pass(100);
        await leave();
      }
      // All but the one that waits now.
      expect(answers.length).toBeGreaterThanOrEqual(301);
      expect(answers.filter(([, turn]) => turn !== null)).toEqual([]);
      expect(clear.mock.calls.length).toBeLessThanOrEqual(2);
    },
  );

  it.each([-HOUR_MS, HOUR_MS])("is not misled by a clock that was set by %i ms", async (byMs) => {
    limit({ concurrency: 1 });
    await enter("a", "b");
    vi.setSystemTime(Date.now() + byMs);
    await enter("c");
    await pass(MAX_WAIT_MS);
    expect(answers.slice(1)).toEqual([
      ["b", later(5_000)],
      ["c", later(5_000)],
    ]);
  });
});
