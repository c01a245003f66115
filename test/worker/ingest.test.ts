import { listDurableObjectIds, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { signedRequest, webhook } from "../support/webhooks.ts";
import { newTenant, worker } from "./support.ts";

const url = (path: string) => `https://relay.test${path}`;
const post = (path: string, headers: Record<string, string>, body: string) =>
  worker(new Request(url(path), { method: "POST", headers, body }));

afterEach(() => reset());

describe("POST /ingest/{sourceId}", () => {
  it("answers 200 with an empty body once the event is durable", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    const response = await tenant.send(source.path, webhook());
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
    expect(await tenant.items("/v1/events")).toHaveLength(1);
  });

  it.each(["timestamped", "body"] as const)(
    "accepts %s signatures in auto and shows which it was",
    async (scheme) => {
      const tenant = await newTenant();
      const source = await tenant.source();
      const response = await tenant.send(source.path, webhook(), { scheme });
      expect(response.status).toBe(200);
      await expect
        .poll(async () => (await tenant.call("GET", `/v1/sources/${source.id}`)).body)
        .toMatchObject({ schemeSeen: scheme, lastEventAt: expect.any(String) });
    },
  );

  it("accepts legacy signatures only where they are asked for", async () => {
    const tenant = await newTenant();
    const auto = await tenant.source();
    const legacy = await tenant.source({ scheme: "legacy" });
    expect((await tenant.send(auto.path, webhook(), { scheme: "legacy" })).status).toBe(401);
    expect((await tenant.send(legacy.path, webhook(), { scheme: "legacy" })).status).toBe(200);
    expect((await tenant.send(legacy.path, webhook())).status).toBe(401);
  });

  it.each([
    ["missing", {}],
    ["malformed", { "edrv-signature": "t=1,v1=zz" }],
    ["wrong", { "edrv-signature": `t=${Date.now()},v1=${"0".repeat(64)}` }],
  ])("answers 401 alike when the signature is %s", async (_name, headers) => {
    const tenant = await newTenant();
    const source = await tenant.source();
    const response = await post(source.path, headers, JSON.stringify(webhook()));
    expect(response.status).toBe(401);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toEqual({
      type: "urn:chargewire:problem:unauthorized",
      title: "Not authorised",
      status: 401,
      detail: "The signature could not be verified.",
      code: "unauthorized",
    });
  });

  it.each([
    [-299_000, 200],
    [-301_000, 401],
    [299_000, 200],
    [301_000, 401],
  ])("answers a timestamp %i ms off with %i", async (offMs, status) => {
    const tenant = await newTenant();
    const source = await tenant.source();
    const response = await tenant.send(source.path, webhook(), { t: Date.now() + offMs });
    expect(response.status).toBe(status);
  });

  it("answers 401 while a source has no secret, and takes a new one at once", async () => {
    const tenant = await newTenant();
    const source = await tenant.source({ secret: undefined });
    expect((await tenant.send(source.path, webhook())).status).toBe(401);
    const secret = "a-secret-that-came-later";
    await tenant.call("POST", `/v1/sources/${source.id}/secrets`, { secret });
    expect((await tenant.send(source.path, webhook(), { secret })).status).toBe(200);
  });

  it("takes the old and the new secret side by side, and the old one no more once it has expired", async () => {
    const tenant = await newTenant();
    const source = await tenant.source({ secret: "the-first-secret" });
    const rotate = (secret: string, expirePreviousAfterSeconds: number) =>
      tenant.call("POST", `/v1/sources/${source.id}/secrets`, {
        secret,
        expirePreviousAfterSeconds,
      });
    await rotate("the-second-secret", 3600);
    for (const secret of ["the-first-secret", "the-second-secret"]) {
      expect((await tenant.send(source.path, webhook(), { secret })).status).toBe(200);
    }
    await rotate("the-third-secret", 0);
    expect(
      (await tenant.send(source.path, webhook(), { secret: "the-second-secret" })).status,
    ).toBe(401);
    expect((await tenant.send(source.path, webhook(), { secret: "the-third-secret" })).status).toBe(
      200,
    );
  });

  it("answers 404 for a source that is disabled, and takes events again once it is enabled", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    await tenant.call("PATCH", `/v1/sources/${source.id}`, { enabled: false });
    expect((await tenant.send(source.path, webhook())).status).toBe(404);
    await tenant.call("PATCH", `/v1/sources/${source.id}`, { enabled: true });
    expect((await tenant.send(source.path, webhook())).status).toBe(200);
  });

  it("answers 404 for a source that was deleted", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    await tenant.call("DELETE", `/v1/sources/${source.id}`);
    expect((await tenant.send(source.path, webhook())).status).toBe(404);
  });

  it.each(["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])("answers %s with 405", async (method) => {
    const response = await worker(new Request(url("/ingest/anything"), { method }));
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
  });

  it.each([
    [512 * 1024, 200],
    [512 * 1024 + 1, 413],
  ])("answers a body of %i bytes with %i", async (size, status) => {
    const tenant = await newTenant();
    const source = await tenant.source();
    const empty = JSON.stringify(webhook({ data: { chargestation: "big", note: "" } }));
    const body = empty.replace('"note":""', `"note":"${"x".repeat(size - empty.length)}"`);
    expect(body).toHaveLength(size);
    expect((await tenant.send(source.path, body)).status).toBe(status);
  });

  it("accepts an event once, however often it is sent", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    const event = webhook();
    for (let i = 0; i < 3; i += 1) {
      expect((await tenant.send(source.path, event)).status).toBe(200);
    }
    expect(await tenant.items("/v1/events")).toHaveLength(1);
  });

  it("keeps every byte of the body", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    const body = `{ "_id":"${webhook()._id}",\n\t"type":"session.updated","data":{"chargestation":"cs1","a":1.0,"é":"\\u00e9","dup":1,"dup":2},"createdAt":"2026-11-22T10:00:00Z" }`;
    await tenant.send(source.path, body);
    const response = await worker(
      new Request(url("/v1/events"), { headers: { authorization: `Bearer ${tenant.key}` } }),
    );
    expect(await response.text()).toContain(`"body":${body}}`);
  });

  it.each([
    ["not_json", "this is not JSON"],
    ["not_json", ""],
    ["not_object", "[1,2]"],
    ["not_object", "null"],
    ["type", '{"_id":"x","data":{}}'],
    ["type", '{"_id":"x","type":"","data":{}}'],
    ["type", JSON.stringify({ _id: "x", type: "t".repeat(129), data: {} })],
    ["station", '{"_id":"x","type":"session.updated","data":{"chargestation":"../up"}}'],
    ["station", '{"_id":"x","type":"session.updated","data":{"chargestation":5}}'],
  ])("keeps a signed webhook aside (%s) and acknowledges it: %s", async (reason, body) => {
    const tenant = await newTenant();
    const source = await tenant.source();
    for (let i = 0; i < 2; i += 1) {
      const response = await tenant.send(source.path, body);
      expect([response.status, await response.text()]).toEqual([200, ""]);
    }
    expect(await tenant.items("/v1/quarantine")).toMatchObject([
      { reason, source: source.id, size: body.length, preview: body },
    ]);
    const relayed = expect.objectContaining({ source: source.id });
    expect(await tenant.items("/v1/events")).not.toContainEqual(relayed);
  });

  it("keeps a replayable webhook without a readable time aside", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    const event = webhook({ createdAt: "yesterday" });
    expect((await tenant.send(source.path, event, { scheme: "body" })).status).toBe(200);
    expect(await tenant.items("/v1/quarantine")).toMatchObject([{ reason: "stale" }]);
    // With its time under the signature it cannot be a replay.
    const dated = webhook({ createdAt: "yesterday" });
    expect((await tenant.send(source.path, dated, { scheme: "timestamped" })).status).toBe(200);
    expect(await tenant.items("/v1/events?types=session.*")).toHaveLength(1);
  });

  it("relays types it does not know, and replaces an id it cannot use", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    await tenant.send(source.path, '{"_id":{"$oid":"x"},"type":"payment_authorized"}');
    expect(await tenant.items("/v1/events")).toMatchObject([
      {
        id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        type: "payment_authorized",
        class: "unknown",
        station: "_account",
      },
    ]);
  });
});

