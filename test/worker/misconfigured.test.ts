import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";

import { app } from "../../src/http/app.ts";

const ask = (settings: Record<string, unknown>, path = "/health") =>
  app.fetch(
    new Request(`https://relay.test${path}`),
    { ...env, ...settings },
    createExecutionContext(),
  );

describe("a Worker without usable secrets", () => {
  it.each([
    [{ OPERATOR_KEY: undefined }],
    [{ OPERATOR_KEY: "x".repeat(31) }],
    [{ MASTER_KEY: undefined }],
    [{ MASTER_KEY: "not base64 of 32 bytes" }],
    [{ MASTER_KEY: btoa("x".repeat(31)) }],
    [{ MASTER_KEY_PREVIOUS: "short" }],
    [{ ID_KEY: "short" }],
    [{ DESTINATIONS: "anything" }],
  ])("serves nothing rather than run unsafe: %j", async (settings) => {
    for (const path of ["/health", "/v1/tenants", "/ingest/src_x"]) {
      const response = await ask(settings, path);
      expect(response.status).toBe(503);
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(await response.json()).toMatchObject({ code: "misconfigured" });
    }
  });

  it.each([
    [{ OPERATOR_KEY: "x".repeat(32) }],
    [{ ID_KEY: btoa("x".repeat(32)), MASTER_KEY_PREVIOUS: btoa("y".repeat(32)) }],
    [{ DESTINATIONS: undefined }],
  ])("serves with %j", async (settings) => {
    expect((await ask(settings)).status).toBe(200);
  });
});
