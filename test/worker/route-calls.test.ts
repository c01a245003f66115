import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { Database } from "../../src/store/database.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver } from "./receiver.ts";
import { newTenant } from "./support.ts";

afterEach(() => reset());

const Rotated = z.looseObject({ secret: z.string() });
const Secrets = z.array(
  z.object({
    hint: z.string(),
    createdAt: z.string().nullable(),
    expiresAt: z.string().nullable(),
  }),
);

const verifies = (secret: string, { body, headers }: Awaited<ReturnType<Receiver["nth"]>>) => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
};

async function secretsOf(tenant: TestTenant, route: string) {
  const { body } = await tenant.call("GET", `/v1/routes/${route}`);
  return Secrets.parse(z.looseObject({ secrets: z.unknown() }).parse(body).secrets);
}

describe("POST /v1/routes/{id}/rotate-secret", () => {
  it("shows a new secret once, which signs beside the one before, and alone after the overlap", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    const route = await tenant.route(receiver.url);
    const at = `/v1/routes/${route.id}/rotate-secret`;
    const answer = await tenant.call("POST", at, { expirePreviousAfterSeconds: 2 });
    expect(answer).toMatchObject({ status: 200, body: { id: route.id, name: "receiver" } });
    const { secret } = Rotated.parse(answer.body);
    expect(await secretsOf(tenant, route.id)).toMatchObject([
      { hint: `…${secret.slice(-4)}`, createdAt: expect.any(String), expiresAt: null },
      { hint: `…${route.secret.slice(-4)}`, expiresAt: expect.any(String) },
    ]);
    await tenant.send(path, webhook());
    const during = await receiver.nth(1);
    expect([verifies(secret, during), verifies(route.secret, during)]).toEqual([true, true]);
    await expect.poll(async () => (await secretsOf(tenant, route.id)).length).toBe(1);
    await tenant.send(path, webhook());
    const after = await receiver.nth(2);
    expect([verifies(secret, after), verifies(route.secret, after)]).toEqual([true, false]);
    const shown = JSON.stringify((await tenant.call("GET", `/v1/routes/${route.id}`)).body);
    expect(shown).not.toContain(secret);
  });

  it("lets the secret before go on for a day when nothing is said", async () => {
    const tenant = await newTenant();
    const route = await tenant.route("https://hooks.example.com/");
    const askedMs = Date.now();
    const { status } = await tenant.call("POST", `/v1/routes/${route.id}/rotate-secret`);
    expect(status).toBe(200);
    const [, before] = await secretsOf(tenant, route.id);
    const lastsMs = Date.parse(before?.expiresAt ?? "") - askedMs;
    expect(Math.abs(lastsMs - 86_400_000)).toBeLessThan(30_000);
  });

  it.each([
    [{ expirePreviousAfterSeconds: -1 }, 400],
    [{ expirePreviousAfterSeconds: 0 }, 200],
    [{ expirePreviousAfterSeconds: 604_800 }, 200],
    [{ expirePreviousAfterSeconds: 604_801 }, 400],
    [{ expirePreviousAfterSeconds: 1.5 }, 400],
    [{ unknown: 1 }, 400],
    [{}, 200],
    [[], 400],
    [undefined, 200],
  ])("answers %j with %i", async (body, status) => {
    const tenant = await newTenant();
    const { id } = await tenant.route("https://hooks.example.com/");
    expect((await tenant.call("POST", `/v1/routes/${id}/rotate-secret`, body)).status).toBe(status);
  });

  it("keeps five live secrets and not one more", async () => {
    const tenant = await newTenant();
    const { id } = await tenant.route("https://hooks.example.com/");
    const rotate = (body?: unknown) => tenant.call("POST", `/v1/routes/${id}/rotate-secret`, body);
    for (let count = 2; count <= 5; count += 1) expect((await rotate()).status).toBe(200);
    expect(await rotate()).toMatchObject({ status: 409, body: { code: "limit_reached" } });
    expect(await secretsOf(tenant, id)).toHaveLength(5);
    expect((await rotate({ expirePreviousAfterSeconds: 0 })).status).toBe(200);
    expect(await secretsOf(tenant, id)).toHaveLength(1);
  });

  it("knows no route of another tenant", async () => {
    const [one, two] = [await newTenant(), await newTenant()];
    const { id } = await one.route("https://hooks.example.com/");
    for (const call of ["rotate-secret", "test"]) {
      expect((await two.call("POST", `/v1/routes/${id}/${call}`)).status).toBe(404);
    }
  });
});

