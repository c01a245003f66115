import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type Call, openLines, WAIT_LIMIT_MS } from "../support/call-lines.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const settle = () => pass(0);

/** One whose call never ends, one that has gone alone, and one that came half of its time later. */
async function openLate(bounds: Parameters<typeof openLines>[0] = {}) {
  const lines = openLines(bounds);
  const front = lines.add(1);
  const alone = lines.add(2);
  await pass(WAIT_LIMIT_MS / 2);
  const behind = lines.add(3);
  await pass(WAIT_LIMIT_MS / 2);
  return { ...lines, front, alone, behind };
}

describe("CallLines, of one that waits too long", () => {
  it("lets it call when its time is over, and not sooner", async () => {
    const { calls, add, itemsOf } = openLines();
    void add(1);
    const alone = add(2);
    await pass(WAIT_LIMIT_MS - 1);
    expect(itemsOf()).toEqual([[1]]);
    await pass(1);
    expect(itemsOf()).toEqual([[1], [2]]);
    calls[1]?.answer();
    expect(await alone).toBe("#2");
  });

  it("lets it call at once and for itself alone, without a pause and without those behind it", async () => {
    const { itemsOf } = await openLate({ pause: () => new Promise(() => {}) });
    expect(itemsOf()).toEqual([[1], [2]]);
  });

  it("fails it as its own call fails, whatever becomes of the call in front", async () => {
    const { calls, alone, front } = await openLate();
    const own = new Error("its own");
    const settled = Promise.allSettled([alone, front]);
    calls[1]?.fail(own);
    calls[0]?.answer();
    expect(await settled).toEqual([
      { status: "rejected", reason: own },
      { status: "fulfilled", value: "#1" },
    ]);
  });

  it("lets nobody new wait for what never came back, but for each other as ever", async () => {
    const { calls, add, itemsOf } = await openLate();
    const answers = [add(4), add(5)];
    expect(itemsOf()).toEqual([[1], [2], [4]]);
    calls[2]?.answer();
    await settle();
    expect(itemsOf()).toEqual([[1], [2], [4], [5]]);
    calls[3]?.answer();
    expect(await Promise.all(answers)).toEqual(["#4", "#5"]);
  });

  it("leaves the turn to those behind it when the call in front ends after all", async () => {
    const { calls, add, itemsOf, front, behind } = await openLate();
    calls[0]?.answer();
    expect(await front).toBe("#1");
    await settle();
    expect(itemsOf()).toEqual([[1], [2], [3]]);
    calls[2]?.answer();
    expect(await behind).toBe("#3");
    void add(4);
    expect(itemsOf()).toEqual([[1], [2], [3], [4]]);
  });

  it("keeps the others in their order, and in one call, when one of them leaves", async () => {
    const { calls, add, itemsOf } = openLines();
    const answers = [add(1), add(2)];
    await pass(1);
    answers.push(add(3), add(4));
    await pass(WAIT_LIMIT_MS - 1);
    calls[0]?.answer();
    await settle();
    expect(itemsOf()).toEqual([[1], [2], [3, 4]]);
    for (const call of calls) call.answer();
    expect(await Promise.all(answers)).toEqual(["#1", "#2", "#3", "#4"]);
  });

  it.each<[string, (calls: readonly Call[]) => unknown]>([
    [
      "the calls of the old line end after all",
      async (calls) => {
        calls[0]?.answer();
        await settle();
        calls[3]?.answer();
      },
    ],
    [
      "the calls of the old line fail after all",
      async (calls) => {
        calls[0]?.fail(new Error("too late"));
        await settle();
        calls[3]?.fail(new Error("too late"));
      },
    ],
    ["its own call ends", (calls) => calls[1]?.answer()],
    ["its own call fails", (calls) => calls[1]?.fail(new Error("unreachable"))],
    ["another of the old line waits too long", () => pass(WAIT_LIMIT_MS / 2)],
  ])("leaves the new line to those who stand in it when %s", async (_name, happen) => {
    const { calls, add, itemsOf, ...old } = await openLate();
    // Some of them fail, which others look at.
    void Promise.allSettled([old.front, old.alone, old.behind]);
    const first = add(4);
    await happen(calls);
    await settle();
    const before = itemsOf();
    const answers = [first, add(5), add(6)];
    await settle();
    expect(itemsOf()).toEqual(before);
    calls[2]?.answer();
    await settle();
    expect(itemsOf()).toEqual([...before, [5, 6]]);
    calls.at(-1)?.answer();
    expect(await Promise.all(answers)).toEqual(["#4", "#5", "#6"]);
  });

  it("leaves the lines of other names as they are", async () => {
    const { add, itemsOf } = openLines();
    void add(1);
    void add(2);
    await pass(WAIT_LIMIT_MS - 1);
    void add(10, "other");
    await pass(1);
    void add(11, "other");
    expect(itemsOf()).toEqual([[1], [10], [2]]);
  });

  it("calls again for one whom a call that never ends has taken along", async () => {
    const { calls, add, itemsOf } = openLines();
    void add(1);
    const caller = add(2);
    const taken = add(3);
    calls[0]?.answer();
    await pass(WAIT_LIMIT_MS);
    expect(itemsOf()).toEqual([[1], [2, 3], [3]]);
    calls[2]?.answer();
    expect(await taken).toBe("#3");
    calls[1]?.answer();
    expect(await caller).toBe("#2");
    await settle();
    expect(itemsOf()).toEqual([[1], [2, 3], [3]]);
  });
});

/* Timers that are advanced without a wait leave both to be heard of in the same moment. */
describe("CallLines, of one whose turn comes in the very moment in which it gives up", () => {
  it("has it call for all that wait", async () => {
    const { calls, add, itemsOf } = openLines();
    void add(1);
    const answers = [add(2)];
    await pass(WAIT_LIMIT_MS - 1);
    answers.push(add(3));
    calls[0]?.answer();
    vi.advanceTimersByTime(1);
    await settle();
    expect(itemsOf()).toEqual([[1], [2, 3]]);
    calls[1]?.answer();
    expect(await Promise.all(answers)).toEqual(["#2", "#3"]);
  });

  it.each<[string, string, (call: Call | undefined) => void]>([
    ["the answer", "fulfilled", (call) => call?.answer()],
    ["the failure", "rejected", (call) => call?.fail(new Error("unreachable"))],
  ])("gives it %s that has come for it, and does not call again", async (_name, status, end) => {
    const { calls, add, itemsOf } = openLines();
    void add(1);
    const together = Promise.allSettled([add(2), add(3)]);
    calls[0]?.answer();
    await pass(WAIT_LIMIT_MS - 1);
    vi.advanceTimersByTime(1);
    end(calls[1]);
    expect((await together).map((one) => one.status)).toEqual([status, status]);
    expect(itemsOf()).toEqual([[1], [2, 3]]);
  });
});
