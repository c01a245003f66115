import { HTTPException } from "hono/http-exception";

import { type Problem, type ProblemCode, toWire } from "../domain/problem.ts";
import { MisconfiguredError } from "../env.ts";
import { type AppContext, log } from "./context.ts";

/** A problem document (RFC 9457). */
export function problem(problem: Problem): Response {
  const { status, body } = toWire(problem);
  const headers = new Headers({ "content-type": "application/problem+json" });
  if (problem.retryAfterSeconds !== undefined) {
    headers.set("retry-after", String(problem.retryAfterSeconds));
  }
  if (status === 401) headers.set("www-authenticate", 'Bearer realm="chargewire"');
  return new Response(JSON.stringify(body), { status, headers });
}

export function refuse(code: ProblemCode, detail: string): Response {
  return problem({ code, detail });
}

export const notFound = (what: string): Response => refuse("not_found", `No such ${what}.`);

/** Where faults and bugs end. Refusals were answered where they were decided. */
export function answerError(error: Error, c: AppContext): Response {
  if (error instanceof HTTPException) return error.getResponse();
  if (error instanceof MisconfiguredError) {
    log("error", "worker.misconfigured", { error: error.message });
    return refuse(
      "misconfigured",
      "The relay's secrets are missing or unusable; its log says which.",
    );
  }
  const { retryable, overloaded } = platformFlags(error);
  const isFault = retryable || overloaded;
  log(isFault ? "warn" : "error", "request.failed", {
    path: c.req.path.replace(/^(\/ingest\/).*/, "$1…"),
    error: error.message.slice(0, 500),
    retryable,
    overloaded,
  });
  // To eDRV both mean the same: nothing was taken in, so send it again.
  if (!isFault && !c.req.path.startsWith("/ingest/")) {
    return refuse("internal", "The log has the reason.");
  }
  return problem({
    code: "unavailable",
    detail: "Nothing was taken in; please send it again.",
    retryAfterSeconds: 5,
  });
}

/** The flags that the platform puts on errors of calls to objects. */
function platformFlags(error: Error): { retryable: boolean; overloaded: boolean } {
  return {
    retryable: "retryable" in error && error.retryable === true,
    overloaded: "overloaded" in error && error.overloaded === true,
  };
}
