import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { NewRoute } from "../../src/domain/control.ts";
import type { TestTenant } from "../support/api.ts";
import type { Answer } from "../support/receiver.ts";
import { webhook } from "../support/webhooks.ts";
import { type Received, Receiver, seqsOf } from "./receiver.ts";
import { newTenant } from "./support.ts";

const CLIENT_SECRET = "client-secret-of-the-relay";

afterEach(() => reset());

const token = (value: string, fields: object = {}): Answer => ({
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ access_token: value, token_type: "Bearer", expires_in: 3600, ...fields }),
});

const oauth2 = (tokens: Receiver, settings: object = {}) => ({
  auth: {
    type: "oauth2",
    tokenUrl: tokens.url,
    clientId: "the relay",
    clientSecret: CLIENT_SECRET,
    ...settings,
  },
});

const authorizationsOf = (received: Received) =>
  received.map(({ headers }) => headers.authorization);

async function send(tenant: TestTenant, path: string, ...stations: string[]): Promise<void> {
  await Promise.all(
    stations.map(async (station) => {
      expect((await tenant.send(path, webhook({ station }))).status).toBe(200);
    }),
  );
}

const stationsOf = (count: number) => Array.from({ length: count }, (_, at) => `cs${at}`);

describe("a route with client credentials", () => {
  it("asks once for a token, however many lanes want it, and sends it with every attempt", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const tokens = await new Receiver().script({ ...token("token-1"), delayMs: 200 });
    const receiver = new Receiver();
    await tenant.route(receiver.url, oauth2(tokens, { scope: "hooks:write" }));
    await send(tenant, path, ...stationsOf(5));
    await receiver.received(5);
    await send(tenant, path, ...stationsOf(5));
    const received = await receiver.received(10);
    expect(new Set(authorizationsOf(received))).toEqual(new Set(["Bearer token-1"]));
    const asked = await tokens.requests();
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      body: "grant_type=client_credentials&scope=hooks%3Awrite",
      headers: {
        authorization: `Basic ${btoa(`the+relay:${CLIENT_SECRET}`)}`,
        "content-type": "application/x-www-form-urlencoded",
        "chargewire-hop": received[0]?.headers["chargewire-hop"],
      },
    });
    expect(JSON.stringify(asked)).not.toContain("webhook-id");
  });

  it("asks for another after a 401, for the next attempt", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const tokens = await new Receiver().script(token("token-1"), token("token-2"));
    const receiver = await new Receiver().script({}, { status: 401 }, {});
    const retry = { retry: { scheduleSeconds: [0.05] } };
    await tenant.route(receiver.url, { ...oauth2(tokens), ...retry });
    await send(tenant, path, "cs1");
    await send(tenant, path, "cs1");
    const received = await receiver.received(3);
    expect(seqsOf(received)).toEqual([1, 2, 2]);
    expect(authorizationsOf(received)).toEqual([
      "Bearer token-1",
      "Bearer token-1",
      "Bearer token-2",
    ]);
  });

  it("asks for another when the one it has is about to end", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const tokens = await new Receiver().script(token("token-1", { expires_in: 1 }), token("two"));
    const receiver = new Receiver();
    await tenant.route(receiver.url, oauth2(tokens));
    await send(tenant, path, "cs1");
    const { atMs } = await receiver.nth(1);
    await expect.poll(() => Date.now() - atMs).toBeGreaterThan(1_000);
    await send(tenant, path, "cs1");
    expect(authorizationsOf(await receiver.received(2))).toEqual(["Bearer token-1", "Bearer two"]);
  });

  it("asks with what it was changed to", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const [before, after] = [new Receiver(), new Receiver()];
    await before.script(token("before"));
    await after.script(token("after"));
    const receiver = new Receiver();
    const { id } = await tenant.route(receiver.url, oauth2(before));
    await send(tenant, path, "cs1");
    await receiver.received(1);
    await tenant.call("PATCH", `/v1/routes/${id}`, oauth2(after));
    await send(tenant, path, "cs1");
    expect(authorizationsOf(await receiver.received(2))).toEqual(["Bearer before", "Bearer after"]);
    await tenant.call("PATCH", `/v1/routes/${id}`, { auth: null });
    await send(tenant, path, "cs1");
    expect((await receiver.nth(3)).headers.authorization).toBeUndefined();
  });

  it("shows of its credentials the type alone", async () => {
    const tenant = await newTenant();
    const tokens = new Receiver();
    const { id } = await tenant.route("https://hooks.example.com/", oauth2(tokens));
    const { body } = await tenant.call("GET", `/v1/routes/${id}`);
    expect(body).toMatchObject({ auth: { type: "oauth2" } });
    const text = JSON.stringify(body);
    for (const hidden of [CLIENT_SECRET, "the relay", tokens.url])
      expect(text).not.toContain(hidden);
  });

  it.each<[string, Answer, string]>([
    ["refuses", { status: 400, body: `bad ${CLIENT_SECRET}` }, "HTTP 400"],
    ["is busy", { status: 503 }, "HTTP 503"],
    ["sends elsewhere", { status: 302, headers: { location: "/x" } }, "HTTP 302"],
    ["says nothing", { status: 200 }, "the answer is not a JSON object"],
    [
      "talks nonsense",
      { body: `{"error":"${CLIENT_SECRET}"}` },
      "the answer has no usable access_token",
    ],
    ["gives another kind", token("t", { token_type: "mac" }), "the token is not a bearer token"],
    ["never answers", { fault: "hang" }, "timeout"],
    ["breaks off", { fault: "reset" }, "connection"],
    ["never ends", { fault: "endless_body" }, "the answer is too long, or broke off"],
    ["stalls", { fault: "stall_in_body" }, "the answer is too long, or broke off"],
    ["is too long by a byte", paddedToken(16 * 1024 + 1), "the answer is too long, or broke off"],
  ])("counts it as trouble when the token endpoint %s", async (_name, answer, why) => {
    const tenant = await newTenant();
    const tokens = await new Receiver().script(answer);
    const receiver = new Receiver();
    const { id } = await tenant.route(receiver.url, { ...oauth2(tokens), timeoutMs: 1_000 });
    const { body } = await tenant.call("POST", `/v1/routes/${id}/test`);
    expect(body).toMatchObject({ class: "trouble", status: null, error: "token" });
    expect(body).toMatchObject({ snippet: `token endpoint: ${why}` });
    expect(JSON.stringify(body)).not.toContain(CLIENT_SECRET);
    expect(await receiver.requests()).toEqual([]);
  });

  it("lets go of a token endpoint that does not end, while other attempts are under way", async () => {
    const tenant = await newTenant();
    const [good, endless] = [new Receiver(), new Receiver()];
    await good.script(token("t"));
    await endless.script({ fault: "endless_body" });
    const receiver = await new Receiver().script({ delayMs: 8_000 });
    const { id } = await tenant.route(receiver.url, oauth2(good));
    const first = tenant.call("POST", `/v1/routes/${id}/test`);
    await receiver.received(1);
    await tenant.call("PATCH", `/v1/routes/${id}`, oauth2(endless));
    const { body } = await tenant.call("POST", `/v1/routes/${id}/test`);
    expect(body).toMatchObject({ error: "token" });
    await expect.poll(async () => (await endless.nth(1)).endedAtMs).not.toBeNull();
    expect((await receiver.nth(1)).endedAtMs).toBeNull();
    expect((await first).body).toMatchObject({ class: "delivered" });
  });

  it("keeps the rules for destinations of the moment", async () => {
    const tenant = await newTenant();
    const receiver = new Receiver();
    const auth = {
      ...oauth2(new Receiver()).auth,
      type: "oauth2",
      tokenUrl: "ftp://a.example.com/",
    };
    const object = env.TENANT.getByName(tenant.id);
    // As if it had been stored under laxer rules.
    const input = NewRoute.parse({ name: "r", url: receiver.url, auth });
    await object.createRoute(input, null);
    const [route] = z.array(z.object({ id: z.string() })).parse(await tenant.items("/v1/routes"));
    const { body } = await tenant.call("POST", `/v1/routes/${route?.id}/test`);
    expect(body).toMatchObject({
      class: "trouble",
      error: "token",
      snippet: "token endpoint: only http and https",
    });
    expect(await receiver.requests()).toEqual([]);
  });

  it("takes an answer of 16 KiB", async () => {
    const tenant = await newTenant();
    const tokens = await new Receiver().script(paddedToken(16 * 1024));
    const { id } = await tenant.route(new Receiver().url, oauth2(tokens));
    const { body } = await tenant.call("POST", `/v1/routes/${id}/test`);
    expect(body).toMatchObject({ class: "delivered" });
  });

  it("retries an event for which there was no token, and says so in a dead letter", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const tokens = await new Receiver().script({ status: 500 }, { status: 500 }, token("good"));
    const receiver = new Receiver();
    const retry = { retry: { scheduleSeconds: [0.05] } };
    const { id } = await tenant.route(receiver.url, { ...oauth2(tokens), ...retry });
    await send(tenant, path, "cs1");
    await send(tenant, path, "cs1");
    expect(seqsOf(await receiver.received(1))).toEqual([2]);
    expect(await tenant.items(`/v1/routes/${id}/dead-letters`)).toMatchObject([
      { seq: 1, attempts: 2, lastAnswer: "token", snippet: "token endpoint: HTTP 500" },
    ]);
  });

  it.each([
    [{ scope: "a b:c/d" }, 201],
    [{ scope: "x".repeat(1024) }, 201],
    [{ scope: "x".repeat(1025) }, 400],
    [{ scope: "" }, 400],
    [{ scope: 'a "b"' }, 400],
    [{ clientId: "" }, 400],
    [{ clientSecret: "x".repeat(512) }, 201],
    [{ clientSecret: "x".repeat(513) }, 400],
    [{ tokenUrl: "ftp://login.example.com/" }, 400],
    [{ audience: "x" }, 400],
  ])("answers %j with %i", async (settings, status) => {
    const tenant = await newTenant();
    const url = "https://hooks.example.com/";
    const input = { name: "r", url, ...oauth2(new Receiver(), settings) };
    expect((await tenant.call("POST", "/v1/routes", input)).status).toBe(status);
  });
});

/** A usable token in an answer of that many bytes. */
function paddedToken(bytes: number): Answer {
  const answer = token("t", { padding: "" });
  const padding = "x".repeat(bytes - (answer.body?.length ?? 0));
  return token("t", { padding });
}
