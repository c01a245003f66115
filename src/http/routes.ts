import { Hono } from "hono";

import { NewRoute, RoutePatch } from "../domain/control.ts";
import { checkDestination } from "../domain/destination-url.ts";
import { tenantOnly } from "./auth.ts";
import type { AppContext, AppEnv } from "./context.ts";
import { lanes } from "./lanes.ts";
import { notFound, refuse } from "./problems.ts";
import { tenantOf } from "./tenant-object.ts";
import { invalid, readBody, readNumberedPage, readPage } from "./validation.ts";

/** `/v1/routes`: the tenant's stored HTTP destinations. */
export const routes = new Hono<AppEnv>();
routes.use(tenantOnly);
routes.route("/:id/lanes", lanes);

routes.get("/", async (c) => {
  const page = readPage(c);
  if (!page.ok) return page.error;
  return c.json(await tenantOf(c).listRoutes(page.value.after ?? "", page.value.limit));
});

routes.post("/", async (c) => {
  const input = await readBody(c, NewRoute);
  if (!input.ok) return input.error;
  const refusal = refuseDestination(c, input.value.url);
  if (refusal !== null) return refusal;
  const route = await tenantOf(c).createRoute(input.value);
  return route === null ? refuse("limit_reached", "At most 100 routes.") : c.json(route, 201);
});

routes.get("/:id", async (c) => {
  const route = await tenantOf(c).getRoute(c.req.param("id"));
  return route === null ? notFound("route") : c.json(route);
});

routes.patch("/:id", async (c) => {
  const input = await readBody(c, RoutePatch);
  if (!input.ok) return input.error;
  const { url } = input.value;
  const refusal = url === undefined ? null : refuseDestination(c, url);
  if (refusal !== null) return refusal;
  const route = await tenantOf(c).updateRoute(c.req.param("id"), input.value);
  if (route === "not_found") return notFound("route");
  if (route === "signs_only_raw") {
    return invalid([{ path: "format", message: "only a raw route can sign as eDRV does" }]);
  }
  return c.json(route);
});

routes.delete("/:id", async (c) => {
  const deleted = await tenantOf(c).deleteRoute(c.req.param("id"));
  return deleted ? c.body(null, 204) : notFound("route");
});

/** Stops attempts and keeps events. */
routes.post("/:id/pause", async (c) => {
  const route = await tenantOf(c).enableRoute(c.req.param("id"), false);
  return route === null ? notFound("route") : c.json(route);
});

/** Ends a pause or a disabling: each lane goes on where it stood. */
routes.post("/:id/resume", async (c) => {
  const route = await tenantOf(c).enableRoute(c.req.param("id"), true);
  return route === null ? notFound("route") : c.json(route);
});

/** Oldest first: events that the destination did not take. */
routes.get("/:id/dead-letters", async (c) => {
  const page = readNumberedPage(c, 0);
  if (!page.ok) return page.error;
  const { after, limit } = page.value;
  const letters = await tenantOf(c).listDeadLetters(c.req.param("id"), after, limit);
  return letters === null ? notFound("route") : c.json(letters);
});

function refuseDestination(c: AppContext, url: string): Response | null {
  const checked = checkDestination(url, c.var.config.destinations);
  return checked.ok ? null : invalid([{ path: "url", message: checked.error }]);
}
