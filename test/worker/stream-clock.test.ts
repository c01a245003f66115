import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";

import { webhook } from "../support/webhooks.ts";
import { newTenant, seqs, subscribe } from "./support.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

describe("a clock that is set back by an hour", () => {
  it("holds back no frame", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const { frames } = await subscribe(tenant);
    const send = async () =>
      expect((await tenant.send(path, webhook({ station: "a" }))).status).toBe(200);
    await send();
    await expect.poll(() => seqs(frames)).toEqual([1]);
    const now = Date.now.bind(Date);
    vi.spyOn(Date, "now").mockImplementation(() => now() - 3_600_000);
    await send();
    await expect.poll(() => seqs(frames)).toEqual([1, 2]);
  });
});
