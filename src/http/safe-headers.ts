import { createMiddleware } from "hono/factory";

import type { AppEnv } from "./context.ts";

/**
 * For every answer, refusals and failures among them: it is of the type that it says it is, and
 * nobody on the way keeps it, unless it says that they may. Answers show secrets once, and what is
 * somebody's alone.
 */
export const safeHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  // An opened WebSocket's headers cannot be set, and there is nothing in it to be kept.
  if (c.res.status === 101) return;
  c.res.headers.set("x-content-type-options", "nosniff");
  if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
});
