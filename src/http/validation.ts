import type * as z from "zod";

import { concatBytes, fromUtf8 } from "../domain/encoding.ts";
import { Filter } from "../domain/filter.ts";
import { NumberedPageQuery, PageQuery } from "../domain/page.ts";
import { parseAs } from "../domain/parsing.ts";
import type { Issue } from "../domain/problem.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { parseJson } from "../domain/webhook.ts";
import type { AppContext } from "./context.ts";
import { BrokenBodyError, problem } from "./problems.ts";

/** Bodies of the management API. */
const MAX_BODY_BYTES = 256 * 1024;

/**
 * The request's body as the schema wants it, or the answer that says what is wrong with it.
 * An empty one counts as `whenEmpty`, where that is given.
 */
export async function readBody<S extends z.ZodType>(
  c: AppContext,
  schema: S,
  whenEmpty?: unknown,
  maxBytes = MAX_BODY_BYTES,
): Promise<Result<z.output<S>, Response>> {
  const bytes = await readBytes(c.req.raw, maxBytes);
  if (bytes === null) {
    return err(problem({ code: "body_too_large", detail: `At most ${maxBytes} bytes.` }));
  }
  const text = fromUtf8(bytes);
  const body = text === "" ? whenEmpty : text === null ? undefined : parseJson(text);
  if (body === undefined) return err(invalid([{ path: "", message: "expected a JSON body" }]));
  return parse(schema, body);
}

export function parse<S extends z.ZodType>(
  schema: S,
  value: unknown,
): Result<z.output<S>, Response> {
  const parsed = parseAs(schema, value);
  return parsed.ok ? parsed : err(invalid(issuesOf(parsed.error)));
}

export function invalid(issues: readonly Issue[]): Response {
  const detail = issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return problem({ code: "invalid_request", detail: detail.join("; "), issues });
}

/** `?limit=` and `?after=` of a list. */
export function readPage(c: AppContext): Result<{ limit: number; after: string | null }, Response> {
  const page = parse(PageQuery, pageParameters(c));
  return page.ok ? ok({ limit: page.value.limit, after: page.value.after ?? null }) : page;
}

/** The same, for lists whose `after` is a number. */
export function readNumberedPage(
  c: AppContext,
  start: number,
): Result<{ limit: number; after: number }, Response> {
  const page = parse(NumberedPageQuery, pageParameters(c));
  if (!page.ok) return page;
  const { limit, after } = page.value;
  return ok({ limit, after: after === undefined ? start : Number(after) });
}

function pageParameters(c: AppContext) {
  return { limit: c.req.query("limit"), after: c.req.query("after") };
}

/** `?types=` and `?stations=`, comma lists, and `?match=`, JSON. */
export function readFilter(c: AppContext, others: readonly string[]): Result<Filter, Response> {
  // A misspelt filter would let everything pass.
  const known = ["types", "stations", "match", ...others];
  const unknown = Object.keys(c.req.query()).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const message = `not known here; there are ${known.join(", ")}`;
    return err(invalid(unknown.map((path) => ({ path, message }))));
  }
  const repeated = Object.entries(c.req.queries()).filter(([, values]) => values.length > 1);
  if (repeated.length > 0) {
    // Only one of them would count, and nobody would know which.
    return err(invalid(repeated.map(([path]) => ({ path, message: "given more than once" }))));
  }
  const list = (name: string) => c.req.query(name)?.split(",");
  const [types, stations] = [list("types"), list("stations")];
  const text = c.req.query("match");
  const match = text === undefined ? undefined : parseJson(text);
  if (text !== undefined && match === undefined) {
    return err(invalid([{ path: "match", message: "expected JSON" }]));
  }
  return parse(Filter, {
    ...(types === undefined ? {} : { types }),
    ...(stations === undefined ? {} : { stations }),
    ...(match === undefined ? {} : { match }),
  });
}

/** Null when there are more than `limit` bytes; the rest is not read. Rejects with {@link BrokenBodyError}. */
export async function readBytes(
  request: Request,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const announced = request.headers.get("content-length");
  if (Number(announced ?? 0) > limit) return null;
  // HTTP lets no more come than was announced, and in one piece, without a stream, it costs least.
  if (announced !== null) {
    const bytes = new Uint8Array(await request.arrayBuffer().catch(brokenOff));
    return bytes.length > limit ? null : bytes;
  }
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let total = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(brokenOff);
    if (done) break;
    total += value.length;
    if (total > limit) {
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
  return concatBytes(chunks);
}

function brokenOff(cause: unknown): never {
  throw new BrokenBodyError("the body broke off", { cause });
}

function issuesOf(issues: readonly z.core.$ZodIssue[]): Issue[] {
  return issues.map((issue) => {
    const path = issue.path.join(".");
    if (issue.code === "invalid_key") return { path, message: issue.issues[0]?.message ?? "" };
    const isMissing = issue.message.endsWith("received undefined");
    return { path, message: isMissing ? "required" : issue.message };
  });
}
