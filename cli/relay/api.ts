import * as z from "zod";

import { RelayError } from "./relay.ts";

/** What the management API answers, as far as it is needed here. */
export const Tenant = z.looseObject({ id: z.string(), apiKey: z.string() });
export const Source = z.looseObject({ id: z.string(), ingestPath: z.string() });
export const Route = z.looseObject({ id: z.string() });
export const NewRoute = z.looseObject({ id: z.string(), secret: z.string() });

export const StationState = z.looseObject({
  station: z.string(),
  online: z.boolean().nullable(),
  sessions: z.array(z.unknown()),
});
export type StationState = z.infer<typeof StationState>;

/** An event as the API and the streams show it. */
export const RelayedEvent = z.looseObject({
  id: z.string(),
  type: z.string(),
  class: z.string(),
  station: z.string(),
  seq: z.int(),
  receivedAt: z.string(),
  body: z.unknown(),
});
export type RelayedEvent = z.infer<typeof RelayedEvent>;

/** The relay answered a call, and not as hoped. */
export class ApiError extends RelayError {
  readonly status: number;
  /** The body, a problem document where the relay itself has answered. */
  readonly answer: string;

  constructor(call: string, status: number, answer: string) {
    super(`${call} was answered ${status}: ${answer.slice(0, 300)}`);
    this.status = status;
    this.answer = answer;
  }
}

const PAGE_SIZE = 200;
/** The relay's own slowest answers, counts of long logs, come well before. */
const PATIENCE_MS = 60_000;

/** The management API with one key. */
export class Api {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  get<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
    return this.#call("GET", path, undefined, schema);
  }

  post<S extends z.ZodType>(path: string, body: unknown, schema: S): Promise<z.output<S>> {
    return this.#call("POST", path, body, schema);
  }

  /**
   * Puts a resource in place of the one whose state `ifMatch` names, or whatever it is. With the
   * tag that names the state that is there then.
   */
  async put<S extends z.ZodType>(
    path: string,
    body: unknown,
    schema: S,
    ifMatch: string | null = null,
  ): Promise<{ answer: z.output<S>; tag: string | null }> {
    const condition = ifMatch === null ? {} : { "if-match": ifMatch };
    const response = await this.#fetch("PUT", path, body, condition);
    const answer = schema.parse(JSON.parse(await response.text()));
    return { answer, tag: response.headers.get("etag") };
  }

  patch<S extends z.ZodType>(path: string, body: unknown, schema: S): Promise<z.output<S>> {
    return this.#call("PATCH", path, body, schema);
  }

  async delete(path: string): Promise<void> {
    await this.#request("DELETE", path, undefined);
  }

  /** All items of a list, page after page. */
  async *list<S extends z.ZodType>(
    path: string,
    item: S,
    parameters: Readonly<Record<string, string>> = {},
  ): AsyncGenerator<z.output<S>> {
    const page = z.object({ items: z.array(item), next: z.string().nullable() });
    for (let after: string | null = ""; after !== null; ) {
      const query = new URLSearchParams({
        ...parameters,
        limit: String(PAGE_SIZE),
        ...(after !== "" && { after }),
      });
      const { items, next }: z.output<typeof page> = await this.get(`${path}?${query}`, page);
      yield* items;
      after = next;
    }
  }

  async #call<S extends z.ZodType>(
    method: string,
    path: string,
    body: unknown,
    schema: S,
  ): Promise<z.output<S>> {
    return schema.parse(JSON.parse(await this.#request(method, path, body)));
  }

  async #request(method: string, path: string, body: unknown): Promise<string> {
    return (await this.#fetch(method, path, body, {})).text();
  }

  async #fetch(
    method: string,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const response = await fetch(this.#url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        "content-type": "application/json",
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch(() => {
      throw new RelayError(`Nothing answers at ${this.#url}.`);
    });
    if (response.ok) return response;
    throw new ApiError(`${method} ${path}`, response.status, await response.text());
  }
}
