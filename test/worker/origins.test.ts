import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import type { TestTenant } from "../support/api.ts";
import { OPERATOR_KEY } from "../support/secrets.ts";
import { newTenant, worker } from "./support.ts";
import { ask, newKey, newTicket, send } from "./token-support.ts";

afterEach(() => reset());

const APP = "https://app.example.com";
const EVIL = "https://evil.test";

const allow = (tenant: TestTenant, ...allowedOrigins: unknown[]) =>
  tenant.call("PATCH", "/v1/settings", { allowedOrigins });

interface Call {
  readonly method?: string;
  readonly key?: string | null;
  readonly origin?: string | null;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

async function callFrom(path: string, { method, key, origin, headers, body }: Call) {
  const all = new Headers(headers);
  if (origin !== undefined && origin !== null) all.set("origin", origin);
  if (key !== undefined && key !== null) all.set("authorization", `Bearer ${key}`);
  const response = await worker(
    new Request(`https://relay.test${path}`, {
      method: method ?? "GET",
      headers: all,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  response.webSocket?.accept();
  response.webSocket?.close();
  await response.body?.cancel();
  return response;
}

const allowOrigin = ({ headers }: Response) => headers.get("access-control-allow-origin");
const names = ({ headers }: Response, prefix: string) =>
  [...headers.keys()].filter((name) => name.startsWith(prefix));

describe("allowedOrigins", () => {
  /** Everything that a page can do with a key or a token. */
  async function attempts(tenant: TestTenant, origin: string | null) {
    const [token, ticket] = [await tenant.token(), await newTicket(tenant)];
    const sse = { accept: "text/event-stream" };
    const upgrade = { upgrade: "websocket" };
    const protocols = { ...upgrade, "sec-websocket-protocol": `chargewire.v1, auth.${token}` };
    const { key } = tenant;
    const station = "/v1/stations/a/stream";
    const calls: [string, string, Call][] = [
      ["a socket by key", "/v1/stream", { key, headers: upgrade }],
      ["a socket by token", "/v1/stream", { headers: protocols }],
      ["a station's socket by key", station, { key, headers: upgrade }],
      ["a station's socket by token", station, { headers: protocols }],
      ["events by key", "/v1/stream", { key, headers: sse }],
      ["events by token", "/v1/stream", { key: token, headers: sse }],
      ["a station's events by token", station, { key: token, headers: sse }],
      ["events by ticket", `/v1/stream?ticket=${ticket}`, { headers: sse }],
      ["a list by key", "/v1/stations", { key }],
      ["the settings by key", "/v1/settings", { key }],
      ["a token by key", "/v1/tokens", { method: "POST", key }],
      ["a ticket by key", "/v1/tickets", { method: "POST", key }],
      ["a ticket by token", "/v1/tickets", { method: "POST", key: token }],
    ];
    const answers: Record<string, number> = {};
    for (const [name, path, call] of calls) {
      const response = await callFrom(path, { ...call, origin });
      answers[name] = response.status;
      expect(names(response, "x-chargewire")).toEqual([]);
      const isCors = !("upgrade" in (call.headers ?? {})) && origin !== null;
      const isRefused = response.status === 403;
      expect(allowOrigin(response)).toBe(isCors && !isRefused ? origin : null);
    }
    return answers;
  }

  async function start() {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path, "a");
    return tenant;
  }

  const isGood = (status: number) => [101, 200, 201].includes(status);

  it.each([
    ["any page, where none is listed", [], EVIL],
    ["a page of the list", [APP], APP],
    ["a page by a wildcard", ["https://*.example.com"], APP],
    ["whoever is no page", [APP], null],
    ["a page without an origin, where none is listed", [], "null"],
  ])("let in %s", async (_name, list, origin) => {
    const tenant = await start();
    await allow(tenant, ...list);
    const answers = Object.entries(await attempts(tenant, origin));
    expect(answers.filter(([, status]) => !isGood(status))).toEqual([]);
  });

  it.each([
    ["another page", [APP], EVIL],
    ["the same host on another port", [APP], `${APP}:8443`],
    ["a page without an origin", [APP], "null"],
    ["the domain itself by a wildcard", ["https://*.example.com"], "https://example.com"],
  ])("keep out %s", async (_name, list, origin) => {
    const tenant = await start();
    await allow(tenant, ...list);
    const answers = Object.entries(await attempts(tenant, origin));
    expect(answers.filter(([, status]) => status !== 403)).toEqual([]);
  });

  it("hold for the next request, however the list has changed", async () => {
    const tenant = await start();
    const token = await tenant.token();
    const upgrade = { upgrade: "websocket" };
    const rounds = [[EVIL], [APP], [], [APP, EVIL], ["https://*.test"], [APP]];
    for (const list of rounds) {
      await allow(tenant, ...list);
      const expected = list.length === 0 || list.some((each) => each.endsWith(".test"));
      for (const stream of ["/v1/stream", "/v1/stations/a/stream"]) {
        for (const key of [tenant.key, token]) {
          const response = await callFrom(stream, { key, origin: EVIL, headers: upgrade });
          expect(response.status).toBe(expected ? 101 : 403);
        }
      }
      const listing = await callFrom("/v1/stations", { key: tenant.key, origin: EVIL });
      expect(listing.status).toBe(expected ? 200 : 403);
    }
  });

  it("are the tenant's own, and do not tell of other tenants' pages", async () => {
    const [mine, other] = [await start(), await start()];
    await allow(mine, APP);
    const upgrade = { upgrade: "websocket" };
    const ofOther = await callFrom("/v1/stream", {
      key: other.key,
      origin: EVIL,
      headers: upgrade,
    });
    expect(ofOther.status).toBe(101);
  });

  it("are read back as they are kept, each once", async () => {
    const tenant = await newTenant();
    expect((await tenant.call("GET", "/v1/settings")).body).toEqual({
      allowedOrigins: [],
      retentionDays: 30,
    });
    const answer = await allow(tenant, APP, EVIL, APP);
    expect(answer).toMatchObject({ status: 200, body: { allowedOrigins: [APP, EVIL] } });
    expect((await tenant.call("GET", "/v1/settings")).body).toEqual(answer.body);
    expect((await tenant.call("PATCH", "/v1/settings", {})).body).toEqual(answer.body);
  });

  it.each([
    [{ allowedOrigins: ["*"] }],
    [{ allowedOrigins: ["null"] }],
    [{ allowedOrigins: [`${APP}/`] }],
    [{ allowedOrigins: ["https://app.example.com:443"] }],
    [{ allowedOrigins: ["https://*"] }],
    [{ allowedOrigins: [APP, "ftp://a.test"] }],
    [{ allowedOrigins: [1] }],
    [{ allowedOrigins: APP }],
    [{ allowedOrigins: null }],
    [{ allowedOrigins: Array.from({ length: 101 }, (_, i) => `https://a${i}.test`) }],
    [{ origins: [] }],
    [[]],
  ])("refuse %.60j, and stay as they were", async (input) => {
    const tenant = await newTenant();
    await allow(tenant, APP);
    const answer = await tenant.call("PATCH", "/v1/settings", input);
    expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    expect((await tenant.call("GET", "/v1/settings")).body).toEqual({
      allowedOrigins: [APP],
      retentionDays: 30,
    });
  });

  it("are changed by an admin alone, and that is in the audit log", async () => {
    const tenant = await newTenant();
    const { apiKey } = await newKey(tenant, "reader");
    const refused = await tenant.call("PATCH", "/v1/settings", { allowedOrigins: [] }, apiKey);
    expect(refused.status).toBe(403);
    expect((await tenant.call("GET", "/v1/settings", undefined, apiKey)).status).toBe(200);
    await allow(tenant, APP);
    const [entry] = await tenant.items("/v1/audit");
    expect(entry).toMatchObject({ action: "settings.changed", target: "settings" });
    expect(JSON.stringify(entry)).toContain(APP);
  });
});

describe("CORS", () => {
  const preflight = (path: string, origin = APP) =>
    callFrom(path, {
      method: "OPTIONS",
      origin,
      headers: {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
      },
    });

  it.each(["/v1/stream", "/v1/tickets", "/v1/routes/x", "/v1/settings"])(
    "answers the preflight of %s, which carries no key",
    async (path) => {
      const response = await preflight(path);
      expect(response.status).toBe(204);
      expect(allowOrigin(response)).toBe(APP);
      const list = (name: string) => response.headers.get(name)?.split(/, */) ?? [];
      const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
      expect(list("access-control-allow-methods")).toEqual(expect.arrayContaining(methods));
      const headers = ["authorization", "content-type", "last-event-id"];
      expect(list("access-control-allow-headers")).toEqual(expect.arrayContaining(headers));
      expect(response.headers.get("vary")).toBe("origin");
      expect(response.headers.get("access-control-allow-credentials")).toBeNull();
    },
  );

  it.each(["/v1/tenants", "/v1/tenants/x", "/ingest/x", "/health"])(
    "is not for %s: neither a preflight nor an answer",
    async (path) => {
      expect(names(await preflight(path), "access-control")).toEqual([]);
      const answer = await callFrom(path, { key: OPERATOR_KEY, origin: APP });
      expect(names(answer, "access-control")).toEqual([]);
    },
  );

  it("lets pages read answers and refusals, and not those that are not for them", async () => {
    const tenant = await newTenant();
    await allow(tenant, APP);
    const { key } = tenant;
    const cases: [string, Call, number, string | null][] = [
      ["/v1/stations", { key, origin: APP }, 200, APP],
      ["/v1/stations", { origin: APP }, 401, APP],
      ["/v1/stations", { key: "cw_x", origin: EVIL }, 401, EVIL],
      ["/v1/stations/none", { key, origin: APP }, 404, APP],
      ["/v1/nothing", { key, origin: APP }, 404, APP],
      ["/v1/tokens", { method: "POST", key, origin: APP, body: { x: 1 } }, 400, APP],
      ["/v1/stream", { key, origin: APP }, 426, APP],
      ["/v1/stations", { key, origin: EVIL }, 403, null],
      ["/v1/tokens", { method: "POST", key, origin: EVIL }, 403, null],
      ["/v1/stream", { key, origin: EVIL }, 403, null],
      ["/v1/stations", { key }, 200, null],
    ];
    for (const [path, call, status, origin] of cases) {
      const response = await callFrom(path, call);
      expect([path, response.status, allowOrigin(response)]).toEqual([path, status, origin]);
      expect(names(response, "x-chargewire")).toEqual([]);
      if (call.origin !== undefined) expect(response.headers.get("vary")).toContain("origin");
    }
    const { body } = await ask(tenant, "/v1/stations", key, { origin: EVIL });
    expect(body).toMatchObject({ code: "forbidden_origin", status: 403 });
  });

  it("shows pages when they may try again", async () => {
    const tenant = await newTenant();
    const response = await callFrom("/v1/stations", { key: tenant.key, origin: APP });
    expect(response.headers.get("access-control-expose-headers")).toContain("retry-after");
  });
});
