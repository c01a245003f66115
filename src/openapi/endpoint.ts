import type * as z from "zod";

import type { ProblemCode } from "../domain/problem.ts";

/**
 * One call of the API, described. What it takes and answers is named by the schemas that check
 * it: those that http/ reads requests with, and those that the tests hold answers to.
 */
export interface Endpoint {
  /** Its `operationId`: the name of the function in generated clients. */
  readonly id: string;
  readonly call: `${Method} /${string}`;
  readonly summary: string;
  /** In Markdown: what the summary leaves open. */
  readonly about?: string;
  readonly access: Access;
  readonly query?: z.ZodObject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly answers: Readonly<Record<number, Answer>>;
  /** What it is refused for besides what follows from its access, path, query and body. */
  readonly problems?: Readonly<Partial<Record<ProblemCode, string>>>;
}

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
export type Method = (typeof METHODS)[number];

/**
 * - `open`: anybody
 * - `signature`: eDRV, by its signature
 * - `operator`: the operator's key
 * - `reader`: any API key of a tenant; `admin`: one that may change things
 * - `grant`: any API key or a subscriber token
 * - `stream`: these, or a ticket
 */
export type Access = "open" | "signature" | "operator" | "reader" | "admin" | "grant" | "stream";

export interface RequestBody {
  readonly schema: z.ZodType;
  readonly example: unknown;
  /** True when the call may be made without one. */
  readonly optional?: true;
}

export interface Answer {
  readonly about: string;
  /** Without one it has no body. */
  readonly schema?: z.ZodType;
  readonly example?: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls that concern one kind of thing. */
export interface Section {
  readonly name: string;
  readonly about: string;
  readonly endpoints: readonly Endpoint[];
}

export const methodOf = ({ call }: Endpoint): Method => {
  const [method] = call.split(" ");
  return METHODS.find((known) => known === method) ?? "GET";
};

export const pathOf = ({ call }: Endpoint): string => call.slice(call.indexOf(" ") + 1);

/** The names of the parts of its path that vary. */
export const parametersOf = (endpoint: Endpoint): string[] =>
  [...pathOf(endpoint).matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
