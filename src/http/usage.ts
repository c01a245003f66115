import { Hono } from "hono";

import { UsageQuery, usagePeriod } from "../domain/usage.ts";
import { tenantOnly } from "./auth.ts";
import type { AppEnv } from "./context.ts";
import { tenantOf } from "./tenant-object.ts";
import { invalid, parse } from "./validation.ts";

/** `/v1/usage`: what the tenant has used per day, and what that costs by list price. */
export const usage = new Hono<AppEnv>();
usage.use(tenantOnly);

usage.get("/", async (c) => {
  const query = parse(UsageQuery, c.req.query());
  if (!query.ok) return query.error;
  const period = usagePeriod(query.value, Date.now());
  if (typeof period === "string") return invalid([{ path: "from", message: period }]);
  return c.json(await tenantOf(c).showUsage(period.from, period.to));
});
