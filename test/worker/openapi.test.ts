import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { Problem } from "../../src/domain/account-answers.ts";
import { app } from "../../src/http/app.ts";
import { type Endpoint, methodOf, pathOf } from "../../src/openapi/endpoint.ts";
import { refusalsOf } from "../../src/openapi/problems.ts";
import { SECTIONS } from "../../src/openapi/sections.ts";
import type { Answer } from "../support/api.ts";
import { OPERATOR_KEY } from "../support/secrets.ts";
import { signedRequest } from "../support/webhooks.ts";
import { contradiction, missingPath, ORIGIN, servedDocument, World } from "./openapi-support.ts";
import { worker } from "./support.ts";

const ENDPOINTS = SECTIONS.flatMap(({ endpoints }) => endpoints);
const named = (endpoints: readonly Endpoint[]) =>
  endpoints.map((endpoint) => [endpoint.call, endpoint] as const);

let document: Awaited<ReturnType<typeof servedDocument>>;
let shared: World;
const keys = { reader: "", token: "" };

beforeAll(async () => {
  document = await servedDocument();
  shared = await World.create();
  const { tenant } = shared;
  const reader = await tenant.call("POST", "/v1/keys", { name: "reader", role: "reader" });
  keys.reader = z.looseObject({ apiKey: z.string() }).parse(reader.body).apiKey;
  keys.token = await tenant.token({ stations: ["elsewhere"] });
});

describe("the document", () => {
  /** Everything that Hono would answer, in the document's words. */
  const served = app.routes
    .filter(({ path }) => !path.endsWith("*"))
    .map(({ method, path }) => {
      const documented = path.replaceAll(/:(\w+)(\{[^}]*\}+)?/g, "{$1}");
      // All methods but POST are refused there.
      const name = method === "ALL" && path === "/ingest/:source" ? "POST" : method;
      return `${name} ${documented.length > 1 ? documented.replace(/\/$/, "") : documented}`;
    });

  it("has every endpoint", () => {
    const documented = new Set(ENDPOINTS.map(({ call }) => call));
    expect(served.filter((one) => !documented.has(one as Endpoint["call"]))).toEqual([]);
    expect(served.length).toBeGreaterThan(50);
  });

  it("has no endpoint that is not there", () => {
    const all = new Set(served);
    expect(ENDPOINTS.map(({ call }) => call).filter((one) => !all.has(one))).toEqual([]);
  });

  it("is served with all that is described", () => {
    const calls = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(calls.sort()).toEqual(ENDPOINTS.map(({ call }) => call).sort());
  });
});

describe("a documented example", () => {
  it.each(named(ENDPOINTS))("of %s is answered as documented", async (_call, endpoint) => {
    const world = methodOf(endpoint) === "GET" ? shared : await World.create();
    const path = await world.path(pathOf(endpoint));
    const answer = await sendExample(world, endpoint, path);
    expectDocumented(endpoint, answer);
    const { schema, headers = {}, type } = endpoint.answers[answer.status] ?? { schema: undefined };
    // Whatever the schema does not name is missing from what it reads.
    if (schema !== undefined && type === undefined) {
      expect(schema.parse(answer.body)).toEqual(answer.body);
    }
    for (const name of Object.keys(headers)) expect(answer.headers.get(name)).not.toBeNull();
  });

  it.each(named(ENDPOINTS.filter(({ body }) => body?.optional === true)))(
    "of %s is answered without its body, too",
    async (_call, endpoint) => {
      const world = await World.create();
      const path = await world.path(pathOf(endpoint));
      expectDocumented(endpoint, await ask(world, endpoint, path));
    },
  );

  it("of a dry run counts", async () => {
    const world = await World.create();
    const endpoint = described("createReplay");
    const body = { ...Object(await world.body(endpoint.body?.example)), dryRun: true };
    const answer = await world.tenant.call("POST", "/v1/replays", body);
    expect(answer.status).toBe(200);
    expectDocumented(endpoint, answer);
  });

  it.each(["streamFeed", "streamStation"])("of %s can be a WebSocket", async (id) => {
    const world = await World.create();
    const path = await world.path(pathOf(described(id)));
    const headers = { upgrade: "websocket", authorization: `Bearer ${world.tenant.key}` };
    const response = await worker(new Request(ORIGIN + path, { headers }));
    response.webSocket?.accept();
    response.webSocket?.close();
    expect(response.status).toBe(101);
  });
});

