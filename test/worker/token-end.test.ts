import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";

import type { TestTenant } from "../support/api.ts";
import { feedOf, newTenant, ops, subscribe } from "./support.ts";
import { mint } from "./token-support.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const STATE = { view: "state" as const, scopes: [] };

/** An event of the station `a`, with its state or with one that is to follow. */
function push(tenant: TestTenant, seq: number, hasState: boolean) {
  const json = JSON.stringify({ id: `${seq}`, type: "a.b", station: "a", seq, body: {} });
  const state = hasState ? JSON.stringify({ station: "a", seq, connectors: [] }) : null;
  const events = [{ seq, type: "a.b", json }];
  return feedOf(tenant).push({ station: "a", oldestSeq: 1, events, state, removed: false });
}

/** The relay lives in the test's isolate and so in its time; its alarm does not, and is not due. */
function letMinutesPass(count: number): void {
  const now = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => now() + count * 60_000);
}

describe("a token that has ended and not been seen to", () => {
  it("is shown no removal of a station any more", async () => {
    const tenant = await newTenant();
    await push(tenant, 1, true);
    const { frames } = await subscribe(tenant, "/v1/stream", await mint(tenant, { grant: STATE }));
    await expect.poll(() => ops(frames)).toEqual(["hello"]);
    letMinutesPass(61);
    expect(await feedOf(tenant).removeStation("a")).toBe(true);
    await expect.poll(() => ops(frames)).toEqual(["hello", "bye"]);
  });

  it("is shown no snapshot any more that had to be waited for", async () => {
    const tenant = await newTenant();
    await push(tenant, 1, true);
    await push(tenant, 2, false);
    const token = await mint(tenant, { grant: STATE });
    const { frames } = await subscribe(tenant, "/v1/stream?from=snapshot", token);
    await expect.poll(() => ops(frames)).toEqual(["hello"]);
    letMinutesPass(61);
    await expect.poll(() => ops(frames)).toEqual(["hello", "bye"]);
  });
});
