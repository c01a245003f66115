import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { EDRV_SECRET, webhook } from "../support/webhooks.ts";
import { issuePathsOf, planOf, stepsOf, TestConfig, tagOf, URL } from "./config-support.ts";
import { Receiver } from "./receiver.ts";
import { newTenant } from "./support.ts";

const OTHER_URL = "https://elsewhere.example.com/in";
const Secrets = z.object({
  secrets: z.array(z.object({ hint: z.string(), expiresAt: z.string().nullable() })),
});

afterEach(() => reset());

async function setUp() {
  const tenant = await newTenant();
  const config = new TestConfig(tenant);
  const putSource = (settings: object) =>
    config.put({ sources: [{ name: "eDRV", ...settings }], routes: [] });
  const putRoute = (settings: object) =>
    config.put({ sources: [], routes: [{ name: "receiver", url: URL, ...settings }] });
  const secretsOf = async (id: string) =>
    Secrets.parse((await tenant.call("GET", `/v1/sources/${id}`)).body).secrets;
  return { tenant, config, putSource, putRoute, secretsOf };
}

describe("a source's secret in the document", () => {
  it("is kept when it is left out, and when its hint is written", async () => {
    const { tenant, putSource, secretsOf } = await setUp();
    const { id, path } = await tenant.source();
    for (const settings of [{}, { secret: { hint: "…6789" } }]) {
      expect(stepsOf(await putSource(settings))).toEqual(["none source eDRV"]);
    }
    expect(await secretsOf(id)).toEqual([{ hint: "…6789", expiresAt: null }]);
    expect((await tenant.send(path, webhook())).status).toBe(200);
  });

  it("is set beside the one before, which ends after a day", async () => {
    const { tenant, putSource, secretsOf } = await setUp();
    const { id, path } = await tenant.source();
    const answer = await putSource({ secret: "another-secret" });
    expect(planOf(answer)).toMatchObject([
      {
        action: "update",
        id,
        changes: [{ field: "secret", before: { hint: "…6789" }, after: { hint: "…cret" } }],
      },
    ]);
    const [newest, before] = await secretsOf(id);
    expect(newest).toEqual({ hint: "…cret", expiresAt: null });
    const leftMs = Date.parse(before?.expiresAt ?? "") - Date.now();
    expect(Math.abs(leftMs - 86_400_000)).toBeLessThan(60_000);
    for (const secret of [EDRV_SECRET, "another-secret"]) {
      expect((await tenant.send(path, webhook(), { secret })).status).toBe(200);
    }
  });

  it("is set once, however often the document is put", async () => {
    const { tenant, config, putSource, secretsOf } = await setUp();
    const { id } = await tenant.source();
    await putSource({ secret: "another-secret" });
    const tag = tagOf(await config.get());
    const again = await putSource({ secret: "another-secret" });
    expect(stepsOf(again)).toEqual(["none source eDRV"]);
    expect(tagOf(again)).toBe(tag);
    expect(await secretsOf(id)).toHaveLength(2);
  });

  it("comes back for good when it is one that is about to end", async () => {
    const { tenant, putSource, secretsOf } = await setUp();
    const { id } = await tenant.source();
    await putSource({ secret: "another-secret" });
    expect(stepsOf(await putSource({ secret: EDRV_SECRET }))).toEqual(["update source eDRV"]);
    expect((await secretsOf(id))[0]).toEqual({ hint: "…6789", expiresAt: null });
  });

  it("is a change of its own in the audit log, without its text", async () => {
    const { tenant, putSource } = await setUp();
    const { id } = await tenant.source();
    await putSource({ secret: "another-secret" });
    const entries = await tenant.items("/v1/audit");
    expect(entries).toMatchObject([
      { action: "source.secret_added", target: id },
      { action: "source.created", target: id },
    ]);
    expect(JSON.stringify(entries)).not.toContain("another-secret");
  });

  it.each([{ hint: "…beef" }, { hint: "" }])(
    "is not %j when none has that hint",
    async (secret) => {
      const { tenant, config, putSource } = await setUp();
      await tenant.source();
      const before = await config.everything();
      const answer = await putSource({ secret });
      expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request" } });
      expect(issuePathsOf(answer)).toEqual(["sources.0.secret"]);
      expect(await config.everything()).toEqual(before);
    },
  );

  it("cannot be a hint of a source that is new", async () => {
    const { config, putSource } = await setUp();
    expect((await putSource({ secret: { hint: "…6789" } })).status).toBe(400);
    expect((await config.document()).sources).toEqual([]);
  });

  it("is refused when ten are live, and nothing else is changed either", async () => {
    const { tenant, config, putSource } = await setUp();
    const { id } = await tenant.source();
    for (let count = 2; count <= 10; count += 1) {
      if (count === 10) {
        expect((await putSource({ secret: "the tenth one" })).status).toBe(200);
      } else await tenant.call("POST", `/v1/sources/${id}/secrets`, { secret: `secret ${count}` });
    }
    const before = await config.everything();
    const answer = await putSource({ secret: "one more", scheme: "body" });
    expect(answer).toMatchObject({ status: 409, body: { code: "limit_reached" } });
    expect(await config.everything()).toEqual(before);
    expect((await putSource({ scheme: "body" })).status).toBe(200);
  });
});

