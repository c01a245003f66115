import { describe, expect, it } from "vitest";

import { CallLines, type LineBounds } from "../../src/domain/call-lines.ts";

interface Call {
  readonly items: readonly number[];
  readonly answer: () => void;
  readonly fail: (error: unknown) => void;
}

/** Lines whose calls end when the test says so. */
function openLines(bounds: Partial<LineBounds<number>> = {}) {
  const calls: Call[] = [];
  const lines = new CallLines<number, string>({
    ...{ maxItems: 100, maxSize: 1_000, waitLimitMs: 1_000, sizeOf: (item) => item },
    pause: async () => {},
    ...bounds,
  });
  const call = (items: readonly number[]) =>
    new Promise<string[]>((resolve, reject) => {
      const answer = () => resolve(items.map((item) => `#${item}`));
      calls.push({ items, answer, fail: reject });
    });
  const add = (item: number, name = "one") => lines.add(name, item, call);
  return { calls, add, itemsOf: () => calls.map(({ items }) => items) };
}

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
    ["size", { maxSize: 6 }, [[1], [2, 3], [4]]],
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
    calls[1]?.fail(new Error("unreachable"));
    expect((await together).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await settle();
    expect(itemsOf()).toEqual([[1], [2, 3], [4]]);
    calls[2]?.answer();
    expect(await next).toBe("#4");
  });

  it("lets one go alone when whoever is in front never comes back", async () => {
    const { calls, add, itemsOf } = openLines({ waitLimitMs: 20 });
    void add(1);
    await settle();
    const alone = add(2);
    await expect.poll(itemsOf).toEqual([[1], [2]]);
    calls[1]?.answer();
    expect(await alone).toBe("#2");
    void add(3);
    await settle();
    expect(itemsOf()).toEqual([[1], [2], [3]]);
  });
});
