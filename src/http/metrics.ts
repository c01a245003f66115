import { Hono } from "hono";

import { MetricsQuery } from "../domain/metrics.ts";
import { tenantOnly } from "./auth.ts";
import type { AppEnv } from "./context.ts";
import { feedOf } from "./tenant-object.ts";
import { parse } from "./validation.ts";

/** `/v1/metrics`: what was relayed and delivered by minute, and how long it took. */
export const metrics = new Hono<AppEnv>();
metrics.use(tenantOnly);

metrics.get("/", async (c) => {
  const query = parse(MetricsQuery, c.req.query());
  if (!query.ok) return query.error;
  return c.json(await feedOf(c).metrics(query.value.minutes));
});