describe("requests that nobody signed", () => {
  it("create no object and store nothing", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    const body = JSON.stringify(webhook());
    const before = await objectCounts();
    for (const path of [
      "/ingest/src_nobody_aaaaaaaaaabbbbbbbbbbbb",
      `/ingest/${source.id.slice(0, -1)}`,
      "/ingest/%2e%2e",
      "/ingest/__proto__",
    ]) {
      expect((await worker(await signedRequest(url(path), body))).status).toBe(404);
    }
    expect((await post(source.path, {}, body)).status).toBe(401);
    for (const [method, path] of [
      ["GET", "/v1/stations/anything"],
      ["GET", "/v1/stream"],
      ["POST", "/v1/tenants"],
      ["GET", "/v1/nothing"],
    ] as const) {
      const headers = { authorization: "Bearer cw_nobody_aaaaaaaaaaaaaaaabbbbbbbbbbbb" };
      const response = await worker(new Request(url(path), { method, headers }));
      expect([401, 404]).toContain(response.status);
    }
    expect(await objectCounts()).toEqual(before);
  });

  it("create nothing even with a valid key, by asking for stations that do not exist", async () => {
    const tenant = await newTenant();
    await tenant.items("/v1/events");
    const before = await objectCounts();
    for (const path of ["/v1/stations/x", "/v1/stations/x/events", "/v1/stations/x/stream"]) {
      expect((await tenant.call("GET", path)).status).toBe(404);
    }
    expect((await tenant.call("DELETE", "/v1/stations/x")).status).toBe(404);
    expect(await objectCounts()).toEqual(before);
  });

  it("are counted in the source's refusals, without what was sent", async () => {
    const tenant = await newTenant();
    const source = await tenant.source();
    await post(source.path, {}, "{}");
    await expect
      .poll(() => tenant.items(`/v1/sources/${source.id}/refusals`), { timeout: 15_000 })
      .toMatchObject([{ reason: "signature_missing", count: 1, samples: [{ size: 2 }] }]);
  }, 20_000);
});

const Counts = z.object({ STATION: z.number(), FEED: z.number(), TENANT: z.number() });

async function objectCounts(): Promise<z.infer<typeof Counts>> {
  const count = async (namespace: DurableObjectNamespace) =>
    (await listDurableObjectIds(namespace)).length;
  return {
    STATION: await count(env.STATION),
    FEED: await count(env.FEED),
    TENANT: await count(env.TENANT),
  };
}
