import { describe, expect, it } from "vitest";

import { openLines } from "../support/call-lines.ts";

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("CallLines", () => {
  it("calls when nothing is under way, and gathers what comes meanwhile", async () => {
    const { calls, add, itemsOf } = openLines();
    const answers = [add(1), add(2), add(3)];
    expect(itemsOf()).toEqual([[1]]);
    calls[0]?.answer();
    await settle();
    expect(itemsOf()).toEqual([[1], [2, 3]]);
    calls[1]?.answer();
    expect(await Promise.all(answers)).toEqual(["#1", "#2", "#3"]);
    void add(4);
    await settle();
    expect(itemsOf()).toEqual([[1], [2, 3], [4]]);
  });

  it("lets more arrive before a call for which one had to wait", async () => {
    let go = () => {};
    const pause = () => new Promise<void>((resolve) => (go = resolve));
    const { calls, add, itemsOf } = openLines({ pause });
    const answers = [add(1), add(2)];
    calls[0]?.answer();
    await settle();
    answers.push(add(3));
    expect(itemsOf()).toEqual([[1]]);
    go();
    await settle();
    expect(itemsOf()).toEqual([[1], [2, 3]]);
    calls[1]?.answer();
    expect(await Promise.all(answers)).toEqual(["#1", "#2", "#3"]);
  });

  it("keeps names apart", async () => {
    const { add, itemsOf } = openLines();
    void add(1, "one");
    void add(2, "other");
    await settle();
    expect(itemsOf()).toEqual([[1], [2]]);
  });

  it.each([
    ["items", { maxItems: 2 }, [[1], [2, 3], [4]]],
    ["items than one", { maxItems: 1 }, [[1], [2], [3], [4]]],
    ["size", { maxSize: 5 }, [[1], [2, 3], [4]]],
  ])("takes no more %s in one call than it may", async (_name, bounds, expected) => {
    const { calls, add, itemsOf } = openLines(bounds);
    const first = add(1);
    await settle();
    const answers = [first, add(2), add(3), add(4)];
    for (let index = 0; index < expected.length; index += 1) {
      calls[index]?.answer();
      await settle();
    }
    expect(itemsOf()).toEqual(expected);
    expect(await Promise.all(answers)).toEqual(["#1", "#2", "#3", "#4"]);
  });

  it("fails those that went together, and goes on with the next", async () => {
    const { calls, add, itemsOf } = openLines();
    const first = add(1);
    await settle();
    const together = Promise.allSettled([add(2), add(3)]);
    calls[0]?.answer();
    await first;
    await settle();
    const next = add(4);
    const reason = new Error("unreachable");
    calls[1]?.fail(reason);
    const failed = { status: "rejected", reason };
    expect(await together).toEqual([failed, failed]);
    await settle();
    expect(itemsOf()).toEqual([[1], [2, 3], [4]]);
    calls[2]?.answer();
    expect(await next).toBe("#4");
  });

  it("fails all of a call that leaves one of them unanswered", async () => {
    const { calls, add } = openLines();
    const alone = Promise.allSettled([add(1)]);
    const together = Promise.allSettled([add(2), add(3)]);
    const failed = {
      status: "rejected",
      reason: new Error("a gathered call left an item unanswered"),
    };
    calls[0]?.answer([]);
    expect(await alone).toEqual([failed]);
    await settle();
    calls[1]?.answer(["#2"]);
    expect(await together).toEqual([failed, failed]);
  });
});