/** What is refused with the code, of the shared tenant, which nothing of this changes. */
const PROVOKED: readonly (readonly [
  code: string,
  provoke: (endpoint: Endpoint) => Promise<Answer>,
])[] = [
  ["unauthorized", (endpoint) => refused(endpoint, { key: null })],
  ["forbidden", (endpoint) => refused(endpoint, { key: lesserKeyFor(endpoint) })],
  ["forbidden_origin", (endpoint) => refused(endpoint, { origin: "https://elsewhere.example" })],
  [
    "not_found",
    (endpoint) => {
      // Where the path names nothing, the body's example does: a route that is not there.
      const body = endpoint.body?.example;
      return refused(endpoint, { path: missingPath(pathOf(endpoint)), body });
    },
  ],
  ["body_too_large", (endpoint) => refused(endpoint, { body: "x".repeat(5_000_000) })],
  ["precondition_failed", (endpoint) => refused(endpoint, { ifMatch: '"another"' })],
  ["upgrade_required", (endpoint) => refused(endpoint, { accept: "*/*" })],
  ["invalid_cursor", (endpoint) => refused(endpoint, { query: "?after=foreign" })],
  [
    "invalid_request",
    (endpoint) =>
      endpoint.body === undefined
        ? refused(endpoint, { query: endpoint.access === "stream" ? "?nonsense=1" : "?limit=0" })
        : refused(endpoint, { body: { nonsense: 1 } }),
  ],
];

describe.each(PROVOKED)("%s", (code, provoke) => {
  const documenting = ENDPOINTS.filter((endpoint) =>
    refusalsOf(endpoint).some((refusal) => refusal.code === code),
  );

  it.each(named(documenting))("is the documented answer of %s", async (_call, endpoint) => {
    const answer = await provoke(endpoint);
    expect(answer.body).toMatchObject({ code });
    expect(Problem.parse(answer.body)).toEqual(answer.body);
    expectDocumented(endpoint, answer);
  });
});

function described(id: string): Endpoint {
  const endpoint = ENDPOINTS.find((one) => one.id === id);
  if (endpoint === undefined) throw new Error(`there is no ${id}`);
  return endpoint;
}

/** Holds that status, type and body are what the document says. */
function expectDocumented(endpoint: Endpoint, { status, headers, body }: Answer): void {
  const type = headers.get("content-type")?.split(";")[0] ?? "";
  const place = { path: pathOf(endpoint), method: methodOf(endpoint), status };
  expect(contradiction(document, place, type, body), JSON.stringify(body)).toBeNull();
}

interface Ask {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly accept?: string;
  readonly ifMatch?: string;
  readonly origin?: string;
}

async function sendExample(world: World, endpoint: Endpoint, path: string): Promise<Answer> {
  const example = endpoint.body?.example;
  const body = example === undefined ? undefined : await world.body(example);
  if (endpoint.access !== "signature") return ask(world, endpoint, path, { body });
  const request = await signedRequest(ORIGIN + path, JSON.stringify(body));
  return answerOf(await worker(request));
}

async function refused(
  endpoint: Endpoint,
  { path, query = "", ...how }: Ask & { path?: string; query?: string },
): Promise<Answer> {
  const example = endpoint.body?.example;
  const body = example === undefined ? undefined : await shared.body(example);
  const real = path ?? (await shared.path(pathOf(endpoint)));
  if (how.origin === undefined) return ask(shared, endpoint, real + query, { body, ...how });
  const settings = (allowedOrigins: string[]) =>
    shared.tenant.call("PATCH", "/v1/settings", { allowedOrigins });
  await settings(["https://app.example.com"]);
  const answer = await ask(shared, endpoint, real + query, { body, ...how });
  await settings([]);
  return answer;
}

async function ask(world: World, endpoint: Endpoint, path: string, how: Ask = {}): Promise<Answer> {
  const usual = endpoint.access === "operator" ? OPERATOR_KEY : world.tenant.key;
  const { key = endpoint.access === "open" ? null : usual, body, origin, ifMatch } = how;
  const accept = how.accept ?? (endpoint.access === "stream" ? "text/event-stream" : "*/*");
  const request = new Request(ORIGIN + path, {
    method: methodOf(endpoint),
    headers: {
      accept,
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(origin === undefined ? {} : { origin }),
      ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return answerOf(await worker(request));
}

/** Of a stream its first piece. */
async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  if (headers.get("content-type")?.startsWith("text/event-stream") === true) {
    const reader = response.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    await reader?.cancel();
    return { status, headers, body: new TextDecoder().decode(value) };
  }
  const text = await response.text();
  const isJson = /json/.test(headers.get("content-type") ?? "");
  return { status, headers, body: isJson ? JSON.parse(text) : text };
}

function lesserKeyFor({ access }: Endpoint): string {
  return access === "admin" ? keys.reader : keys.token;
}
