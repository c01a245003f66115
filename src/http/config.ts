import { Hono } from "hono";

import { ConfigDocument, ConfigQuery } from "../domain/config-document.ts";
import { tenantOnly } from "./auth.ts";
import type { AppContext, AppEnv } from "./context.ts";
import { ifMatchOf } from "./preconditions.ts";
import { problem } from "./problems.ts";
import { destinationIssues } from "./routes.ts";
import { forgetSource } from "./source-cache.ts";
import { actorOf, tenantOf } from "./tenant-object.ts";
import { invalid, parse, readBody } from "./validation.ts";

/** A hundred routes, each with a filter as long as it may be, and headers. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** `/v1/config`: the tenant's sources and routes as one document, to be kept in git. */
export const config = new Hono<AppEnv>();
config.use(tenantOnly);

config.get("/", async (c) => {
  const { document, tag } = await tenantOf(c).getConfig();
  c.header("etag", tag);
  return c.json(document);
});

/** Makes everything as the document says, or with `?dryRun=true` tells what that would be. */
config.put("/", async (c) => {
  // Strict, because a misspelt dryRun would change everything.
  const query = parse(ConfigQuery, c.req.query());
  if (!query.ok) return query.error;
  const input = await readBody(c, ConfigDocument, undefined, MAX_DOCUMENT_BYTES);
  if (!input.ok) return input.error;
  const refusal = refuseDestinations(c, input.value);
  if (refusal !== null) return refusal;
  const dryRun = query.value.dryRun === "true";
  const how = { dryRun, ifMatch: ifMatchOf(c) };
  const applied = await tenantOf(c).applyConfig(input.value, how, actorOf(c));
  if (!applied.ok) return problem(applied.error);
  const { plan, changedSources, tag } = applied.value;
  for (const id of changedSources) forgetSource(id);
  c.header("etag", tag);
  c.header("content-type", "application/json");
  return c.body(`{"dryRun":${dryRun},"plan":${plan}}`);
});

/** Every URL in the document that the relay would send to, or why some of them cannot be. */
function refuseDestinations(c: AppContext, { routes }: ConfigDocument): Response | null {
  const issues = routes.flatMap((route, index) => destinationIssues(c, route, `routes.${index}.`));
  return issues.length === 0 ? null : invalid(issues);
}
