import { describe, expect, it } from "vitest";

import { Gather } from "../../src/domain/gather.ts";

interface Run {
  readonly items: readonly number[];
  readonly answer: (answers: readonly string[]) => void;
  readonly fail: (error: unknown) => void;
}

/** A gather whose runs end when the test says so. */
function openGather(limit = 100): { gather: Gather<number, string>; runs: Run[] } {
  const runs: Run[] = [];
  const gather = new Gather<number, string>(
    (items) =>
      new Promise((resolve, reject) => {
        runs.push({ items, answer: resolve, fail: reject });
      }),
    limit,
  );
  return { gather, runs };
}

const namesOf = (run: Run | undefined) => run?.items.map((item) => `#${item}`) ?? [];
const itemsOf = (runs: readonly Run[]) => runs.map(({ items }) => items);
/** Lets everything that is already decided happen. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("Gather", () => {
  it("starts at once when idle, before the caller goes on", () => {
    const { gather, runs } = openGather();
    void gather.add(1);
    expect(itemsOf(runs)).toEqual([[1]]);
  });

  it("takes all that comes during a run together with the next", async () => {
    const { gather, runs } = openGather();
    const answers = Promise.all([1, 2, 3].map((item) => gather.add(item)));
    await settle();
    void gather.add(4);
    expect(itemsOf(runs)).toEqual([[1]]);
    runs[0]?.answer(["#1"]);
    await settle();
    expect(itemsOf(runs)).toEqual([[1], [2, 3, 4]]);
    runs[1]?.answer(namesOf(runs[1]));
    expect(await answers).toEqual(["#1", "#2", "#3"]);
  });

  it("never has two runs under way", async () => {
    let [underWay, most] = [0, 0];
    const gather = new Gather<number, number>(async (items) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await settle();
      underWay -= 1;
      return items;
    }, 3);
    await Promise.all(Array.from({ length: 20 }, (_, item) => gather.add(item)));
    expect(most).toBe(1);
  });

  it("is idle again after a run, and starts at once again", async () => {
    const { gather, runs } = openGather();
    const first = gather.add(1);
    runs[0]?.answer(["#1"]);
    expect(await first).toBe("#1");
    await settle();
    expect(runs).toHaveLength(1);
    void gather.add(2);
    expect(itemsOf(runs)).toEqual([[1], [2]]);
  });

  it("takes what an answer leads to, though the run has only just ended", async () => {
    const { gather, runs } = openGather();
    const chain = gather.add(1).then(() => gather.add(2));
    runs[0]?.answer(["#1"]);
    await settle();
    expect(itemsOf(runs)).toEqual([[1], [2]]);
    runs[1]?.answer(["#2"]);
    expect(await chain).toBe("#2");
  });

  it("takes no more than the limit at once, in order, and leaves nothing behind", async () => {
    const { gather, runs } = openGather(3);
    const answers = Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((item) => gather.add(item)));
    for (let at = 0; at < 4; at += 1) {
      runs[at]?.answer(namesOf(runs[at]));
      await settle();
    }
    expect(itemsOf(runs)).toEqual([[1], [2, 3, 4], [5, 6, 7], [8]]);
    expect(await answers).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((item) => `#${item}`));
  });

  it("answers each item with its own, in any order of asking", async () => {
    const gather = new Gather<number, number>(async (items) => {
      await settle();
      return items.map((item) => item * 10);
    }, 4);
    const items = Array.from({ length: 50 }, (_, item) => (item * 37) % 50);
    expect(await Promise.all(items.map((item) => gather.add(item)))).toEqual(
      items.map((item) => item * 10),
    );
  });

  it("fails all items of a run that fails, and no others", async () => {
    const { gather, runs } = openGather();
    const outcomes = Promise.allSettled([1, 2, 3].map((item) => gather.add(item)));
    runs[0]?.answer(["#1"]);
    await settle();
    const later = gather.add(4);
    runs[1]?.fail(new Error("storage"));
    await settle();
    expect(itemsOf(runs)).toEqual([[1], [2, 3], [4]]);
    runs[2]?.answer(["#4"]);
    expect(await later).toBe("#4");
    expect(await outcomes).toMatchObject([
      { status: "fulfilled", value: "#1" },
      { status: "rejected", reason: { message: "storage" } },
      { status: "rejected", reason: { message: "storage" } },
    ]);
  });

  it("goes on after a run that throws before its first wait", async () => {
    let runCount = 0;
    const gather = new Gather<number, number>((items) => {
      runCount += 1;
      if (runCount === 1) throw new Error("at once");
      return Promise.resolve(items);
    }, 10);
    await expect(gather.add(1)).rejects.toThrow("at once");
    expect(await gather.add(2)).toBe(2);
  });

  it("waits for what it is to settle before each run, and takes along what comes meanwhile", async () => {
    const settling: (() => void)[] = [];
    const runs: (readonly number[])[] = [];
    const gather = new Gather<number, number>(
      (items) => {
        runs.push(items);
        return items;
      },
      3,
      () => new Promise<void>((resolve) => settling.push(resolve)),
    );
    const answers = Promise.all([1, 2, 3, 4].map((item) => gather.add(item)));
    await settle();
    expect([runs, settling.length]).toEqual([[], 1]);
    settling[0]?.();
    await settle();
    expect([runs, settling.length]).toEqual([[[1, 2, 3]], 2]);
    const later = gather.add(5);
    settling[1]?.();
    expect(await answers).toEqual([1, 2, 3, 4]);
    expect(await later).toBe(5);
    expect([runs, settling.length]).toEqual([
      [
        [1, 2, 3],
        [4, 5],
      ],
      2,
    ]);
  });

  it("fails all that wait when it does not settle, and goes on with what comes after", async () => {
    let isBroken = true;
    const gather = new Gather<number, number>(
      (items) => items,
      2,
      () => (isBroken ? Promise.reject(new Error("disk")) : Promise.resolve()),
    );
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => gather.add(item)));
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    isBroken = false;
    expect(await gather.add(4)).toBe(4);
  });

  it("rejects an item that its run left unanswered, and answers the others", async () => {
    const { gather, runs } = openGather();
    void gather.add(0);
    const outcomes = Promise.allSettled([1, 2].map((item) => gather.add(item)));
    runs[0]?.answer(["#0"]);
    await settle();
    runs[1]?.answer(["#1"]);
    expect((await outcomes).map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  });
});
