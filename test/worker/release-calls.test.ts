import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import { around, setUpRoute } from "./outage-support.ts";
import { feedOf, tenantOf } from "./support.ts";

afterEach(() => reset());

/*
 * Objects of two versions call each other while a new one is rolled out. Few of these names show
 * within the seconds of a rolling change: a hole, for one, is rare.
 */
describe("what objects tell each other", () => {
  it("has the names that those of 0.4.0 know", async () => {
    const { tenant, send } = await setUpRoute([{ status: 200 }]);
    const told: unknown[] = [];
    const listen = async (real: () => Promise<unknown>, ...input: unknown[]) => {
      const answer = await real();
      told.push(...input, answer);
      return answer;
    };
    await around(feedOf(tenant), "push", listen);
    await send("cs1");
    const standing = { version: expect.any(Number), suspect: [], open: [] };
    expect(told.slice(0, 2)).toMatchObject([
      {
        station: "cs1",
        oldestSeq: 1,
        events: [{ seq: 1, type: "session.updated", json: expect.any(String) }],
        state: expect.any(String),
        removed: false,
        totals: expect.any(Array),
        attempts: [],
      },
      { ...standing, lastSeq: 1, gone: false },
    ]);
    expect(await tenantOf(tenant).feedConfig()).toMatchObject({
      ...standing,
      stamp: expect.any(Number),
      keyIds: [expect.any(String)],
      allowedOrigins: [],
      removed: false,
    });
  });
});
