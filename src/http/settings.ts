import { Hono } from "hono";

import { SettingsPatch } from "../domain/control.ts";
import { tenantOnly } from "./auth.ts";
import type { AppEnv } from "./context.ts";
import { actorOf, tenantOf } from "./tenant-object.ts";
import { readBody } from "./validation.ts";

/** `/v1/settings`: what concerns the tenant as a whole. */
export const settings = new Hono<AppEnv>();
settings.use(tenantOnly);

settings.get("/", async (c) => c.json(await tenantOf(c).getSettings()));

settings.patch("/", async (c) => {
  const input = await readBody(c, SettingsPatch);
  if (!input.ok) return input.error;
  return c.json(await tenantOf(c).updateSettings(input.value, actorOf(c)));
});
