import { Hono } from "hono";

import { tenantOnly } from "./auth.ts";
import type { AppEnv } from "./context.ts";
import { notFound } from "./problems.ts";
import { actorOf, tenantOf } from "./tenant-object.ts";
import { readNumberedPage } from "./validation.ts";

/** `/v1/quarantine`: webhooks that were signed and could not be relayed. Oldest first. */
export const quarantine = new Hono<AppEnv>();
quarantine.use(tenantOnly);

quarantine.get("/", async (c) => {
  const page = readNumberedPage(c, 0);
  if (!page.ok) return page.error;
  return c.json(await tenantOf(c).listQuarantine(page.value.after, page.value.limit));
});

quarantine.delete("/:id", async (c) => {
  const discarded = await tenantOf(c).discardQuarantined(c.req.param("id"), actorOf(c));
  return discarded ? c.body(null, 204) : notFound("quarantined webhook");
});
