import { listDurableObjectIds, reset } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { version } from "../../package.json";
import { REGISTRY_NAME } from "../../src/env.ts";
import { around } from "./outage-support.ts";
import { newTenant, worker } from "./support.ts";

/** One check a second is made. */
beforeEach(() => scheduler.wait(1_000));
afterEach(() => reset());

const registry = () => env.REGISTRY.getByName(REGISTRY_NAME);

async function ask() {
  const response = await worker(new Request("https://relay.test/health"));
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    body: await response.json(),
  };
}

describe("GET /health", () => {
  it("says the version and that storage is there, without a key", async () => {
    const ok = { status: "ok", version, storage: "ok" };
    expect(await ask()).toMatchObject({ status: 200, body: ok });
    await newTenant();
    await scheduler.wait(1_000);
    expect(await ask()).toMatchObject({ status: 200, body: ok });
  });

  it("creates no object but the one that it asks, and stores nothing", async () => {
    const objects = async () =>
      [await listDurableObjectIds(env.TENANT), await listDurableObjectIds(env.FEED)].flat().length;
    const before = await objects();
    await ask();
    expect(await objects()).toBe(before);
    expect(await registry().list("", 10)).toEqual([]);
  });

  it("is 503 when storage fails, and 200 when it is back", async () => {
    const restore = await around(registry(), "isReadable", () => Promise.reject(new Error("disk")));
    expect(await ask()).toMatchObject({
      status: 503,
      type: "application/problem+json",
      body: { code: "unavailable" },
    });
    restore();
    // Asked again within the second, it says what it has seen.
    expect((await ask()).status).toBe(503);
    await scheduler.wait(1_000);
    expect((await ask()).status).toBe(200);
  });

  it("waits no more than two seconds for storage", async () => {
    await around(registry(), "isReadable", () => scheduler.wait(20_000));
    const startedMs = Date.now();
    expect((await ask()).status).toBe(503);
    expect(Date.now() - startedMs).toBeLessThan(10_000);
  });

  it("goes on with a look whose asker has gone away, for the others", async () => {
    await around(registry(), "isReadable", async (real) => {
      await scheduler.wait(300);
      return real();
    });
    const gone = new AbortController();
    const request = new Request("https://relay.test/health", { signal: gone.signal });
    const first = exports.default.fetch(request).catch(() => null);
    await scheduler.wait(100);
    gone.abort();
    expect((await ask()).status).toBe(200);
    await first;
  });

  it("looks once for many that ask together, and all get the answer", async () => {
    let lookCount = 0;
    await around(registry(), "isReadable", async (real) => {
      lookCount += 1;
      await scheduler.wait(100);
      return real();
    });
    const answers = await Promise.all(Array.from({ length: 20 }, ask));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(lookCount).toBe(1);
  });
});
