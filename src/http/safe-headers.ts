import { createMiddleware } from "hono/factory";

import type { AppEnv } from "./context.ts";

/**
 * What every answer says, refusals and failures among them: it is of the type that it says it is,
 * and nobody on the way keeps it. Answers show secrets once, and what is somebody's alone.
 */
export const SAFE_HEADERS = {
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
} as const;

/** Sees to it, for answers that are made in many places; some say that they may be kept. */
export const safeHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  // An opened WebSocket's headers cannot be set, and there is nothing in it to be kept.
  if (c.res.status === 101) return;
  for (const [name, value] of Object.entries(SAFE_HEADERS)) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  }
});