describe("POST /v1/routes/{id}/test", () => {
  it("sends a webhook made for it, signed and authenticated as a delivery is", async () => {
    const tenant = await newTenant();
    const receiver = await new Receiver().script({ status: 202, body: "thanks" });
    const { id, secret } = await tenant.route(receiver.url, {
      headers: { "x-depot": "north" },
      auth: { type: "bearer", token: "abc" },
      edrvSecret: "their-edrv-secret",
    });
    expect(await tenant.call("POST", `/v1/routes/${id}/test`)).toMatchObject({
      status: 200,
      body: {
        class: "delivered",
        status: 202,
        error: null,
        latencyMs: expect.any(Number),
        snippet: "thanks",
      },
    });
    const sent = await receiver.nth(1);
    expect(verifies(secret, sent)).toBe(true);
    expect(sent.headers).toMatchObject({
      authorization: "Bearer abc",
      "x-depot": "north",
      "edrv-signature": expect.any(String),
      "chargewire-test": "true",
      "chargewire-station": "_account",
      "chargewire-seq": "0",
      "chargewire-type": "relay.route.test",
      "chargewire-attempt": "1",
    });
    expect(JSON.parse(sent.body)).toMatchObject({
      _id: sent.headers["webhook-id"],
      type: "relay.route.test",
      createdAt: expect.any(String),
    });
  });

  it("sends the type that is asked for, in the route's format", async () => {
    const tenant = await newTenant();
    const receiver = new Receiver();
    const { id } = await tenant.route(receiver.url, { format: "event" });
    await tenant.call("POST", `/v1/routes/${id}/test`, { type: "session.started" });
    const { headers, body } = await receiver.nth(1);
    expect(headers["chargewire-type"]).toBe("session.started");
    expect(JSON.parse(body)).toMatchObject({
      type: "session.started",
      station: "_account",
      seq: 0,
      body: { type: "session.started" },
    });
  });

  it("tells what came of it, and leaves the route and its lanes as they are", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = await new Receiver().script({ status: 410, body: "never" }, { status: 200 });
    const { id } = await tenant.route(receiver.url);
    const before = (await tenant.call("GET", `/v1/routes/${id}`)).body;
    expect((await tenant.call("POST", `/v1/routes/${id}/test`)).body).toMatchObject({
      class: "gone",
      status: 410,
      snippet: "never",
    });
    expect((await tenant.call("GET", `/v1/routes/${id}`)).body).toEqual(before);
    expect(await tenant.items("/v1/stations")).toEqual([]);
    await tenant.send(path, webhook({ station: "cs1" }));
    const { headers } = await receiver.nth(2);
    expect(headers).toMatchObject({ "chargewire-seq": "1", "chargewire-attempt": "1" });
    expect(headers["chargewire-test"]).toBeUndefined();
  });

  it("tries a route that is paused", async () => {
    const tenant = await newTenant();
    const receiver = new Receiver();
    const { id } = await tenant.route(receiver.url);
    await tenant.call("POST", `/v1/routes/${id}/pause`);
    const { body } = await tenant.call("POST", `/v1/routes/${id}/test`);
    expect(body).toMatchObject({ class: "delivered" });
    expect(await tenant.call("GET", `/v1/routes/${id}`)).toMatchObject({
      body: { enabled: false },
    });
  });

  it("keeps the destination rules of the moment", async () => {
    const tenant = await newTenant();
    const { id } = await tenant.route("https://hooks.example.com/");
    await runInDurableObject(env.TENANT.getByName(tenant.id), (_instance, { storage }) =>
      new Database(storage).run("UPDATE routes SET url = 'ftp://hooks.example.com/'"),
    );
    const { body } = await tenant.call("POST", `/v1/routes/${id}/test`);
    expect(body).toMatchObject({ class: "trouble", status: null, error: "refused_url" });
  });

  it.each([
    [{ type: "a" }, 200],
    [{ type: "a".repeat(128) }, 200],
    [{ type: "a".repeat(129) }, 400],
    [{ type: "" }, 400],
    [{ type: "line\nbreak" }, 400],
    [{ type: "é" }, 400],
    [{ types: ["a"] }, 400],
  ])("answers %j with %i", async (body, status) => {
    const tenant = await newTenant();
    const { id } = await tenant.route(new Receiver().url);
    expect((await tenant.call("POST", `/v1/routes/${id}/test`, body)).status).toBe(status);
  });

  it("is not for readers", async () => {
    const tenant = await newTenant();
    const { id } = await tenant.route(new Receiver().url);
    const created = await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
    const { apiKey } = z.looseObject({ apiKey: z.string() }).parse(created.body);
    for (const call of ["rotate-secret", "test"]) {
      const answer = await tenant.call("POST", `/v1/routes/${id}/${call}`, undefined, apiKey);
      expect(answer.status).toBe(403);
    }
  });
});
