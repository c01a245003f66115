import { Hono } from "hono";

import type { ConfigDocument } from "../domain/config-document.ts";
import { NewRoute, RoutePatch, RouteTest, SecretRotation } from "../domain/control.ts";
import { checkDestination, isOwnHost } from "../domain/destination-url.ts";
import type { Issue } from "../domain/problem.ts";
import { MAX_SIGNING_SECRETS } from "../domain/signing-secrets.ts";
import { tenantOnly } from "./auth.ts";
import type { AppContext, AppEnv } from "./context.ts";
import { deadLetters } from "./dead-letters.ts";
import { lanes } from "./lanes.ts";
import { ifMatchOf, refuseChanged, tagged } from "./preconditions.ts";
import { notFound, refuse } from "./problems.ts";
import { actorOf, tenantOf } from "./tenant-object.ts";
import { invalid, readBody, readPage } from "./validation.ts";

/** `/v1/routes`: the tenant's stored HTTP destinations. */
export const routes = new Hono<AppEnv>();
routes.use(tenantOnly);
routes.route("/:id/lanes", lanes);
routes.route("/:id/dead-letters", deadLetters);

routes.get("/", async (c) => {
  const page = readPage(c);
  if (!page.ok) return page.error;
  return c.json(await tenantOf(c).listRoutes(page.value.after ?? "", page.value.limit));
});

routes.post("/", async (c) => {
  const input = await readBody(c, NewRoute);
  if (!input.ok) return input.error;
  const refusal = refuseDestinations(c, input.value);
  if (refusal !== null) return refusal;
  const route = await tenantOf(c).createRoute(input.value, actorOf(c));
  return route === null ? refuse("limit_reached", "At most 100 routes.") : tagged(c, route, 201);
});

routes.get("/:id", async (c) => {
  const route = await tenantOf(c).getRoute(c.req.param("id"));
  return route === null ? notFound("route") : tagged(c, route);
});

routes.patch("/:id", async (c) => {
  const input = await readBody(c, RoutePatch);
  if (!input.ok) return input.error;
  const refusal = refuseDestinations(c, input.value);
  if (refusal !== null) return refusal;
  const id = c.req.param("id");
  const route = await tenantOf(c).updateRoute(id, input.value, actorOf(c), ifMatchOf(c));
  if (route === "not_found") return notFound("route");
  if (route === "precondition_failed") return refuseChanged("route");
  if (route === "signs_only_raw") {
    return invalid([{ path: "format", message: "only a raw route can sign as eDRV does" }]);
  }
  return tagged(c, route);
});

routes.delete("/:id", async (c) => {
  const deleted = await tenantOf(c).deleteRoute(c.req.param("id"), actorOf(c), ifMatchOf(c));
  if (deleted === "precondition_failed") return refuseChanged("route");
  return deleted ? c.body(null, 204) : notFound("route");
});

/** Stops attempts and keeps events. */
routes.post("/:id/pause", async (c) => {
  const route = await tenantOf(c).enableRoute(c.req.param("id"), false, actorOf(c));
  return route === null ? notFound("route") : tagged(c, route);
});

/** Ends a pause or a disabling: each lane goes on where it stood. */
routes.post("/:id/resume", async (c) => {
  const route = await tenantOf(c).enableRoute(c.req.param("id"), true, actorOf(c));
  return route === null ? notFound("route") : tagged(c, route);
});

/** A new signing secret, shown once; those before it sign beside it for a while. */
routes.post("/:id/rotate-secret", async (c) => {
  const input = await readBody(c, SecretRotation, {});
  if (!input.ok) return input.error;
  const overlapMs = input.value.expirePreviousAfterSeconds * 1000;
  const route = await tenantOf(c).rotateRouteSecret(c.req.param("id"), overlapMs, actorOf(c));
  if (route === "not_found") return notFound("route");
  if (route === "limit_reached") {
    return refuse("limit_reached", `At most ${MAX_SIGNING_SECRETS} live secrets.`);
  }
  return tagged(c, route);
});

/** Tries the destination now, with a webhook made for it. */
routes.post("/:id/test", async (c) => {
  const input = await readBody(c, RouteTest, {});
  if (!input.ok) return input.error;
  const result = await tenantOf(c).testRoute(c.req.param("id"), input.value.type);
  return result === null ? notFound("route") : c.json(result);
});

function refuseDestinations(c: AppContext, input: RoutePatch): Response | null {
  const issues = destinationIssues(c, input);
  return issues.length === 0 ? null : invalid(issues);
}

type WithDestinations = Pick<RoutePatch | ConfigDocument["routes"][number], "url" | "auth">;

/** Of every URL in the input that the relay would send to: why it would not. */
export function destinationIssues(
  c: AppContext,
  { url, auth }: WithDestinations,
  prefix = "",
): Issue[] {
  const tokenUrl = auth != null && "tokenUrl" in auth ? auth.tokenUrl : undefined;
  return [
    ...urlIssues(c, `${prefix}url`, url),
    ...urlIssues(c, `${prefix}auth.tokenUrl`, tokenUrl),
  ];
}

function urlIssues(c: AppContext, path: string, url: string | undefined): Issue[] {
  if (url === undefined) return [];
  const checked = checkDestination(url, c.var.config.destinations);
  if (!checked.ok) return [{ path, message: checked.error }];
  return isOwnHost(checked.value, c.req.url) ? [{ path, message: "this is the relay itself" }] : [];
}
