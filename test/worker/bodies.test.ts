import { reset } from "cloudflare:test";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import type { AppEnv } from "../../src/http/context.ts";
import { answerError } from "../../src/http/problems.ts";
import { readBytes } from "../../src/http/validation.ts";
import { OPERATOR_KEY } from "../support/secrets.ts";
import { BODIES, BODILESS, type Place, pathOf, SERVED, setUpPlace } from "./endpoints.ts";
import { worker } from "./support.ts";

/** One for all that is refused. */
let place: Place;
beforeAll(async () => {
  place = await setUpPlace();
});
afterAll(() => reset());

async function send(endpoint: string, at: Place, body: string) {
  const [method = ""] = endpoint.split(" ");
  const path = pathOf(endpoint, at);
  const key = path.startsWith("/v1/tenants") ? OPERATOR_KEY : at.tenant.key;
  const headers = { authorization: `Bearer ${key}` };
  const url = at.tenant.origin + path;
  const response = await worker(new Request(url, { method, headers, body }));
  return { status: response.status, body: await response.json<unknown>() };
}

describe("the table of bodies", () => {
  it("has every call that takes one", () => {
    const takes = SERVED.filter((endpoint) => /^(POST|PUT|PATCH) /.test(endpoint));
    expect([...Object.keys(BODIES), ...BODILESS].sort()).toEqual([...takes].sort());
  });
});

describe.each(Object.entries(BODIES))("%s", (endpoint, bodyOf) => {
  it("refuses fields that it does not know, and names them", async () => {
    const body = { ...bodyOf(place), surprise: 1 };
    expect(await send(endpoint, place, JSON.stringify(body))).toMatchObject({
      status: 400,
      body: {
        code: "invalid_request",
        issues: [{ path: "", message: expect.stringContaining("surprise") }],
      },
    });
  });

  it("refuses what is no JSON object", async () => {
    for (const body of ["not JSON", "[]", "null", '"text"', "1", "{", "\ufffe"]) {
      expect([body, await send(endpoint, place, body)]).toMatchObject([
        body,
        { status: 400, body: { code: "invalid_request", issues: [{ path: "" }] } },
      ]);
    }
  });

  it("refuses more than it reads", async () => {
    const most = endpoint === "PUT /v1/config" ? 4 * 1024 * 1024 : 256 * 1024;
    const changed = await setUpPlace();
    const padded = (bytes: number) => JSON.stringify(bodyOf(changed)).padEnd(bytes);
    expect((await send(endpoint, changed, padded(most + 1))).status).toBe(413);
    expect((await send(endpoint, changed, padded(most))).status).toBeLessThan(300);
  });
});

describe("a body that breaks off", () => {
  const brokenOff = () =>
    new ReadableStream({
      pull: (controller) => controller.error(new Error("the sender has gone")),
    });
  // Within one Worker: on the way to another one its body would only be shorter.
  const reader = new Hono<AppEnv>();
  reader.onError(answerError);
  reader.post("*", async ({ req }) => new Response(await readBytes(req.raw, 100)));

  it.each([
    ["/v1/keys", {}, 400, "invalid_request"],
    ["/v1/keys", { "content-length": "9" }, 400, "invalid_request"],
    ["/ingest/src_1", {}, 503, "unavailable"],
    ["/ingest/src_1", { "content-length": "9" }, 503, "unavailable"],
  ])(
    "is its sender's doing: at %s with %j it is answered %i, and not logged",
    async (path, headers, status, code) => {
      const logged = [vi.spyOn(console, "warn"), vi.spyOn(console, "error")];
      const response = await reader.request(path, { method: "POST", headers, body: brokenOff() });
      expect([response.status, await response.json()]).toMatchObject([status, { code }]);
      expect(logged.flatMap((spy) => spy.mock.calls)).toEqual([]);
      vi.restoreAllMocks();
    },
  );
});
