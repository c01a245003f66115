import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { FULL_GRANT } from "../../src/domain/grant.ts";
import { SUBSCRIPTION_HEADER, type Subscription } from "../../src/domain/subscription.ts";
import { feedName, stationName } from "../../src/env.ts";
import { PROTOCOL } from "../../src/protocol/codes.ts";
import type { Answer, TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { newTenant, subscribe, worker } from "./support.ts";

const URL = "https://hooks.example.com/in";
const WithId = z.looseObject({ id: z.string() });
const Items = z.object({ items: z.array(WithId) });

afterEach(() => reset());

const expectFull = (answer: Answer) => {
  expect(answer).toMatchObject({ status: 409, body: { status: 409, code: "limit_reached" } });
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
};

const COLLECTIONS = [
  ["routes", 100, 0, { name: "r", url: URL }],
  ["sources", 50, 0, { name: "s" }],
  // A tenant has its first key from the beginning.
  ["keys", 200, 1, { name: "k", role: "reader" }],
] as const;

describe("a tenant's collections", () => {
  it.each(COLLECTIONS)(
    "take %s up to %i, and again when one is deleted",
    async (name, limit, has, input) => {
      const tenant = await newTenant();
      const create = () => tenant.call("POST", `/v1/${name}`, input);
      for (let count = has + 1; count <= limit; count += 1) {
        expect((await create()).status).toBe(201);
      }
      expectFull(await create());
      const listed = Items.parse((await tenant.call("GET", `/v1/${name}?limit=200`)).body).items;
      expect(listed).toHaveLength(limit);
      // What was refused is in no log of changes.
      expect(await tenant.items("/v1/audit?limit=1")).toMatchObject([
        { number: limit - has, action: `${name.slice(0, -1)}.created` },
      ]);
      const id = name === "keys" ? await aReader(tenant) : listed[0]?.id;
      expect((await tenant.call("DELETE", `/v1/${name}/${id}`)).status).toBe(204);
      expect((await create()).status).toBe(201);
      expectFull(await create());
    },
  );

  it("are full for one tenant alone", async () => {
    const [one, two] = [await newTenant(), await newTenant()];
    for (let count = 1; count <= 50; count += 1) await one.source();
    expectFull(await one.call("POST", "/v1/sources", { name: "one more" }));
    expect((await two.call("POST", "/v1/sources", { name: "first" })).status).toBe(201);
  });
});

describe("a filter", () => {
  const stations = (count: number) => Array.from({ length: count }, (_, at) => `s${at}`);
  const ofBytes = (bytes: number) => {
    const empty = JSON.stringify({ match: { a: "" } }).length;
    return { match: { a: "x".repeat(bytes - empty) } };
  };

  it.each([
    ["of 999 stations", true, { stations: stations(999) }],
    ["of 1,000 stations", true, { stations: stations(1_000) }],
    ["of 1,001 stations", false, { stations: stations(1_001) }],
    ["of 16 KiB less one", true, ofBytes(16_383)],
    ["of 16 KiB", true, ofBytes(16_384)],
    ["of 16 KiB and one", false, ofBytes(16_385)],
  ])(
    "%s is taken alike by routes, new and changed, and by subscribers: %s",
    async (_what, isTaken, filter) => {
      const tenant = await newTenant();
      const created = await tenant.call("POST", "/v1/routes", { name: "r", url: URL, filter });
      expect(created.status).toBe(isTaken ? 201 : 400);
      if (!isTaken) {
        expect(created.body).toMatchObject({
          code: "invalid_request",
          issues: [{ path: expect.stringMatching(/^filter/) }],
        });
      }
      const { id } = await tenant.route(URL);
      const changed = await tenant.call("PATCH", `/v1/routes/${id}`, { filter });
      expect(changed.status).toBe(isTaken ? 200 : 400);
      const shown = (await tenant.call("GET", `/v1/routes/${id}`)).body;
      expect(shown).toMatchObject({ filter: isTaken ? filter : {} });
      const { socket, frames } = await subscribe(tenant);
      socket.send(JSON.stringify({ op: "subscribe", filter }));
      await expect.poll(() => frames.length).toBe(2);
      expect(frames[1]).toMatchObject(
        isTaken ? { op: "hello" } : { op: "error", code: "invalid_filter" },
      );
    },
  );
});

describe("a route's headers", () => {
  const headers = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, "v"]));

  it.each([
    [19, 201, 200],
    [20, 201, 200],
    [21, 400, 400],
  ])(
    "when there are %i, are answered %i for a new route and %i for a changed one",
    async (count, created, changed) => {
      const tenant = await newTenant();
      const input = { name: "r", url: URL, headers: headers(count) };
      expect((await tenant.call("POST", "/v1/routes", input)).status).toBe(created);
      const { id } = await tenant.route(URL, { headers: headers(3) });
      const answer = await tenant.call("PATCH", `/v1/routes/${id}`, { headers: headers(count) });
      expect(answer.status).toBe(changed);
    },
  );
});

