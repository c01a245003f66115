import { Hono } from "hono";

import { HOP_HEADER } from "../domain/destination-url.ts";
import { configOf, type Env } from "../env.ts";
import { audit } from "./audit.ts";
import { config } from "./config.ts";
import type { AppEnv } from "./context.ts";
import { cors } from "./cors.ts";
import { events } from "./events.ts";
import { filters } from "./filters.ts";
import { health } from "./health.ts";
import { ingest } from "./ingest.ts";
import { keys } from "./keys.ts";
import { metrics } from "./metrics.ts";
import { answerError, notFound, refuse } from "./problems.ts";
import { quarantine } from "./quarantine.ts";
import { reference } from "./reference.ts";
import { replays } from "./replays.ts";
import { routes } from "./routes.ts";
import { settings } from "./settings.ts";
import { sources } from "./sources.ts";
import { stations } from "./stations.ts";
import { streams } from "./streams.ts";
import { tenants } from "./tenants.ts";
import { tokens } from "./tokens.ts";
import { usage } from "./usage.ts";

/** An app with what comes before everything else, and what is said when nothing else is. */
function newApp(): Hono<AppEnv> {
  const fresh = new Hono<AppEnv>();
  // Before anything else: without its secrets the Worker serves nothing.
  fresh.use(async (c, next) => {
    c.set("config", await configOf(c.env));
    await next();
  });
  // Before anything is looked at or kept: what we sent ourselves must not go round again.
  fresh.use(async (c, next) => {
    const hops = c.req.header(HOP_HEADER)?.split(",") ?? [];
    if (hops.some((hop) => hop.trim() === c.var.config.hopId)) {
      return refuse("loop_detected", "This request comes from the relay itself.");
    }
    return next();
  });
  fresh.notFound(() => notFound("endpoint"));
  fresh.onError(answerError);
  return fresh;
}

/** Webhooks only: among so few routes the router finds one in a glance, among all of them it has to search. */
const webhooks = newApp();
webhooks.route("/ingest", ingest);

const everything = newApp();
everything.route("/health", health);
everything.route("/", reference);
everything.route("/ingest", ingest);
everything.use("/v1/*", cors);
everything.route("/v1", streams);
everything.route("/v1", tokens);
everything.route("/v1/config", config);
everything.route("/v1/settings", settings);
everything.route("/v1/tenants", tenants);
everything.route("/v1/keys", keys);
everything.route("/v1/sources", sources);
everything.route("/v1/routes", routes);
everything.route("/v1/events", events);
everything.route("/v1/filters", filters);
everything.route("/v1/stations", stations);
everything.route("/v1/quarantine", quarantine);
everything.route("/v1/replays", replays);
everything.route("/v1/audit", audit);
everything.route("/v1/usage", usage);
everything.route("/v1/metrics", metrics);

export const app = {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
    const isWebhook = request.url.startsWith(
      "/ingest/",
      request.url.indexOf("/", "https://".length),
    );
    return (isWebhook ? webhooks : everything).fetch(request, env, context);
  },
};
