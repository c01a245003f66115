import { CallLines, type LineBounds } from "../../src/domain/call-lines.ts";

/** A call under way. */
export interface Call {
  readonly items: readonly number[];
  /** Each with its own, if the test says nothing else. */
  readonly answer: (answers?: readonly string[]) => void;
  readonly fail: (error: unknown) => void;
}

/** How long one waits in lines that say nothing else. */
export const WAIT_LIMIT_MS = 1_000;

/** Lines whose calls end when the test says so. */
export function openLines(bounds: Partial<LineBounds<number>> = {}) {
  const calls: Call[] = [];
  const lines = new CallLines<number, string>({
    ...{ maxItems: 100, maxSize: 1_000, waitLimitMs: WAIT_LIMIT_MS, sizeOf: (item) => item },
    pause: async () => {},
    ...bounds,
  });
  const call = (items: readonly number[]) =>
    new Promise<readonly string[]>((resolve, reject) => {
      const own = items.map((item) => `#${item}`);
      const answer = (answers: readonly string[] = own) => resolve(answers);
      calls.push({ items, answer, fail: reject });
    });
  const add = (item: number, name = "one") => lines.add(name, item, call);
  return { calls, add, itemsOf: () => calls.map(({ items }) => items) };
}
