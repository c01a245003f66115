import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { TestTenant } from "../support/api.ts";
import { TestBrowser, type TestPage } from "../support/browser.ts";
import { PageServer } from "../support/page-server.ts";
import { TestRelay } from "../support/relay.ts";
import { webhook } from "../support/webhooks.ts";

const PATIENCE = { timeout: 30_000 };

let relay: TestRelay;
let pages: PageServer;
let browser: TestBrowser;
let tenant: TestTenant;

beforeAll(async () => {
  [relay, pages, browser] = await Promise.all([
    TestRelay.start(),
    PageServer.start(),
    TestBrowser.start(),
  ]);
});

afterAll(() => Promise.all([relay.stop(), pages.stop(), browser.stop()]));

beforeEach(async () => {
  tenant = await TestTenant.create(fetch, relay.url);
});

afterEach(() => browser.closePages());

const open = (origin = pages.origin) => browser.open(`${origin}/test/browser/calls.html`);

const call = (page: TestPage, name: string, ...args: unknown[]) =>
  page.evaluate(`calls.${name}(${args.map((arg) => JSON.stringify(arg)).join()})`);

/** `hello`, or the code with which it closed without one. */
const socket = (page: TestPage, token: string, path = "/v1/stream") =>
  call(page, "socket", relay.url + path, token);
/** `hello`, or what became of it without one. */
const eventSource = (page: TestPage, ticket: string, path = "/v1/stream") =>
  call(page, "eventSource", `${relay.url}${path}?ticket=${ticket}`);
/** The status, or `blocked` when the browser does not let the page see it. */
const status = (page: TestPage, key: string, method: string, path: string) =>
  call(page, "status", relay.url + path, key, method);

async function ticketOf(token: string): Promise<string> {
  const { body } = await tenant.call("POST", "/v1/tickets", undefined, token);
  return z.object({ ticket: z.string() }).parse(body).ticket;
}

const allowOrigins = async (...allowedOrigins: string[]) => {
  const answer = await tenant.call("PATCH", "/v1/settings", { allowedOrigins });
  expect(answer.status).toBe(200);
};

describe("a page of another origin", () => {
  it("can list stations, get a ticket, and read server-sent events by fetch and EventSource", async () => {
    const source = await tenant.source();
    await tenant.send(source.path, webhook({ station: "cs1" }));
    const [page, token] = [await open(), await tenant.token()];
    expect(await status(page, tenant.key, "GET", "/v1/stations")).toBe(200);
    expect(await status(page, token, "POST", "/v1/tickets")).toBe(201);
    expect(await socket(page, token)).toBe("hello");
    expect(await eventSource(page, await ticketOf(token))).toBe("hello");
    const text = call(page, "firstBytes", `${relay.url}/v1/stream?from=start`, token, "cs1");
    expect(await text).toMatch(/^retry: 1000\n\nid: \S+\ndata: \{"op":"hello"/);
    expect([page.faults, page.outages]).toEqual([[], []]);
  });

  it("sees why it is refused, where the browser can show it", async () => {
    const [page, token] = [await open(), await tenant.token()];
    expect(await status(page, "cw_none", "GET", "/v1/stations")).toBe(401);
    expect(await status(page, token, "GET", "/v1/stations")).toBe(403);
    expect(page.faults).toEqual([]);
  });

  it("has no part in the operator's calls", async () => {
    const page = await open();
    expect(await status(page, "any", "POST", "/v1/tenants")).toBe("blocked");
  });
});

describe("a token in a browser", () => {
  it("opens nothing when the relay has not issued it", async () => {
    const page = await open();
    expect(await socket(page, "none")).toBe(1006);
    expect(await eventSource(page, "none")).toBe("refused");
    expect(page.faults).toEqual([]);
  });

  it("opens nothing once it has expired, and closes what it had opened", async () => {
    const [page, token] = [await open(), await tenant.token({ ttlSeconds: 2 })];
    const ending = call(page, "socketEnd", `${relay.url}/v1/stream`, token);
    expect(await ending).toBe(4401);
    await expect.poll(() => socket(page, token), PATIENCE).toBe(1006);
    expect(await status(page, token, "POST", "/v1/tickets")).toBe(401);
    expect(page.faults).toEqual([]);
  });

  it("opens no station that is not its own", async () => {
    const source = await tenant.source();
    for (const station of ["cs1", "cs2"]) await tenant.send(source.path, webhook({ station }));
    const [page, token] = [await open(), await tenant.token({ stations: ["cs1"] })];
    expect(await socket(page, token, "/v1/stations/cs1/stream")).toBe("hello");
    expect(await socket(page, token, "/v1/stations/cs2/stream")).toBe(1006);
    expect(page.faults).toEqual([]);
  });
});

describe("a tenant's list of origins", () => {
  it("lets pages of these connect, and no others", async () => {
    await allowOrigins(pages.origin);
    const [listed, other] = [await open(), await open(pages.otherOrigin)];
    const token = await tenant.token();
    const answersTo = async (page: TestPage, ticket: string) => ({
      socket: await socket(page, token),
      source: await eventSource(page, ticket),
      ticket: await status(page, token, "POST", "/v1/tickets"),
      stations: await status(page, tenant.key, "GET", "/v1/stations"),
    });
    expect(await answersTo(listed, await ticketOf(token))).toEqual({
      socket: "hello",
      source: "hello",
      ticket: 201,
      stations: 200,
    });
    expect(await answersTo(other, await ticketOf(token))).toEqual({
      socket: 1006,
      source: "refused",
      ticket: "blocked",
      stations: "blocked",
    });
    expect([listed.faults, listed.outages, other.faults]).toEqual([[], [], []]);
  });

  it("lets every page connect while it is empty", async () => {
    await allowOrigins(pages.origin);
    await allowOrigins();
    const [page, token] = [await open(pages.otherOrigin), await tenant.token()];
    expect(await socket(page, token)).toBe("hello");
  });
});
