import { reset } from "cloudflare:test";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { OPERATOR_KEY } from "../support/secrets.ts";
import { webhook } from "../support/webhooks.ts";
import { BODIES, type Place, pathOf, SERVED, setUpPlace } from "./endpoints.ts";
import { worker } from "./support.ts";

let place: Place;

beforeAll(async () => {
  place = await setUpPlace();
});

afterAll(() => reset());

/** What holds for every answer, whatever it is about. */
function expectSafe(answer: Response, text: string): void {
  const { status, headers } = answer;
  const type = headers.get("content-type");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  if (status >= 400) expect(type).toBe("application/problem+json");
  else if (text === "") expect(type).toBeNull();
  else expect(type).toMatch(/^(application\/json|text\/html|text\/event-stream)/);
  expect(headers.get("www-authenticate") !== null).toBe(status === 401);
  for (const name of ["set-cookie", "server", "x-powered-by", "access-control-allow-credentials"]) {
    expect(headers.has(name), name).toBe(false);
  }
}

/** Of nobody's interest but the one's who asked. */
async function expectPrivate(request: Request): Promise<Response> {
  const answer = await worker(request);
  expectSafe(answer, await answer.text());
  expect(answer.headers.get("cache-control")).toBe("no-store");
  return answer;
}

const request = (path: string, init: RequestInit = {}) =>
  new Request(`https://relay.test${path}`, init);

function authorized(name: string, key: string): Request {
  const method = name.split(" ")[0] ?? "";
  const body = BODIES[name]?.(place);
  return request(pathOf(name, place), {
    method,
    headers: { authorization: `Bearer ${key}`, origin: "https://app.example.com" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** What takes something away comes last. */
const isLast = (name: string) => Number(/^(DELETE|PUT)/.test(name));
const CALLS = [...SERVED].sort((a, b) => isLast(a) - isLast(b));

describe("every call of the API", () => {
  it("is answered with headers that keep it to whoever asked, also when it is refused", async () => {
    for (const name of CALLS) {
      const key = name.includes("/v1/tenants") ? OPERATOR_KEY : place.tenant.key;
      // A call about another tenant that is not there: this one is needed to the end.
      const asked = name.startsWith("DELETE /v1/tenants") ? "GET /v1/tenants/:id" : name;
      const refused = await expectPrivate(authorized(asked, "ck_junk"));
      expect(refused.status, name).toBe(401);
      const answered = await expectPrivate(authorized(asked, key));
      expect(answered.status, name).not.toBe(401);
    }
  });

  it("is answered so with a broken body, an unknown method or path, and to a preflight", async () => {
    const origin = "https://app.example.com";
    const headers = { authorization: `Bearer ${place.tenant.key}` };
    const preflight = { origin, "access-control-request-method": "PUT" };
    for (const [path, init] of [
      ["/v1/routes", { method: "POST", body: "{" }],
      ["/v1/routes", { method: "PUT" }],
      ["/v1/nothing", {}],
      ["/nothing", { method: "POST" }],
      ["/v1/routes", { method: "OPTIONS", headers: { origin } }],
      ["/v1/routes", { method: "OPTIONS", headers: preflight }],
    ] satisfies [string, RequestInit][]) {
      await expectPrivate(request(path, { ...init, headers: { ...headers, ...init.headers } }));
    }
  });
});

describe("a webhook", () => {
  it("is answered so when it is accepted, unsigned or for nobody", async () => {
    const { path: ingestPath } = await place.tenant.source();
    const accepted = await place.tenant.send(ingestPath, webhook({ station: "cs1" }));
    expect(accepted.status).toBe(200);
    expectSafe(accepted, await accepted.text());
    expect(accepted.headers.get("cache-control")).toBe("no-store");
    for (const [path, status] of [
      [ingestPath, 401],
      ["/ingest/src_junk", 404],
    ] as const) {
      const refused = await expectPrivate(request(path, { method: "POST", body: "{}" }));
      expect(refused.status).toBe(status);
    }
  });
});

describe("what is open to everybody", () => {
  it("may be kept for five minutes where it is documentation, and health not at all", async () => {
    for (const [path, cached] of [
      ["/docs", "public, max-age=300"],
      ["/openapi.json", "public, max-age=300"],
      ["/health", "no-store"],
    ] as const) {
      const answer = await worker(request(path));
      expect(answer.status).toBe(200);
      expectSafe(answer, await answer.text());
      expect(answer.headers.get("cache-control")).toBe(cached);
    }
  });

  it("lets no other page frame the documentation, nor run anything in it", async () => {
    const policy = (await worker(request("/docs"))).headers.get("content-security-policy") ?? "";
    expect(policy.split("; ")).toEqual(
      expect.arrayContaining(["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"]),
    );
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });
});

describe("a stream of server-sent events", () => {
  it("is kept by nobody on the way", async () => {
    const answer = await place.tenant.events("/v1/stream");
    expectSafe(answer, "stream");
    expect(answer.headers.get("cache-control")).toBe("no-store, no-transform");
    await answer.body?.cancel();
  });
});
