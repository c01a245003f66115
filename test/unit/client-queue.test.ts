import { describe, expect, it } from "vitest";

import { Queue } from "../../client/queue.ts";

const entry = (id: number, chars = 1) => ({ id, chars });
const settled = async (promise: Promise<unknown> | null) => {
  let isSettled = false;
  void promise?.then(() => {
    isSettled = true;
  });
  await new Promise(setImmediate);
  return isSettled;
};

describe("Queue", () => {
  it("gives back what it was given, in order, however much that is", async () => {
    const queue = new Queue<{ id: number; chars: number }>();
    const ids: (number | undefined)[] = [];
    for (let id = 0; id < 10_000; id += 1) {
      queue.push(entry(id));
      // Three in, two out: it grows, and lets go of what was read meanwhile.
      if (id % 3 !== 0) ids.push((await queue.read())?.id);
    }
    queue.end();
    for (let next = await queue.read(); next !== null; next = await queue.read()) ids.push(next.id);
    expect(ids).toEqual(Array.from({ length: 10_000 }, (_, id) => id));
    expect(queue.chars).toBe(0);
  });

  it("lets a reader wait for the next entry, or for the end", async () => {
    const queue = new Queue<{ id: number; chars: number }>();
    const first = queue.read();
    expect(await settled(first)).toBe(false);
    queue.push(entry(1));
    expect(await first).toEqual(entry(1));
    const second = queue.read();
    queue.end();
    expect(await second).toBeNull();
    queue.push(entry(2));
    expect(await queue.read()).toBeNull();
  });

  it("says when little enough is left", async () => {
    const queue = new Queue<{ id: number; chars: number }>();
    expect(queue.drained(0)).toBeNull();
    for (const id of [1, 2, 3]) queue.push(entry(id, 10));
    expect(queue.drained(30)).toBeNull();
    const drained = queue.drained(10);
    await queue.read();
    expect(await settled(drained)).toBe(false);
    await queue.read();
    expect(await settled(drained)).toBe(true);
  });

  it.each([
    ["is cleared", (queue: Queue<{ chars: number }>) => queue.clear()],
    ["has ended", (queue: Queue<{ chars: number }>) => queue.end()],
  ])("keeps nobody waiting for that when it %s", async (_what, act) => {
    const queue = new Queue<{ chars: number }>();
    queue.push({ chars: 10 });
    const drained = queue.drained(0);
    act(queue);
    expect(await settled(drained)).toBe(true);
  });
});
