import * as z from "zod";

import { OPERATOR_KEY } from "./secrets.ts";
import { EDRV_SECRET, type SigningOptions, signedRequest, type WebhookBody } from "./webhooks.ts";

/** Whatever answers requests: the Worker in the test's own isolate, or a relay on a port. */
export type Fetch = (request: Request) => Promise<Response>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON, or the text when it is none. */
  readonly body: unknown;
}

const CreatedTenant = z.object({ id: z.string(), apiKey: z.string() });
const CreatedSource = z.looseObject({ id: z.string(), ingestPath: z.string() });
const CreatedToken = z.object({ token: z.string() });
const CreatedRoute = z.looseObject({ id: z.string(), secret: z.string() });
const Items = z.object({ items: z.array(z.unknown()), next: z.string().nullable() });

/** A tenant of its own for a test, and the calls that tests make of it. */
export class TestTenant {
  readonly #fetch: Fetch;
  readonly origin: string;
  readonly id: string;
  readonly key: string;

  private constructor(fetch: Fetch, origin: string, id: string, key: string) {
    this.#fetch = fetch;
    this.origin = origin;
    this.id = id;
    this.key = key;
  }

  static async create(fetch: Fetch, origin = "https://relay.test"): Promise<TestTenant> {
    const answer = await call(fetch, origin, OPERATOR_KEY, "POST", "/v1/tenants", { name: "Test" });
    const { id, apiKey } = CreatedTenant.parse(answer.body);
    return new TestTenant(fetch, origin, id, apiKey);
  }

  call(
    method: string,
    path: string,
    body?: unknown,
    key = this.key,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return call(this.#fetch, this.origin, key, method, path, body, headers);
  }

  /** The answer as it came, for what must not be re-serialised. */
  async text(path: string): Promise<string> {
    const headers = { authorization: `Bearer ${this.key}` };
    return (await this.#fetch(new Request(this.origin + path, { headers }))).text();
  }

  /** A stream as server-sent events. */
  events(path: string, headers: Record<string, string> = {}): Promise<Response> {
    const accept = { accept: "text/event-stream", authorization: `Bearer ${this.key}` };
    return this.#fetch(new Request(this.origin + path, { headers: { ...accept, ...headers } }));
  }

  async items(path: string): Promise<unknown[]> {
    return Items.parse((await this.call("GET", path)).body).items;
  }

  /** The ingest path of a new source. */
  async source(settings: Record<string, unknown> = {}): Promise<{ id: string; path: string }> {
    const input = { name: "eDRV", secret: EDRV_SECRET, ...settings };
    const { body } = await this.call("POST", "/v1/sources", input);
    const { id, ingestPath } = CreatedSource.parse(body);
    return { id, path: ingestPath };
  }

  async route(
    url: string,
    settings: Record<string, unknown> = {},
  ): Promise<{ id: string; secret: string }> {
    const input = { name: "receiver", url, ...settings };
    return CreatedRoute.parse((await this.call("POST", "/v1/routes", input)).body);
  }

  /** A subscriber token. */
  async token(claims: object = {}, key = this.key): Promise<string> {
    const { status, body } = await this.call("POST", "/v1/tokens", claims, key);
    if (status !== 201) throw new Error(`no token: ${status} ${JSON.stringify(body)}`);
    return CreatedToken.parse(body).token;
  }

  /** Sends a webhook as eDRV does. */
  async send(
    path: string,
    content: WebhookBody | string,
    options: SigningOptions = {},
  ): Promise<Response> {
    return this.#fetch(await signedRequest(this.origin + path, content, options));
  }
}

export async function call(
  fetch: Fetch,
  origin: string,
  key: string | null,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const request = new Request(origin + path, {
    method,
    headers: key === null ? headers : { ...headers, authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const response = await fetch(request);
  const text = await response.text();
  let parsed: unknown = text;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Not every answer is JSON.
  }
  return { status: response.status, headers: response.headers, body: parsed };
}
