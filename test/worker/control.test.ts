import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { feedName, stationName } from "../../src/env.ts";
import { call } from "../support/api.ts";
import { OPERATOR_KEY } from "../support/secrets.ts";
import { EDRV_SECRET, webhook } from "../support/webhooks.ts";
import { newTenant, subscribe, worker } from "./support.ts";

const ORIGIN = "https://relay.test";
const operator = (method: string, path: string, body?: unknown) =>
  call(worker, ORIGIN, OPERATOR_KEY, method, path, body);
const Created = z.looseObject({ id: z.string() });
const Key = z.object({ id: z.string(), apiKey: z.string() });

afterEach(() => reset());

describe("/v1/tenants", () => {
  it("creates, lists, shows and removes tenants", async () => {
    const created = await operator("POST", "/v1/tenants", { name: "Acme", id: "acme" });
    expect(created).toMatchObject({
      status: 201,
      body: { id: "acme", name: "Acme", apiKey: expect.stringMatching(/^cw_/) },
    });
    await operator("POST", "/v1/tenants", { name: "Beta", id: "beta" });
    expect((await operator("GET", "/v1/tenants?limit=1")).body).toMatchObject({
      items: [{ id: "acme", name: "Acme", createdAt: expect.any(String) }],
      next: "acme",
    });
    expect((await operator("GET", "/v1/tenants?limit=1&after=acme")).body).toMatchObject({
      items: [{ id: "beta" }],
      next: null,
    });
    expect((await operator("GET", "/v1/tenants/acme")).status).toBe(200);
    expect((await operator("DELETE", "/v1/tenants/acme")).status).toBe(204);
    expect((await operator("GET", "/v1/tenants/acme")).status).toBe(404);
    expect((await operator("DELETE", "/v1/tenants/acme")).status).toBe(404);
  });

  it("refuses an id that is taken, or was", async () => {
    await operator("POST", "/v1/tenants", { name: "Acme", id: "acme" });
    const again = await operator("POST", "/v1/tenants", { name: "Acme", id: "acme" });
    expect(again).toMatchObject({ status: 409, body: { code: "conflict" } });
    await operator("DELETE", "/v1/tenants/acme");
    expect((await operator("POST", "/v1/tenants", { name: "Acme", id: "acme" })).status).toBe(409);
  });

  it.each([
    [{}],
    [{ name: "" }],
    [{ name: "x", id: "UPPER" }],
    [{ name: "x", id: "a".repeat(41) }],
    [{ name: "x", color: "red" }],
    [[]],
    ["not an object"],
  ])("refuses %j, and says what is wrong", async (input) => {
    const answer = await operator("POST", "/v1/tenants", input);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer).toMatchObject({
      status: 400,
      body: { code: "invalid_request", issues: [{ message: expect.any(String) }] },
    });
  });

  it.each([null, "wrong", "", `${OPERATOR_KEY}x`, OPERATOR_KEY.slice(1)])(
    "is closed to the key %j",
    async (key) => {
      const answer = await call(worker, ORIGIN, key, "GET", "/v1/tenants");
      expect(answer).toMatchObject({ status: 401, body: { code: "unauthorized" } });
    },
  );

  it("is closed to tenants, and the operator's key to what is theirs", async () => {
    const tenant = await newTenant();
    expect((await tenant.call("GET", "/v1/tenants")).status).toBe(401);
    expect((await operator("GET", "/v1/sources")).status).toBe(401);
  });

  it("leaves nothing of a removed tenant, and late events do not bring it back", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.send(path, webhook({ station: "cs1" }));
    const feedSocket = await subscribe(tenant);
    const stationSocket = await subscribe(tenant, "/v1/stations/cs1/stream");
    await operator("DELETE", `/v1/tenants/${tenant.id}`);
    await expect.poll(() => feedSocket.closed.code).toBe(4003);
    await expect.poll(() => stationSocket.closed.code).toBe(4003);
    expect((await tenant.call("GET", "/v1/sources")).status).toBe(401);
    // This isolate may know the source for ten seconds more; nothing is taken in all the same.
    for (const station of ["cs1", "cs2"]) {
      expect((await tenant.send(path, webhook({ station }))).status).toBe(404);
    }
    for (const station of ["cs1", "cs2"]) {
      const object = env.STATION.getByName(stationName(tenant.id, station));
      await expect.poll(async () => (await object.read(0, 10)).seq).toBe(0);
    }
    const feed = env.FEED.getByName(feedName(tenant.id));
    await expect.poll(async () => (await feed.states("", 10)).items).toEqual([]);
  });
});

