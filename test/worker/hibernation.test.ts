import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";

import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { eventsOf, feedOf, newTenant, ping, subscribe } from "./support.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

describe("a feed with sockets and no events", () => {
  it("sleeps through pings", async () => {
    const tenant = await newTenant();
    const subscribers = [await subscribe(tenant), await subscribe(tenant, "/v1/stream?types=a.b")];
    for (const { frames } of subscribers) await expect.poll(() => frames.length).toBe(1);
    await evictDurableObject(feedOf(tenant));
    for (let i = 0; i < 20; i += 1) await Promise.all(subscribers.map(ping));
    // What is asleep cannot be evicted: had a ping woken it, this would succeed.
    await expect(evictDurableObject(feedOf(tenant))).rejects.toThrow("not currently running");
  });

  it("tells who sees nothing of it where it is, however often it sleeps in between", async () => {
    const tenant = await newTenant();
    const { frames } = await subscribe(tenant, "/v1/stream?types=of.nothing");
    await expect.poll(() => frames.length).toBe(1);
    for (let slept = 0; slept < 5; slept += 1) {
      const events = Array.from({ length: 200 }, (_, index) => {
        const seq = slept * 200 + index + 1;
        const json = JSON.stringify({ id: `${seq}`, type: "a.b", station: "a", seq, body: {} });
        return { seq, type: "a.b", json };
      });
      const state = JSON.stringify({ station: "a", seq: slept * 200 + 200, connectors: [] });
      const batch = { station: "a", oldestSeq: 1, events, state, removed: false };
      await feedOf(tenant).push(batch);
      await evictDurableObject(feedOf(tenant));
    }
    await expect.poll(() => frames.length).toBe(2);
    expect(frames.at(-1)).toMatchObject({ op: "events", events: [] });
  });

  it("has nothing set that would wake it", async () => {
    const tenant = await newTenant();
    const subscriber = await subscribe(tenant);
    await expect.poll(() => subscriber.frames.length).toBe(1);
    const alarm = await runInDurableObject(feedOf(tenant), (_instance, { storage }) =>
      storage.getAlarm(),
    );
    expect(alarm).toBeNull();
  });

  it("falls asleep by itself although it is pinged, and is woken by an event", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const subscriber = await subscribe(tenant);
    await expect.poll(() => subscriber.frames.length).toBe(1);
    // The platform puts it to sleep after ten seconds without work; a timer or a call that is held
    // would prevent that. Nothing tells when it does.
    for (let second = 0; second < 15; second += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await ping(subscriber);
    }
    expect(await isAsleep(tenant)).toBe(true);
    expect((await tenant.send(path, webhook({ station: "a" }))).status).toBe(200);
    await expect.poll(() => eventsOf(subscriber.frames).length).toBe(1);
  });
});

describe("a socket whose other end has gone without a word", () => {
  it("is closed by a later event if it used to ping, and if not is given the benefit of the doubt", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const [gone, quiet] = [await subscribe(tenant), await subscribe(tenant)];
    await ping(gone);
    await expect.poll(() => quiet.frames.length).toBe(1);
    const now = Date.now.bind(Date);
    // The relay lives in the test's isolate and so in its time.
    vi.spyOn(Date, "now").mockImplementation(() => now() + 91_000);
    expect((await tenant.send(path, webhook({ station: "a" }))).status).toBe(200);
    await expect.poll(() => gone.closed.code).toBe(4200);
    expect((await tenant.send(path, webhook({ station: "a" }))).status).toBe(200);
    await expect.poll(() => eventsOf(quiet.frames).length).toBe(2);
    expect(quiet.closed.code).toBeNull();
  });
});

describe("a subscriber of which it is not known any more what it may see", () => {
  it("is told to come back, and shown nothing", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const stations = Array.from({ length: 400 }, (_, i) => `station-${i}`);
    const { frames, closed } = await subscribe(
      tenant,
      "/v1/stream",
      await tenant.token({ stations }),
    );
    await expect.poll(() => frames.length).toBe(1);
    await runInDurableObject(feedOf(tenant), (_instance, { storage }) => {
      const names = [...storage.kv.list({ prefix: "grant:" })].map(([name]) => name);
      expect(names).toHaveLength(1);
      for (const name of names) storage.kv.delete(name);
    });
    await evictDurableObject(feedOf(tenant));
    expect((await tenant.send(path, webhook({ station: "hidden" }))).status).toBe(200);
    await expect.poll(() => closed.code).toBe(4200);
    expect(eventsOf(frames)).toEqual([]);
  });
});

async function isAsleep(tenant: TestTenant): Promise<boolean> {
  try {
    await evictDurableObject(feedOf(tenant));
    return false;
  } catch {
    return true;
  }
}
