import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { call, type TestTenant } from "../support/api.ts";
import { OPERATOR_KEY } from "../support/secrets.ts";
import { feedOf, newTenant, stationOf, subscribe, worker } from "./support.ts";
import { ask, mint, newKey, newTicket, send } from "./token-support.ts";

afterEach(() => reset());

const removeTenant = ({ origin, id }: TestTenant) =>
  call(worker, origin, OPERATOR_KEY, "DELETE", `/v1/tenants/${id}`);

const Times = z.object({ expiresAt: z.iso.datetime(), opensBefore: z.iso.datetime().optional() });
const secondsLeft = (body: unknown, field: "expiresAt" | "opensBefore" = "expiresAt") =>
  (Date.parse(Times.parse(body)[field] ?? "") - Date.now()) / 1000;

describe.each(["/v1/tokens", "/v1/tickets"])("POST %s", (path) => {
  it.each(["admin", "reader"] as const)("takes a key of the role %s", async (role) => {
    const tenant = await newTenant();
    const { apiKey } = await newKey(tenant, role);
    expect((await tenant.call("POST", path, {}, apiKey)).status).toBe(201);
  });

  it.each([
    ["no key", null, 401],
    ["a key that was never issued", "cw_x", 401],
    ["the operator's key", OPERATOR_KEY, 401],
  ])("refuses %s", async (_name, key, status) => {
    const answer = await call(worker, "https://relay.test", key, "POST", path, {});
    expect(answer).toMatchObject({ status, body: { code: "unauthorized" } });
  });

  it.each([0, -1, 1.5, 86_401, "60", null])("refuses ttlSeconds %j", async (ttlSeconds) => {
    const tenant = await newTenant();
    const answer = await tenant.call("POST", path, { ttlSeconds });
    expect(answer).toMatchObject({ status: 400, body: { issues: [{ path: "ttlSeconds" }] } });
  });

  it.each([1, 86_400])("takes ttlSeconds %i, and says when it ends", async (ttlSeconds) => {
    const tenant = await newTenant();
    const { status, body } = await tenant.call("POST", path, { ttlSeconds });
    expect(status).toBe(201);
    expect(secondsLeft(body)).toBeLessThanOrEqual(ttlSeconds);
    expect(secondsLeft(body)).toBeGreaterThan(ttlSeconds - 30);
  });

  it.each([
    { users: ["a"] },
    { match: { a: 1 } },
    { filter: {} },
    { station: "a" },
    { ttl: 60 },
    { expiresAt: "2099-01-01T00:00:00Z" },
    { view: "all" },
    { view: null },
    { stations: [] },
    { stations: "a" },
    { stations: [".."] },
    { types: [] },
    { types: ["a*b"] },
    { types: null },
    [],
    null,
    "token",
  ])("refuses %j", async (input) => {
    const tenant = await newTenant();
    const answer = await tenant.call("POST", path, input);
    expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request" } });
  });

  it("takes an empty body for no limit", async () => {
    const tenant = await newTenant();
    expect((await tenant.call("POST", path)).status).toBe(201);
  });

  it("takes a list of stations up to 16 KiB, and refuses one byte of list more", async () => {
    const tenant = await newTenant();
    const stations = Array.from({ length: 1_000 }, (_, i) => `cs${`${i}`.padStart(10, "0")}`);
    const isToken = path === "/v1/tokens";
    const answer = await tenant.call("POST", path, { stations });
    expect(answer.status).toBe(isToken ? 201 : 400);
    expect((await tenant.call("POST", path, { stations: [...stations, "x"] })).status).toBe(400);
    const long = stations.map((station) => `${station}-too-long`);
    expect((await tenant.call("POST", path, { stations: long })).status).toBe(400);
  });
});

