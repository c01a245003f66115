import { createExecutionContext, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";

import { app } from "../../src/http/app.ts";
import { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver } from "./receiver.ts";
import { newTenant, worker } from "./support.ts";

afterEach(() => reset());

/** The relay as it is when deployed. */
const publicWorker = async (request: Request): Promise<Response> =>
  app.fetch(request, { ...env, DESTINATIONS: "public" }, createExecutionContext());

const oauth2 = (tokenUrl: string) => ({
  auth: { type: "oauth2", tokenUrl, clientId: "relay", clientSecret: "client-secret" },
});

describe("the rules for destinations", () => {
  it.each([
    "http://hooks.example.com/",
    "https://127.0.0.1/",
    "https://0x7f.1/",
    "https://[::ffff:127.0.0.1]/",
    "https://localhost/",
    "https://metadata.google.internal/",
    "https://intranet/",
    "https://user@hooks.example.com/",
    "https://hooks.example.com:8080/",
    "https://relay.test/ingest/x",
    "https://RELAY.test./",
    "https://relay.public.dev/",
  ])("refuse %s for a route and for its token, when made and when changed", async (url) => {
    const tenant = await TestTenant.create(publicWorker, "https://relay.public.dev");
    const good = "https://hooks.example.com/";
    const make = (settings: object) =>
      tenant.call("POST", "/v1/routes", { name: "r", url: good, ...settings });
    expect(await make({ url })).toMatchObject({ status: 400, body: { issues: [{ path: "url" }] } });
    expect(await make(oauth2(url))).toMatchObject({
      status: 400,
      body: { issues: [{ path: "auth.tokenUrl" }] },
    });
    expect((await make(oauth2(good))).status).toBe(201);
    const { id } = await tenant.route(good);
    for (const change of [{ url }, oauth2(url)]) {
      expect((await tenant.call("PATCH", `/v1/routes/${id}`, change)).status).toBe(400);
    }
  });

  it("refuse the relay's own host and port in development too", async () => {
    const tenant = await newTenant();
    const statuses = async (url: string) => {
      const { status } = await tenant.call("POST", "/v1/routes", { name: "r", url });
      const { id } = await tenant.route("https://hooks.example.com/");
      const patched = await tenant.call("PATCH", `/v1/routes/${id}`, oauth2(url));
      return [status, patched.status];
    };
    for (const own of [
      "https://relay.test/",
      "http://RELAY.test/ingest/x",
      "https://relay.test.",
    ]) {
      expect(await statuses(own)).toEqual([400, 400]);
    }
    expect(await statuses("https://relay.test:8443/")).toEqual([201, 200]);
    expect(await statuses("https://relay.test.example.com/")).toEqual([201, 200]);
  });
});

describe("a request that the relay sent itself", () => {
  it("carries its name, and is turned away wherever it comes in", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    await tenant.route(receiver.url);
    await tenant.send(path, webhook({ station: "cs1" }));
    const hop = (await receiver.nth(1)).headers["chargewire-hop"] ?? "";
    expect(hop).toMatch(/^[a-z2-7]{20}$/);
    for (const [method, at] of [
      ["POST", path],
      ["GET", "/health"],
      ["GET", "/v1/routes"],
      ["POST", "/nowhere"],
    ] as const) {
      for (const header of [hop, `other, ${hop}`]) {
        const headers = { "chargewire-hop": header };
        const answer = await worker(new Request(tenant.origin + at, { method, headers }));
        expect(answer.status).toBe(508);
        expect(answer.headers.get("content-type")).toBe("application/problem+json");
        expect(await answer.json()).toMatchObject({ code: "loop_detected" });
      }
    }
  });

  it.each(["", "other", "a".repeat(20)])("is not what carries the name %j", async (hop) => {
    const headers = { "chargewire-hop": hop };
    const answer = await worker(new Request("https://relay.test/health", { headers }));
    expect(answer.status).toBe(200);
  });
});
