import { Hono } from "hono";

import { tenantOnly } from "./auth.ts";
import type { AppEnv } from "./context.ts";
import { tenantOf } from "./tenant-object.ts";
import { readNumberedPage } from "./validation.ts";

/** `/v1/audit`: who changed what, newest first. */
export const audit = new Hono<AppEnv>();
audit.use(tenantOnly);

audit.get("/", async (c) => {
  const page = readNumberedPage(c, Number.MAX_SAFE_INTEGER);
  if (!page.ok) return page.error;
  return c.json(await tenantOf(c).listAudit(page.value.after, page.value.limit));
});
