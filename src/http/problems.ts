import { type Problem, type ProblemCode, toWire } from "../domain/problem.ts";
import { MisconfiguredError } from "../env.ts";
import { faultFields, log } from "../log.ts";
import type { Inadmissible } from "../objects/feed.ts";
import type { AppContext } from "./context.ts";
import { SAFE_HEADERS } from "./safe-headers.ts";

/** A problem document (RFC 9457). */
export function problem(problem: Problem): Response {
  const { text, init } = documentOf(problem);
  return new Response(text, init);
}

/**
 * A refusal that says the same each time, put together once: an attack is to cost as little as can be,
 * and an object's fields would be read and checked for each answer.
 */
export function readyRefusal(code: ProblemCode, detail: string): () => Response {
  const { text, init } = documentOf({ code, detail });
  const ready: ResponseInit = { ...init, headers: new Headers(init.headers) };
  return () => new Response(text, ready);
}

function documentOf(problem: Problem) {
  const { status, body } = toWire(problem);
  const { retryAfterSeconds } = problem;
  const headers = {
    ...SAFE_HEADERS,
    "content-type": "application/problem+json",
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
    ...(status === 401 ? { "www-authenticate": 'Bearer realm="chargewire"' } : {}),
  };
  return { text: JSON.stringify(body), init: { status, headers } };
}

export function refuse(code: ProblemCode, detail: string): Response {
  return problem({ code, detail });
}

/** The rate limits' period. */
const LIMIT_SECONDS = 10;

export function tooMany(detail: string): Response {
  return problem({ code: "rate_limited", detail, retryAfterSeconds: LIMIT_SECONDS });
}

/** Tells the CORS middleware, which takes it out, that this answer is not for that page to read. */
export const FORBIDDEN_ORIGIN = "x-chargewire-forbidden-origin";

export function refuseOrigin(): Response {
  const detail = "Pages of this origin may not use this key or token.";
  const response = refuse("forbidden_origin", detail);
  response.headers.set(FORBIDDEN_ORIGIN, "1");
  return response;
}

/** What a stream's object says of a subscriber that it does not take. */
export function inadmissible(reason: Inadmissible): Response {
  switch (reason) {
    case "unauthorized":
      return refuse(reason, "The key of this token has been deleted, or its tenant removed.");
    case "forbidden_origin":
      return refuseOrigin();
    case "not_found":
      return notFound("station");
  }
}

/** Thrown for a request whose body does not come to its end: whoever sent it has gone. */
export class BrokenBodyError extends Error {
  override readonly name = "BrokenBodyError";
}

export const notFound = (what: string): Response => refuse("not_found", `No such ${what}.`);

/** Where faults and bugs end. Refusals were answered where they were decided. */
export function answerError(error: Error, c: AppContext): Response {
  if (error instanceof MisconfiguredError) {
    log("error", "worker.misconfigured", { error: error.message });
    return refuse(
      "misconfigured",
      "The relay's secrets are missing or unusable; its log says which.",
    );
  }
  const isIngest = c.req.path.startsWith("/ingest/");
  if (error instanceof BrokenBodyError) {
    // Anybody can do that, as often as they like: it is no failure of the relay's, and not logged.
    return isIngest ? unavailable() : refuse("invalid_request", "The body broke off.");
  }
  const fault = faultFields(error);
  const isFault = fault.retryable || fault.overloaded;
  const path = c.req.path.replace(/src_[^/]+/g, "src_…");
  log(isFault ? "warn" : "error", "request.failed", { path, ...fault });
  // To eDRV both mean the same: nothing was taken in, so send it again.
  if (!isFault && !isIngest) return refuse("internal", "The log has the reason.");
  return unavailable();
}

function unavailable(): Response {
  return problem({
    code: "unavailable",
    detail: "Nothing was taken in; please send it again.",
    retryAfterSeconds: 5,
  });
}
