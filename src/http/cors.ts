import { createMiddleware } from "hono/factory";

import type { AppEnv } from "./context.ts";
import { FORBIDDEN_ORIGIN } from "./problems.ts";

/**
 * Lets pages of other origins call the tenant's part of the API (https://fetch.spec.whatwg.org).
 * Nothing here goes by cookies, so what a page may do is decided by its key; the tenant's list of
 * origins is checked with the key, which a preflight does not carry.
 */
export const cors = createMiddleware<AppEnv>(async (c, next) => {
  const origin = c.req.header("origin");
  // Nobody administers a relay from a page of somebody else's.
  if (origin === undefined || c.req.path.startsWith("/v1/tenants")) return next();
  if (c.req.method === "OPTIONS" && c.req.header("access-control-request-method") !== undefined) {
    return new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
        "access-control-allow-headers": "authorization, content-type, if-match, last-event-id",
        "access-control-max-age": "7200",
        vary: "origin",
      },
    });
  }
  await next();
  const isForbidden = c.res.headers.has(FORBIDDEN_ORIGIN);
  if (isForbidden) c.res.headers.delete(FORBIDDEN_ORIGIN);
  // WebSockets have no part in CORS, and the headers of one that was opened cannot be set.
  if (c.req.header("upgrade") !== undefined) return;
  c.res.headers.append("vary", "origin");
  if (isForbidden) return;
  c.res.headers.set("access-control-allow-origin", origin);
  c.res.headers.set("access-control-expose-headers", "retry-after, etag");
});
