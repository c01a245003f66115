import { Hono } from "hono";

import { HOP_HEADER } from "../domain/destination-url.ts";
import { configOf, type Env } from "../env.ts";
import { audit } from "./audit.ts";
import { config } from "./config.ts";
import type { AppContext, AppEnv } from "./context.ts";
import { cors } from "./cors.ts";
import { events } from "./events.ts";
import { filters } from "./filters.ts";
import { health } from "./health.ts";
import { takeWebhook } from "./ingest.ts";
import { keys } from "./keys.ts";
import { metrics } from "./metrics.ts";
import { answerError, notFound, refuse } from "./problems.ts";
import { quarantine } from "./quarantine.ts";
import { reference } from "./reference.ts";
import { replays } from "./replays.ts";
import { routes } from "./routes.ts";
import { safeHeaders } from "./safe-headers.ts";
import { settings } from "./settings.ts";
import { sources } from "./sources.ts";
import { stations } from "./stations.ts";
import { streams } from "./streams.ts";
import { tenants } from "./tenants.ts";
import { tokens } from "./tokens.ts";
import { usage } from "./usage.ts";

/** What comes before everything else: an answer, or null to go on. */
async function begin(c: AppContext): Promise<Response | null> {
  // Without its secrets the Worker serves nothing.
  const config = await configOf(c.env);
  c.set("config", config);
  // Before anything is looked at or kept: what we sent ourselves must not go round again.
  const hops = c.req.header(HOP_HEADER)?.split(",") ?? [];
  if (!hops.some((hop) => hop.trim() === config.hopId)) return null;
  return refuse("loop_detected", "This request comes from the relay itself.");
}

/**
 * Webhooks only: among so few routes the router finds one in a glance, among all of them it has to
 * search, and what is handled by one function alone it hands over without putting a chain together.
 * Its few answers have safe headers from where they are made.
 */
const webhooks = new Hono<AppEnv>();
webhooks.all("/ingest/:source", async (c) => (await begin(c)) ?? takeWebhook(c));
webhooks.notFound(async (c) => (await begin(c)) ?? notFound("endpoint"));
webhooks.onError(answerError);

export const app = new Hono<AppEnv>();
// Around everything else, so that no answer goes without.
app.use(safeHeaders);
app.use(async (c, next) => (await begin(c)) ?? next());
app.notFound(() => notFound("endpoint"));
app.onError(answerError);
app.route("/health", health);
app.route("/", reference);
app.all("/ingest/:source", takeWebhook);
app.use("/v1/*", cors);
app.route("/v1", streams);
app.route("/v1", tokens);
app.route("/v1/config", config);
app.route("/v1/settings", settings);
app.route("/v1/tenants", tenants);
app.route("/v1/keys", keys);
app.route("/v1/sources", sources);
app.route("/v1/routes", routes);
app.route("/v1/events", events);
app.route("/v1/filters", filters);
app.route("/v1/stations", stations);
app.route("/v1/quarantine", quarantine);
app.route("/v1/replays", replays);
app.route("/v1/audit", audit);
app.route("/v1/usage", usage);
app.route("/v1/metrics", metrics);

/** Where every request comes in. */
export function handle(
  request: Request,
  env: Env,
  context: ExecutionContext,
): Response | Promise<Response> {
  const isWebhook = request.url.startsWith("/ingest/", request.url.indexOf("/", "https://".length));
  return (isWebhook ? webhooks : app).fetch(request, env, context);
}