describe("/v1/keys", () => {
  it("shows a key once, and afterwards only a hint", async () => {
    const tenant = await newTenant();
    const created = await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
    const { id, apiKey } = Key.parse(created.body);
    expect(created.status).toBe(201);
    const listed = await tenant.call("GET", "/v1/keys");
    expect(listed.body).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({
          id,
          name: "screen",
          role: "reader",
          hint: `…${apiKey.slice(-4)}`,
        }),
      ]),
    });
    expect(JSON.stringify(listed.body)).not.toContain(apiKey);
  });

  it("shows whoever asks with one what it is, and whose", async () => {
    const tenant = await newTenant();
    const { body } = await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
    const { apiKey, ...screen } = Key.parse(body);
    const owner = { tenant: { id: tenant.id, name: "Test" } };
    const ask = (key?: string) => tenant.call("GET", "/v1/keys/current", undefined, key);
    expect(await ask(apiKey)).toMatchObject({ status: 200, body: { ...screen, ...owner } });
    const { body: own } = await ask();
    expect(own).toMatchObject({ role: "admin", hint: `…${tenant.key.slice(-4)}`, ...owner });
    expect(JSON.stringify(own)).not.toContain(tenant.key);
    await tenant.call("DELETE", `/v1/keys/${screen.id}`);
    expect(await ask(apiKey)).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  });

  it("lets a reader read and nothing else", async () => {
    const tenant = await newTenant();
    const { body } = await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
    const { apiKey } = Key.parse(body);
    const source = await tenant.source();
    for (const path of ["keys", "sources", "routes", "events", "stations", "quarantine"]) {
      expect((await tenant.call("GET", `/v1/${path}`, undefined, apiKey)).status).toBe(200);
    }
    for (const [method, path] of [
      ["POST", "keys"],
      ["POST", "sources"],
      ["PATCH", `sources/${source.id}`],
      ["DELETE", `sources/${source.id}`],
      ["POST", `sources/${source.id}/secrets`],
      ["POST", "routes"],
      ["DELETE", "stations/x"],
    ] as const) {
      const answer = await tenant.call(method, `/v1/${path}`, {}, apiKey);
      expect(answer).toMatchObject({ status: 403, body: { code: "forbidden" } });
    }
  });

  it("closes a deleted key out at once", async () => {
    const tenant = await newTenant();
    const { body } = await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
    const { id, apiKey } = Key.parse(body);
    expect((await tenant.call("DELETE", `/v1/keys/${id}`)).status).toBe(204);
    expect((await tenant.call("GET", "/v1/keys", undefined, apiKey)).status).toBe(401);
    expect((await tenant.call("DELETE", `/v1/keys/${id}`)).status).toBe(404);
  });

  it("holds 200 keys and not one more", async () => {
    const tenant = await newTenant();
    const create = () => tenant.call("POST", "/v1/keys", { name: "k", role: "reader" });
    for (let count = 2; count <= 200; count += 1) expect((await create()).status).toBe(201);
    expect(await create()).toMatchObject({ status: 409, body: { code: "limit_reached" } });
  });
});

describe("/v1/sources", () => {
  it("never shows a secret again", async () => {
    const tenant = await newTenant();
    const created = await tenant.call("POST", "/v1/sources", { name: "eDRV", secret: EDRV_SECRET });
    expect(created).toMatchObject({
      status: 201,
      body: {
        ingestPath: expect.stringMatching(/^\/ingest\/src_/),
        scheme: "auto",
        toleranceSeconds: 300,
        silentAfterSeconds: 3600,
        secrets: [{ hint: "…6789", expiresAt: null }],
      },
    });
    const { id } = Created.parse(created.body);
    const all = [created.body, (await tenant.call("GET", `/v1/sources/${id}`)).body];
    expect(JSON.stringify(all)).not.toContain(EDRV_SECRET);
  });

  it("changes what is named and leaves the rest", async () => {
    const tenant = await newTenant();
    const { id } = await tenant.source();
    const changed = await tenant.call("PATCH", `/v1/sources/${id}`, { scheme: "body" });
    expect(changed).toMatchObject({ status: 200, body: { name: "eDRV", scheme: "body" } });
    expect((await tenant.call("PATCH", `/v1/sources/${id}`, { secret: "x" })).status).toBe(400);
  });

  it("deletes a secret of its own and none of another source", async () => {
    const tenant = await newTenant();
    const [one, two] = [await tenant.source(), await tenant.source()];
    const { body } = await tenant.call("GET", `/v1/sources/${one.id}`);
    const secret = z.object({ secrets: z.tuple([Created]) }).parse(body).secrets[0].id;
    const at = (source: string) => `/v1/sources/${source}/secrets/${secret}`;
    expect((await tenant.call("DELETE", at(two.id))).status).toBe(404);
    expect((await tenant.call("DELETE", at(one.id))).status).toBe(204);
    expect((await tenant.send(one.path, webhook())).status).toBe(401);
  });

  it("holds 50 sources and not one more, of 10 live secrets each", async () => {
    const tenant = await newTenant();
    const { id } = await tenant.source();
    for (let count = 2; count <= 50; count += 1) await tenant.source();
    const more = await tenant.call("POST", "/v1/sources", { name: "one more" });
    expect(more).toMatchObject({ status: 409, body: { code: "limit_reached" } });
    const add = () => tenant.call("POST", `/v1/sources/${id}/secrets`, { secret: "another one" });
    for (let count = 2; count <= 10; count += 1) expect((await add()).status).toBe(201);
    expect((await add()).status).toBe(409);
  });
});