describe("a token", () => {
  it("makes no tokens", async () => {
    const tenant = await newTenant();
    const answer = await tenant.call("POST", "/v1/tokens", {}, await tenant.token());
    expect(answer).toMatchObject({ status: 403, body: { code: "forbidden" } });
  });

  it.each([
    ["GET", "/v1/keys"],
    ["POST", "/v1/keys"],
    ["DELETE", "/v1/keys/x"],
    ["GET", "/v1/sources"],
    ["POST", "/v1/sources"],
    ["GET", "/v1/routes"],
    ["PATCH", "/v1/routes/x"],
    ["GET", "/v1/routes/x/lanes"],
    ["GET", "/v1/routes/x/dead-letters"],
    ["GET", "/v1/events"],
    ["POST", "/v1/filters/test"],
    ["GET", "/v1/stations"],
    ["GET", "/v1/stations/a"],
    ["GET", "/v1/stations/a/events"],
    ["GET", "/v1/stations/a/deliveries"],
    ["DELETE", "/v1/stations/a"],
    ["GET", "/v1/quarantine"],
    ["GET", "/v1/replays"],
    ["GET", "/v1/audit"],
    ["GET", "/v1/settings"],
    ["PATCH", "/v1/settings"],
  ])("may not %s %s", async (method, path) => {
    const tenant = await newTenant();
    const answer = await tenant.call(method, path, undefined, await tenant.token());
    expect(answer).toMatchObject({ status: 403, body: { code: "forbidden" } });
  });

  it("is no operator's key, and a ticket is no key at all", async () => {
    const tenant = await newTenant();
    const [token, ticket] = [await tenant.token(), await newTicket(tenant)];
    expect((await tenant.call("GET", "/v1/tenants", undefined, token)).status).toBe(401);
    expect((await tenant.call("GET", "/v1/stations", undefined, ticket)).status).toBe(401);
    expect((await tenant.call("POST", "/v1/tickets", {}, ticket)).status).toBe(401);
  });

  it("opens its own tenant's streams and nobody else's", async () => {
    const [mine, other] = [await newTenant(), await newTenant()];
    const { path } = await other.source();
    await send(other, path, "a");
    const token = await mine.token();
    const { frames } = await subscribe(mine, "/v1/stream", token);
    await expect.poll(() => frames).toMatchObject([{ op: "hello", tenant: mine.id }]);
    // The station is there, but not for this tenant.
    expect(await ask(mine, "/v1/stations/a/stream", token)).toMatchObject({ status: 404 });
  });

  it("is refused when its time is over", async () => {
    const tenant = await newTenant();
    const ended = await mint(tenant, { fromMs: -5_000, untilMs: -1_000 });
    expect(await ask(tenant, "/v1/stream", ended)).toMatchObject({ status: 401 });
    expect((await tenant.call("POST", "/v1/tickets", {}, ended)).status).toBe(401);
    expect((await tenant.call("GET", "/v1/stations", undefined, ended)).status).toBe(401);
  });

  it("is refused with a station outside it, whether or not that is there", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    for (const station of ["a", "b"]) await send(tenant, path, station);
    const token = await tenant.token({ stations: ["a", "gone"] });
    const outside = await Promise.all(
      ["b", "missing", "_account", "..%2f", "%20"].map((station) =>
        ask(tenant, `/v1/stations/${station}/stream`, token),
      ),
    );
    for (const answer of outside) {
      expect(answer).toMatchObject({ status: 403, code: "forbidden" });
      expect(answer.body).toEqual(outside[0]?.body);
    }
    expect((await ask(tenant, "/v1/stations/a/stream", token)).status).toBe(101);
    expect((await ask(tenant, "/v1/stations/gone/stream", token)).status).toBe(404);
  });

  it("is refused with a station outside it before anything else is looked at", async () => {
    const tenant = await newTenant();
    const token = await tenant.token({ stations: ["a"] });
    const { status } = await ask(tenant, "/v1/stations/b/stream?unknown=1", token, {});
    expect(status).toBe(403);
  });
});

describe("a deleted key", () => {
  it("takes its tokens and tickets with it", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path, "a");
    const { id, apiKey } = await newKey(tenant);
    const token = await tenant.token({}, apiKey);
    const ticket = await newTicket(tenant, {}, token);
    const open = [
      await subscribe(tenant, "/v1/stream", token),
      await subscribe(tenant, "/v1/stations/a/stream", token),
    ];
    const kept = await subscribe(tenant, "/v1/stream", await tenant.token());
    expect((await tenant.call("DELETE", `/v1/keys/${id}`)).status).toBe(204);
    await send(tenant, path, "a");
    for (const { closed } of open) await expect.poll(() => closed.code).toBe(4001);
    for (const stream of ["/v1/stream", "/v1/stations/a/stream"]) {
      expect(await ask(tenant, stream, token)).toMatchObject({ status: 401, code: "unauthorized" });
      const byTicket = `${stream}?ticket=${ticket}`;
      const sse = { accept: "text/event-stream" };
      expect(await ask(tenant, byTicket, null, sse)).toMatchObject({ status: 401 });
    }
    expect((await tenant.call("POST", "/v1/tickets", {}, token)).status).toBe(401);
    expect(kept.closed.code).toBeNull();
  });
});

describe("a removed tenant", () => {
  it("takes its tokens and tickets with it", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await send(tenant, path, "a");
    const token = await tenant.token();
    const ticket = await newTicket(tenant);
    const open = await subscribe(tenant, "/v1/stream", token);
    await removeTenant(tenant);
    await expect.poll(() => open.closed.code).toBe(4003);
    const sse = { accept: "text/event-stream" };
    expect((await ask(tenant, "/v1/stream", token)).status).toBe(401);
    expect((await ask(tenant, "/v1/stations/a/stream", token)).status).toBe(401);
    expect((await ask(tenant, `/v1/stream?ticket=${ticket}`, null, sse)).status).toBe(401);
    expect((await tenant.call("POST", "/v1/tickets", {}, token)).status).toBe(401);
    expect(await feedOf(tenant).refuses("key_x", null, null)).toBe("unauthorized");
    await expect.poll(async () => (await stationOf(tenant, "a").read(0, 10)).seq).toBe(0);
  });
});
