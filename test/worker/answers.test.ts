import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import type { Answer } from "../support/receiver.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver, seqsOf } from "./receiver.ts";
import { newTenant } from "./support.ts";

afterEach(() => reset());

const TestResult = z.object({
  class: z.string(),
  status: z.number().nullable(),
  error: z.string().nullable(),
  latencyMs: z.number(),
  snippet: z.string(),
});

/** What an attempt at the destination comes to, and how long it took. */
async function attempt(url: string, settings: Record<string, unknown> = {}) {
  const tenant = await newTenant();
  const { id } = await tenant.route(url, settings);
  const startedMs = Date.now();
  const { body } = await tenant.call("POST", `/v1/routes/${id}/test`);
  return { ...TestResult.parse(body), tookMs: Date.now() - startedMs };
}

async function answered(answer: Answer, settings: Record<string, unknown> = {}) {
  const receiver = await new Receiver().script(answer);
  return { ...(await attempt(receiver.url, settings)), receiver };
}

describe("an answer", () => {
  it.each([
    [200, "delivered"],
    [201, "delivered"],
    [204, "delivered"],
    [226, "delivered"],
    [299, "delivered"],
    [300, "trouble"],
    [301, "trouble"],
    [302, "trouble"],
    [303, "trouble"],
    [304, "trouble"],
    [307, "trouble"],
    [308, "trouble"],
    [400, "refused"],
    [401, "trouble"],
    [403, "trouble"],
    [404, "trouble"],
    [405, "trouble"],
    [407, "trouble"],
    [408, "trouble"],
    [409, "refused"],
    [410, "gone"],
    [413, "refused"],
    [418, "refused"],
    [422, "refused"],
    [425, "trouble"],
    [429, "trouble"],
    [451, "refused"],
    [500, "trouble"],
    [502, "trouble"],
    [503, "trouble"],
    [508, "trouble"],
    [599, "trouble"],
  ])("of %i is %s", async (status, expected) => {
    expect(await answered({ status })).toMatchObject({ class: expected, status, error: null });
  });

  it("that sends elsewhere is not followed", async () => {
    const elsewhere = new Receiver();
    const headers = { location: elsewhere.url };
    for (const status of [301, 302, 303, 307, 308]) {
      expect(await answered({ status, headers })).toMatchObject({ class: "trouble", status });
    }
    expect(await elsewhere.requests()).toEqual([]);
  });

  it.each([
    ["that breaks off", "reset", "connection"],
    ["that is not HTTP", "garbage", "connection"],
    ["that is the beginning of TLS", "tls_garbage", "connection"],
    ["that never comes", "hang", "timeout"],
    ["that stalls in its headers", "stall_in_headers", "timeout"],
  ] as const)("%s is trouble", async (_name, fault, error) => {
    const result = await answered({ fault }, { timeoutMs: 1_000 });
    expect(result).toMatchObject({ class: "trouble", status: null, error });
    expect(result.tookMs).toBeLessThan(3_000);
  });

  it("that comes just in time counts, and one that comes too late does not", async () => {
    const [early, late] = await Promise.all([
      answered({ delayMs: 500 }, { timeoutMs: 1_000 }),
      answered({ delayMs: 1_500 }, { timeoutMs: 1_000 }),
    ]);
    expect(early).toMatchObject({ class: "delivered", status: 200 });
    expect(late).toMatchObject({ class: "trouble", error: "timeout" });
    expect(late.latencyMs).toBeGreaterThanOrEqual(990);
  });

  it.each([
    ["stalls", "stall_in_body", "half an ans"],
    ["breaks off", "reset_in_body", "half an ans"],
    ["trickles", "slow_body", "slow"],
  ] as const)(
    "whose body %s counts by its status, soon after it came",
    async (_name, fault, text) => {
      const [good, bad] = await Promise.all([
        answered({ status: 200, fault }),
        answered({ status: 503, fault }),
      ]);
      expect(good).toMatchObject({ class: "delivered", status: 200, error: null });
      expect(bad).toMatchObject({ class: "trouble", status: 503, error: null });
      expect(good.snippet).toContain(text);
      expect(good.latencyMs).toBeLessThan(1_000);
      // Two seconds for the body, out of the ten that the route has.
      expect(good.tookMs).toBeLessThan(4_000);
    },
  );

  it("whose body stalls is not waited for beyond the timeout", async () => {
    const result = await answered({ fault: "stall_in_body", delayMs: 500 }, { timeoutMs: 1_000 });
    expect(result).toMatchObject({ class: "delivered", status: 200 });
    expect(result.tookMs).toBeLessThan(1_900);
  });

  it("without end is let go of after 16 KiB", async () => {
    const { receiver, ...result } = await answered({ status: 500, fault: "endless_body" });
    expect(result).toMatchObject({ class: "trouble", status: 500, snippet: "x".repeat(1024) });
    expect(result.tookMs).toBeLessThan(2_000);
    await expect.poll(async () => (await receiver.nth(1)).endedAtMs).not.toBeNull();
    // What the buffers on the way took, not what the other side would have sent.
    expect((await receiver.nth(1)).sentBytes).toBeLessThan(8 * 1024 * 1024);
  });

  it.each(["stall_in_body", "slow_body", "hang", "stall_in_headers"] as const)(
    "that does not end (%s) does not keep its connection",
    async (fault) => {
      const { receiver } = await answered({ fault }, { timeoutMs: 3_000 });
      await expect.poll(async () => (await receiver.nth(1)).endedAtMs).not.toBeNull();
    },
  );

  it("of a megabyte is shown by its first kibibyte", async () => {
    const result = await answered({ status: 400, body: "é".repeat(500_000) });
    expect(result).toMatchObject({ class: "refused", snippet: "é".repeat(1024) });
  });

  it("with nothing in it shows nothing", async () => {
    expect(await answered({ status: 204 })).toMatchObject({ snippet: "" });
    expect(await answered({ status: 200 })).toMatchObject({ snippet: "" });
  });
});

describe("a destination", () => {
  it.each([
    ["whose name nobody knows", "http://nowhere.invalid/"],
    ["where nobody listens", "http://127.0.0.1:1/"],
    ["that speaks no TLS", new Receiver().url.replace("http:", "https:")],
  ])("%s is trouble", async (_name, url) => {
    const result = await attempt(url, { timeoutMs: 5_000 });
    expect(result).toMatchObject({ class: "trouble", status: null, error: "connection" });
  });
});

describe("a lane", () => {
  it.each([
    [429, "2"],
    [503, "2"],
    [503, "date"],
  ])("waits after %i as long as Retry-After (%s) asks", async (status, asked) => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    // A date has whole seconds, so three ahead is between two and three.
    const date = new Date(Date.now() + 3_500).toUTCString();
    const headers = { "retry-after": asked === "date" ? date : asked };
    const receiver = await new Receiver().script({ status, headers }, {});
    await tenant.route(receiver.url, { retry: { scheduleSeconds: [0.05] } });
    await tenant.send(path, webhook({ station: "cs1" }));
    const [first, second] = await receiver.received(2);
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(1_900);
  });

  it("is not held up by a body that never ends", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ fault: "stall_in_body" }, {});
    await tenant.route(receiver.url, { timeoutMs: 30_000 });
    await tenant.send(path, webhook({ station: "cs1" }));
    await tenant.send(path, webhook({ station: "cs1" }));
    const received = await receiver.received(2);
    expect(seqsOf(received)).toEqual([1, 2]);
    expect((received[1]?.atMs ?? 0) - (received[0]?.atMs ?? 0)).toBeLessThan(5_000);
  });
});
