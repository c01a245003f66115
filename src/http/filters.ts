import { Hono } from "hono";

import { FilterTrial, tryFilter } from "../domain/filter-trial.ts";
import { tenantReading } from "./auth.ts";
import type { AppEnv } from "./context.ts";
import { feedOf } from "./tenant-object.ts";
import { readBody } from "./validation.ts";

/** `/v1/filters`: what a filter would let pass. Nothing is stored, so any key may ask. */
export const filters = new Hono<AppEnv>();
filters.use(tenantReading);

/** Newest first. */
filters.post("/test", async (c) => {
  const input = await readBody(c, FilterTrial);
  if (!input.ok) return input.error;
  const { filter, type, limit } = input.value;
  const { items, scanned } = await feedOf(c).newest(type ?? null, limit);
  // Here and not in the feed, which has the tenant's events to pass on meanwhile.
  return c.json({ items: tryFilter(filter, items), scanned });
});
