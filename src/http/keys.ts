import { Hono } from "hono";

import { NewKey } from "../domain/control.ts";
import { refuseKey, tenantOnly } from "./auth.ts";
import type { AppEnv } from "./context.ts";
import { notFound, refuse } from "./problems.ts";
import { actorOf, tenantOf } from "./tenant-object.ts";
import { readBody, readPage } from "./validation.ts";

/** `/v1/keys`: the tenant's API keys. A key is shown once and stored as a hash. */
export const keys = new Hono<AppEnv>();
keys.use(tenantOnly);

keys.get("/", async (c) => {
  const page = readPage(c);
  if (!page.ok) return page.error;
  return c.json(await tenantOf(c).listKeys(page.value.after ?? "", page.value.limit));
});

/** Who is asking. */
keys.get("/current", async (c) => {
  const key = await tenantOf(c).currentKey(c.var.identity.keyId);
  return key === null ? refuseKey(c, "This key was deleted.") : c.json(key);
});

keys.post("/", async (c) => {
  const input = await readBody(c, NewKey);
  if (!input.ok) return input.error;
  const key = await tenantOf(c).createKey(input.value, actorOf(c));
  return key === null ? refuse("limit_reached", "At most 200 keys.") : c.json(key, 201);
});

keys.delete("/:id", async (c) => {
  const deleted = await tenantOf(c).deleteKey(c.req.param("id"), actorOf(c));
  return deleted ? c.body(null, 204) : notFound("key");
});
