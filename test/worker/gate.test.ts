import { abortAllDurableObjects, reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { type Received, Receiver, seqsOf } from "./receiver.ts";
import { newTenant } from "./support.ts";

afterEach(() => reset());

async function send(tenant: TestTenant, path: string, ...stations: string[]): Promise<void> {
  await Promise.all(
    stations.map(async (station) => {
      expect((await tenant.send(path, webhook({ station }))).status).toBe(200);
    }),
  );
}

const stationsOf = (count: number) => Array.from({ length: count }, (_, at) => `cs${at}`);

describe("a route with a rate", () => {
  it("starts attempts at it over all its lanes, each lane in order", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    await tenant.route(receiver.url, { ratePerSecond: 10 });
    const stations = stationsOf(8);
    for (let round = 0; round < 5; round += 1) await send(tenant, path, ...stations);
    const received = await receiver.received(40);
    for (const station of stations) {
      const own = received.filter(({ headers }) => headers["chargewire-station"] === station);
      expect(seqsOf(own)).toEqual([1, 2, 3, 4, 5]);
    }
    const tookMs = (received.at(-1)?.atMs ?? 0) - (received[0]?.atMs ?? 0);
    // 39 intervals of 100 ms, less what may be caught up with at the start.
    expect(tookMs).toBeGreaterThanOrEqual(3_900 * 0.85);
    expect(tookMs).toBeLessThan(3_900 * 1.3);
  });

  it("has a lane come back whose turn is far off, on time, uncounted, without another event", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    // One in 16 s: too long to wait for in one go.
    await tenant.route(receiver.url, { ratePerSecond: 1 / 16 });
    await send(tenant, path, "cs1");
    const first = await receiver.nth(1);
    await send(tenant, path, "cs2");
    const second = (await receiver.received(2, 30_000))[1];
    expect(second?.headers).toMatchObject({
      "chargewire-station": "cs2",
      "chargewire-attempt": "1",
    });
    const waitedMs = (second?.atMs ?? 0) - first.atMs;
    expect(waitedMs).toBeGreaterThanOrEqual(16_000 * 0.9);
    expect(waitedMs).toBeLessThan(16_000 * 1.1 + 500);
  });

  it("goes by a changed setting with the next attempt", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    const { id } = await tenant.route(receiver.url, { ratePerSecond: 0.01 });
    await send(tenant, path, "cs1");
    await receiver.received(1);
    // These are sent away for a hundred seconds and more.
    await send(tenant, path, "cs2", "cs3");
    await tenant.call("PATCH", `/v1/routes/${id}`, { ratePerSecond: null });
    await send(tenant, path, "cs2", "cs3");
    expect(seqsOf(await receiver.received(5)).sort()).toEqual([1, 1, 1, 2, 2]);
  });

  it("attempts nothing for who waits when it is paused, and goes on when it is resumed", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    const { id } = await tenant.route(receiver.url, { ratePerSecond: 0.25 });
    await send(tenant, path, "cs1");
    const { atMs } = await receiver.nth(1);
    await send(tenant, path, "cs2");
    await tenant.call("POST", `/v1/routes/${id}/pause`);
    // The turn of what waited has passed.
    await expect.poll(() => Date.now() - atMs).toBeGreaterThan(4_500);
    expect(await receiver.requests()).toHaveLength(1);
    await tenant.call("POST", `/v1/routes/${id}/resume`);
    expect((await receiver.nth(2)).headers).toMatchObject({ "chargewire-attempt": "1" });
  });

  it("attempts nothing more for who waits when its breaker opens", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 500 });
    await tenant.route(receiver.url, { ratePerSecond: 3 });
    await send(tenant, path, ...stationsOf(12));
    const { atMs } = await receiver.nth(5);
    // Six more would have had their turn by now; the first probe is two seconds further on.
    await expect.poll(() => Date.now() - atMs).toBeGreaterThan(2_500);
    expect(await receiver.requests()).toHaveLength(5);
  });

  it("is tried on demand whatever its limits, which does not count", async () => {
    const tenant = await newTenant();
    const receiver = new Receiver();
    const { id } = await tenant.route(receiver.url, { ratePerSecond: 0.01, concurrency: 1 });
    for (let count = 1; count <= 3; count += 1) {
      const { body } = await tenant.call("POST", `/v1/routes/${id}/test`);
      expect(body).toMatchObject({ class: "delivered" });
    }
  });

  it.each([
    [{ ratePerSecond: 0.009 }, 400],
    [{ ratePerSecond: 0.01 }, 201],
    [{ ratePerSecond: 1_000 }, 201],
    [{ ratePerSecond: 1_000.1 }, 400],
    [{ ratePerSecond: null }, 201],
    [{ concurrency: 0 }, 400],
    [{ concurrency: 1 }, 201],
    [{ concurrency: 1_000 }, 201],
    [{ concurrency: 1_001 }, 400],
    [{ concurrency: 1.5 }, 400],
    [{ concurrency: null }, 201],
  ])("answers %j with %i and shows it", async (settings, status) => {
    const tenant = await newTenant();
    const input = { name: "r", url: "https://hooks.example.com/", ...settings };
    const answer = await tenant.call("POST", "/v1/routes", input);
    expect(answer.status).toBe(status);
    if (status !== 201) return;
    const shown = { ratePerSecond: null, concurrency: null, ...settings };
    expect(answer.body).toMatchObject(shown);
    const { id } = z.looseObject({ id: z.string() }).parse(answer.body);
    const other = { ratePerSecond: 7, concurrency: 7 };
    expect((await tenant.call("PATCH", `/v1/routes/${id}`, other)).body).toMatchObject(other);
    expect((await tenant.call("PATCH", `/v1/routes/${id}`, { name: "s" })).body).toMatchObject(
      other,
    );
    expect((await tenant.call("PATCH", `/v1/routes/${id}`, settings)).body).toMatchObject({
      ...other,
      ...settings,
    });
  });
});

describe("a route with a concurrency", () => {
  it.each([1, 3])("has %i attempts in flight and not one more", async (concurrency) => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ delayMs: 200 });
    await tenant.route(receiver.url, { concurrency });
    await send(tenant, path, ...stationsOf(9));
    await receiver.received(9);
    await expect
      .poll(async () => (await receiver.requests()).every(({ endedAtMs }) => endedAtMs !== null))
      .toBe(true);
    expect(mostAtOnce(await receiver.requests())).toBe(concurrency);
  });

  it("lets the next go on when an attempt fails", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ fault: "reset" }, { fault: "hang" }, {});
    await tenant.route(receiver.url, { concurrency: 1, timeoutMs: 1_000 });
    await send(tenant, path, ...stationsOf(4));
    await receiver.received(4);
  });

  it("goes on after everything in memory is gone", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ fault: "hang" }, {});
    await tenant.route(receiver.url, { concurrency: 1 });
    await send(tenant, path, "cs1");
    await receiver.received(1);
    await abortAllDurableObjects();
    await send(tenant, path, "cs1");
    expect(seqsOf(await receiver.received(3))).toEqual([1, 1, 2]);
  });
});

/** Of requests that have ended, how many were under way at the same time. */
function mostAtOnce(received: Received): number {
  const counts = received.map(
    ({ atMs }) =>
      received.filter((other) => other.atMs <= atMs && (other.endedAtMs ?? 0) > atMs).length,
  );
  return Math.max(...counts);
}
