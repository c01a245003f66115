import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { LATE, Patience, within } from "../../src/domain/patience.ts";

const LONG_MS = 60_000;
const never = new Promise<never>(() => {});

describe("within", () => {
  it("gives the answer that comes in time, whatever it is", async () => {
    expect(await within(LONG_MS, Promise.resolve("here"))).toBe("here");
    expect(await within(LONG_MS, Promise.resolve(null))).toBeNull();
  });

  it("gives up on an answer that does not come", async () => {
    expect(await within(5, never)).toBe(LATE);
  });

  it("fails as what it waits for has failed", async () => {
    await expect(within(LONG_MS, Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });

  it("lets nobody hear of a failure that comes too late", async () => {
    const unheard: unknown[] = [];
    const hear = (error: unknown) => unheard.push(error);
    process.on("unhandledRejection", hear);
    const { promise, reject } = Promise.withResolvers<never>();
    expect(await within(5, promise)).toBe(LATE);
    reject(new Error("broken"));
    // Node tells of what nobody has handled once its microtasks are done.
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", hear);
    expect(unheard).toEqual([]);
  });

  it("leaves no timer behind that would keep its object awake", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout");
    const before = timers().length;
    await within(LONG_MS, Promise.resolve("here"));
    await within(LONG_MS, Promise.reject(new Error("broken"))).catch(() => {});
    expect(timers()).toHaveLength(before);
  });
});

describe("Patience", () => {
  const LIMIT_MS = 2_000;
  let patience = new Patience(LIMIT_MS);

  beforeEach(() => {
    vi.useFakeTimers();
    patience = new Patience(LIMIT_MS);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  /** So many waits that end at once, each so long after the one before it. */
  async function waitOften(count: number, gapMs: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      if (index > 0) await vi.advanceTimersByTimeAsync(gapMs);
      await patience.wait(Promise.resolve(index));
    }
  }

  it("gives the answer that comes in time, and fails as what it waits for has failed", async () => {
    expect(await patience.wait(Promise.resolve(null))).toBeNull();
    const broken = Promise.reject(new Error("broken"));
    await expect(patience.wait(broken)).rejects.toThrow("broken");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets everyone who waits at the same time have the whole of it, by one timer", async () => {
    const late: string[] = [];
    const setTimer = vi.spyOn(globalThis, "setTimeout");
    const wait = async (name: string) => {
      if ((await patience.wait(never)) === LATE) late.push(name);
    };
    const waits = [wait("first")];
    await vi.advanceTimersByTimeAsync(1_500);
    waits.push(wait("second"));
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(499);
    expect(late).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(late).toEqual(["first"]);
    await vi.advanceTimersByTimeAsync(1_499);
    expect(late).toEqual(["first"]);
    await vi.advanceTimersByTimeAsync(1);
    await Promise.all(waits);
    expect(late).toEqual(["first", "second"]);
    expect(setTimer).toHaveBeenCalledTimes(2);
  });

  it("leaves no timer behind while one wait ends and another goes on, but the one that is needed", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const wait = patience.wait(promise);
    await patience.wait(Promise.resolve("other"));
    expect(vi.getTimerCount()).toBe(1);
    resolve("here");
    expect(await wait).toBe("here");
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ["15 waits in a row", 15, 1_999, 0],
    ["16 waits in a row", 16, 1_999, 1],
    ["many waits two seconds apart", 40, 2_000, 0],
  ])("after %s leaves running what it should", async (_name, count, gapMs, left) => {
    await waitOften(count, gapMs);
    expect(vi.getTimerCount()).toBe(left);
    await vi.advanceTimersByTimeAsync(LIMIT_MS);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("sets few timers in a long streak of waits, and gives the next one its whole time", async () => {
    await waitOften(16, 10);
    const setTimer = vi.spyOn(globalThis, "setTimeout");
    await waitOften(1_000, 10);
    // One for each time that the one before it has run out.
    expect(setTimer.mock.calls.length).toBeLessThanOrEqual(1 + (1_000 * 10) / LIMIT_MS);
    const startMs = Date.now();
    const wait = patience.wait(never).then((answer) => [answer, Date.now() - startMs]);
    await vi.advanceTimersByTimeAsync(2 * LIMIT_MS);
    expect(await wait).toEqual([LATE, LIMIT_MS]);
  });

  it("does not wait longer because the clock was set back", async () => {
    await waitOften(16, 10);
    const wait = patience.wait(never);
    vi.setSystemTime(Date.now() - 86_400_000);
    await vi.advanceTimersByTimeAsync(2 * LIMIT_MS);
    expect(await wait).toBe(LATE);
  });
});