describe("a route's secrets in the document", () => {
  const secrets = {
    headers: { "x-a": "header-secret-a", "x-b": "header-secret-b" },
    auth: { type: "basic", username: "user", password: "password-secret" },
    edrvSecret: "edrv-route-secret",
  };

  it("are kept when they are left out, and when what GET shows of them is written", async () => {
    const { tenant, config, putRoute } = await setUp();
    await tenant.route(URL, secrets);
    const shown = {
      headers: { "x-a": { hint: "…et-a" }, "x-b": { hint: "…et-b" } },
      auth: { type: "basic" },
      edrvSecret: { hint: "…cret" },
    };
    expect((await config.document()).routes).toMatchObject([shown]);
    for (const settings of [{}, shown, secrets]) {
      expect(stepsOf(await putRoute(settings))).toEqual(["none route receiver"]);
    }
  });

  it("are sent as they are after other settings have changed", async () => {
    const { tenant, config } = await setUp();
    const receiver = new Receiver();
    const { path } = await tenant.source();
    await tenant.route(receiver.url, secrets);
    const { sources, routes } = await config.document();
    const changed = routes.map((route) => ({ ...route, timeoutMs: 5_000 }));
    expect(stepsOf(await config.put({ sources, routes: changed }))).toEqual([
      "none source eDRV",
      "update route receiver",
    ]);
    await tenant.send(path, webhook());
    expect((await receiver.nth(1)).headers).toMatchObject({
      "x-a": "header-secret-a",
      "x-b": "header-secret-b",
      authorization: `Basic ${btoa("user:password-secret")}`,
      "edrv-signature": expect.any(String),
    });
  });

  it("are set, kept and dropped one by one", async () => {
    const { tenant, config, putRoute } = await setUp();
    await tenant.route(URL, secrets);
    const answer = await putRoute({
      headers: { "x-a": { hint: "…et-a" }, "x-c": "header-secret-c" },
      auth: null,
      edrvSecret: "another-edrv-key",
    });
    expect(planOf(answer)[0]?.changes).toEqual([
      {
        field: "headers",
        before: { "x-a": { hint: "…et-a" }, "x-b": { hint: "…et-b" } },
        after: { "x-a": { hint: "…et-a" }, "x-c": { hint: "…et-c" } },
      },
      { field: "auth", before: { type: "basic" }, after: null },
      { field: "edrvSecret", before: { hint: "…cret" }, after: { hint: "…-key" } },
    ]);
    expect((await config.document()).routes).toMatchObject([
      {
        headers: { "x-a": { hint: "…et-a" }, "x-c": { hint: "…et-c" } },
        auth: null,
        edrvSecret: { hint: "…-key" },
      },
    ]);
    await putRoute({ headers: {}, edrvSecret: null });
    expect((await config.document()).routes).toMatchObject([{ headers: {}, edrvSecret: null }]);
  });

  it("are a change also when their hints are the same", async () => {
    const { tenant, putRoute } = await setUp();
    const { id } = await tenant.route(URL, secrets);
    const answer = await putRoute({ auth: { ...secrets.auth, password: "other" } });
    const auth = { type: "basic" };
    expect(planOf(answer)[0]?.changes).toEqual([{ field: "auth", before: auth, after: auth }]);
    const [entry] = await tenant.items("/v1/audit");
    expect(entry).toMatchObject({
      action: "route.changed",
      target: id,
      detail: { changed: ["auth"] },
    });
  });

  it.each([
    [{ headers: { "x-a": { hint: "…beef" } } }, "headers.x-a"],
    [{ headers: { "x-new": { hint: "…et-a" } } }, "headers.x-new"],
    [{ auth: { type: "bearer" } }, "auth"],
    [{ edrvSecret: { hint: "…beef" } }, "edrvSecret"],
    [{ format: "event" }, "edrvSecret"],
  ])("are not what is not there: %j", async (settings, field) => {
    const { tenant, config, putRoute } = await setUp();
    await tenant.route(URL, secrets);
    const before = await config.everything();
    const answer = await putRoute(settings);
    expect(answer.status).toBe(400);
    expect(issuePathsOf(answer)).toEqual([`routes.0.${field}`]);
    expect(await config.everything()).toEqual(before);
  });

  it("do not move to another host unless they are written anew", async () => {
    const { tenant, config, putRoute } = await setUp();
    await tenant.route(URL, secrets);
    const kept = { headers: { "x-a": { hint: "…et-a" } }, auth: { type: "basic" } };
    const refused = await putRoute({ url: OTHER_URL, ...kept });
    expect(refused.status).toBe(400);
    expect(issuePathsOf(refused)).toEqual(["routes.0.headers.x-a", "routes.0.auth"]);
    const answer = await putRoute({ url: OTHER_URL });
    expect(planOf(answer)[0]?.changes.map(({ field }) => field)).toEqual([
      "url",
      "headers",
      "auth",
    ]);
    expect((await config.document()).routes).toMatchObject([
      { url: OTHER_URL, headers: {}, auth: null, edrvSecret: { hint: "…cret" } },
    ]);
    await putRoute({ url: URL, ...secrets });
    expect((await config.document()).routes).toMatchObject([{ url: URL, auth: { type: "basic" } }]);
  });

  it("go no further than their tenant: another one cannot take them up by a hint", async () => {
    const { tenant, config } = await setUp();
    await tenant.source();
    await tenant.route(URL, secrets);
    const { body } = await config.get();
    const other = new TestConfig(await newTenant());
    const answer = await other.put(body);
    expect(answer.status).toBe(400);
    expect(issuePathsOf(answer)).toEqual([
      "sources.0.secret",
      "routes.0.headers.x-a",
      "routes.0.headers.x-b",
      "routes.0.auth",
      "routes.0.edrvSecret",
    ]);
    expect(await other.document()).toEqual({ sources: [], routes: [] });
  });
});