describe("/v1/routes", () => {
  const URL = "https://hooks.example.com/in";

  it("shows the signing secret once, and of headers and authentication only names", async () => {
    const tenant = await newTenant();
    const input = {
      name: "billing",
      url: URL,
      headers: { "x-token": "header-secret" },
      auth: { type: "bearer", token: "bearer-secret" },
      edrvSecret: "edrv-route-secret",
    };
    const created = await tenant.call("POST", "/v1/routes", input);
    expect(created).toMatchObject({
      status: 201,
      body: {
        secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
        enabled: true,
        filter: {},
        format: "raw",
        headers: ["x-token"],
        auth: { type: "bearer" },
        timeoutMs: 10_000,
        retry: { scheduleSeconds: [1, 5, 30, 120, 600, 1800, 7200, 18_000, 36_000, 36_000] },
        onExhausted: "dead_letter",
        health: "healthy",
      },
    });
    const { id } = Created.parse(created.body);
    const shown = JSON.stringify((await tenant.call("GET", `/v1/routes/${id}`)).body);
    for (const secret of ["whsec_", "header-secret", "bearer-secret", "edrv-route-secret"]) {
      expect(shown).not.toContain(secret);
    }
  });

  it("drops headers and authentication when the URL moves to another origin", async () => {
    const tenant = await newTenant();
    const auth = { type: "bearer", token: "t" };
    const route = await tenant.route(URL, { headers: { "x-a": "1" }, auth });
    const patch = async (body: unknown) =>
      (await tenant.call("PATCH", `/v1/routes/${route.id}`, body)).body;
    expect(await patch({ url: "https://hooks.example.com/other" })).toMatchObject({
      headers: ["x-a"],
      auth: { type: "bearer" },
    });
    expect(
      await patch({ url: "https://elsewhere.example.com/", headers: { "x-b": "2" } }),
    ).toMatchObject({ headers: ["x-b"], auth: null });
  });

  it.each([
    [{ timeoutMs: 999 }, 400],
    [{ timeoutMs: 1_000 }, 201],
    [{ timeoutMs: 30_000 }, 201],
    [{ timeoutMs: 30_001 }, 400],
    [{ headers: { "content-type": "x" } }, 400],
    [{ headers: { "webhook-id": "x" } }, 400],
    [{ headers: { Host: "x" } }, 400],
    [{ headers: { "x-a": "line\nbreak" } }, 400],
    [{ headers: manyHeaders(20) }, 201],
    [{ headers: manyHeaders(21) }, 400],
    [{ filter: { types: ["session*"] } }, 400],
    [{ filter: { nothing: 1 } }, 400],
    [{ filter: { stations: Array.from({ length: 1001 }, (_, i) => `s${i}`) } }, 400],
    [{ format: "event", edrvSecret: "x" }, 400],
    [{ auth: { type: "magic" } }, 400],
    [{ retry: { scheduleSeconds: [-1] } }, 400],
    [{ url: "ftp://hooks.example.com" }, 400],
    [{ url: "https://user:pass@hooks.example.com" }, 400],
    [{ unknown: true }, 400],
  ])("answers %j with %i", async (settings, status) => {
    const tenant = await newTenant();
    const input = { name: "r", url: URL, ...settings };
    expect((await tenant.call("POST", "/v1/routes", input)).status).toBe(status);
  });

  it("holds 100 routes and not one more", async () => {
    const tenant = await newTenant();
    for (let count = 1; count <= 100; count += 1) await tenant.route(URL);
    const more = await tenant.call("POST", "/v1/routes", { name: "one more", url: URL });
    expect(more).toMatchObject({ status: 409, body: { code: "limit_reached" } });
    const { body } = await tenant.call("GET", "/v1/routes?limit=200");
    expect(body).toMatchObject({ next: null });
  });
});

describe("tenants", () => {
  it("find nothing of one another", async () => {
    const [one, two] = [await newTenant(), await newTenant()];
    const source = await one.source();
    const route = await one.route("https://hooks.example.com/in");
    await one.send(source.path, webhook({ station: "cs1" }));
    await one.send(source.path, "not JSON");
    for (const path of [
      `sources/${source.id}`,
      `sources/${source.id}/refusals`,
      `routes/${route.id}`,
      `routes/${route.id}/dead-letters`,
      "stations/cs1",
      "stations/cs1/events",
    ]) {
      expect((await two.call("GET", `/v1/${path}`)).status).toBe(404);
      expect((await one.call("GET", `/v1/${path}`)).status).toBe(200);
    }
    for (const path of ["sources", "routes", "events", "stations", "quarantine"]) {
      expect(await two.items(`/v1/${path}`)).toEqual([]);
      expect(await one.items(`/v1/${path}`)).not.toEqual([]);
    }
  });
});

function manyHeaders(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, "v"]));
}
