import { describe, expect, it } from "vitest";

import { LATE, within } from "../../src/domain/patience.ts";

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
