import { Hono } from "hono";
import { NewTenant, TenantId } from "../domain/control.ts";
import { randomText } from "../domain/ids.ts";
import { pageOf } from "../domain/page.ts";
import { REGISTRY_NAME } from "../env.ts";
import { operatorOnly } from "./auth.ts";
import type { AppContext, AppEnv } from "./context.ts";
import { notFound, refuse } from "./problems.ts";
import { readBody, readPage } from "./validation.ts";

/** `/v1/tenants`: the operator's list of organisations. */
export const tenants = new Hono<AppEnv>();
tenants.use(operatorOnly);

const registry = (c: AppContext) => c.env.REGISTRY.getByName(REGISTRY_NAME);

tenants.post("/", async (c) => {
  const input = await readBody(c, NewTenant);
  if (!input.ok) return input.error;
  const { name, id = `t-${randomText(12)}` } = input.value;
  const created = await c.env.TENANT.getByName(id).create(name);
  if ("taken" in created) {
    // Should the one who created it have died before it was listed, it is listed now.
    const { taken } = created;
    if (taken.removed === 0) await registry(c).put({ ...taken, id });
    return refuse("conflict", `The id ${id} is taken.`);
  }
  await registry(c).put({ id, name, createdAtMs: Date.now() });
  return c.json({ id, name, apiKey: created.apiKey }, 201);
});

tenants.get("/", async (c) => {
  const page = readPage(c);
  if (!page.ok) return page.error;
  const { limit, after } = page.value;
  const rows = await registry(c).list(after ?? "", limit + 1);
  return c.json(pageOf(rows, limit, view, ({ id }) => id));
});

tenants.get("/:id", async (c) => {
  const tenant = await registry(c).find(c.req.param("id"));
  return tenant === null ? notFound("tenant") : c.json(view(tenant));
});

/**
 * After a change of the master key: seals some of the tenant's secrets anew, and says how many are
 * left. To be repeated until none is.
 */
tenants.post("/:id/reseal", async (c) => {
  const id = c.req.param("id");
  if (!TenantId.safeParse(id).success) return notFound("tenant");
  const progress = await c.env.TENANT.getByName(id).reseal();
  return progress === null ? notFound("tenant") : c.json({ id, ...progress });
});

/** Removes everything of the tenant: sockets close at once, stations are emptied one after the other. */
tenants.delete("/:id", async (c) => {
  const id = c.req.param("id");
  if (!TenantId.safeParse(id).success) return notFound("tenant");
  const removed = await c.env.TENANT.getByName(id).remove();
  await registry(c).delete(id);
  return removed ? c.body(null, 204) : notFound("tenant");
});

function view({ id, name, createdAtMs }: { id: string; name: string; createdAtMs: number }) {
  return { id, name, createdAt: new Date(createdAtMs).toISOString() };
}