describe("a stream's sockets", () => {
  const subscription: Subscription = {
    keyId: "",
    grant: FULL_GRANT,
    expiresAtMs: null,
    filter: {},
    from: "now",
    origin: null,
    proof: null,
  };

  async function open(tenant: TestTenant, path: string): Promise<Response> {
    const headers = {
      upgrade: "websocket",
      "sec-websocket-protocol": `${PROTOCOL}, auth.${tenant.key}`,
    };
    const response = await worker(new Request(tenant.origin + path, { headers }));
    response.webSocket?.accept();
    return response;
  }

  it.each(["the feed", "one station"])(
    "are 5,000 of %s, and again when one has gone",
    async (which) => {
      const tenant = await newTenant();
      const { path } = await tenant.source();
      await tenant.send(path, webhook({ station: "cs1" }));
      const isFeed = which === "the feed";
      const keyId = WithId.parse((await tenant.items("/v1/keys"))[0]).id;
      const request = () =>
        new Request("https://relay.test/stream", {
          headers: {
            upgrade: "websocket",
            [SUBSCRIPTION_HEADER]: JSON.stringify({ ...subscription, keyId }),
          },
        });
      const openMost = async (instance: { fetch(request: Request): Promise<Response> }) => {
        const opened: (WebSocket | null)[] = [];
        for (let count = 1; count <= 4_999; count += 1) {
          opened.push((await instance.fetch(request())).webSocket);
        }
        return opened.filter((socket) => socket !== null);
      };
      const sockets = isFeed
        ? await runInDurableObject(env.FEED.getByName(feedName(tenant.id)), openMost)
        : await runInDurableObject(env.STATION.getByName(stationName(tenant.id, "cs1")), openMost);
      expect(sockets).toHaveLength(4_999);
      const stream = isFeed ? "/v1/stream" : "/v1/stations/cs1/stream";
      const last = await open(tenant, stream);
      expect(last.status).toBe(101);
      const refused = await open(tenant, stream);
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
      expect(await refused.json()).toMatchObject({ code: "limit_reached", status: 429 });
      // Other streams have room of their own.
      expect((await open(tenant, isFeed ? "/v1/stations/cs1/stream" : "/v1/stream")).status).toBe(
        101,
      );
      last.webSocket?.close();
      await expect.poll(async () => (await open(tenant, stream)).status).toBe(101);
    },
  );
});

/** The id of a key that is not the one the tests use. */
async function aReader(tenant: TestTenant): Promise<string> {
  const Keys = z.object({ items: z.array(z.looseObject({ id: z.string(), role: z.string() })) });
  const { items } = Keys.parse((await tenant.call("GET", "/v1/keys?limit=200")).body);
  return items.find(({ role }) => role === "reader")?.id ?? "";
}
