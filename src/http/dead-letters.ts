import { Hono } from "hono";

import type { RedeliveryRefusal } from "../objects/tenant-replays.ts";
import type { AppContext, AppEnv } from "./context.ts";
import { notFound, refuse } from "./problems.ts";
import { TOO_MANY_REPLAYS } from "./replays.ts";
import { actorOf, tenantOf } from "./tenant-object.ts";
import { readNumberedPage } from "./validation.ts";

/** `/v1/routes/:id/dead-letters`: events that the route's destination did not take, oldest first. */
export const deadLetters = new Hono<AppEnv>();

deadLetters.get("/", async (c) => {
  const page = readNumberedPage(c, 0);
  if (!page.ok) return page.error;
  const { after, limit } = page.value;
  const letters = await tenantOf(c).listDeadLetters(routeOf(c), after, limit);
  return letters === null ? notFound("route") : c.json(letters);
});

deadLetters.get("/:letter{[0-9]{1,15}}", async (c) => {
  const letter = await tenantOf(c).getDeadLetter(routeOf(c), Number(c.req.param("letter")));
  if (letter === null) return notFound("dead letter");
  return new Response(letter, { headers: { "content-type": "application/json" } });
});

deadLetters.delete("/:letter{[0-9]{1,15}}", async (c) => {
  const number = Number(c.req.param("letter"));
  const outcome = await tenantOf(c).discardDeadLetter(routeOf(c), number, actorOf(c));
  if (outcome === "not_found") return notFound("dead letter");
  return outcome === "conflict" ? refuse("conflict", UNDER_WAY) : c.body(null, 204);
});

/** All that are not under way already, oldest first. */
deadLetters.post("/redeliver", async (c) => {
  const replay = await tenantOf(c).redeliverAll(routeOf(c), actorOf(c));
  return typeof replay === "string" ? refuseRedelivery(replay, "route") : c.json(replay);
});

deadLetters.post("/:letter{[0-9]{1,15}}/redeliver", async (c) => {
  const number = Number(c.req.param("letter"));
  const letter = await tenantOf(c).redeliver(routeOf(c), number, actorOf(c));
  return typeof letter === "string" ? refuseRedelivery(letter, "dead letter") : c.json(letter);
});

const UNDER_WAY = "This dead letter is being redelivered.";

function refuseRedelivery(refusal: RedeliveryRefusal, what: string): Response {
  switch (refusal) {
    case "not_found":
      return notFound(what);
    case "under_way":
      return refuse("conflict", UNDER_WAY);
    case "without_event":
      return refuse("conflict", "This dead letter was kept without its event; replay its time.");
    case "limit_reached":
      return refuse("limit_reached", TOO_MANY_REPLAYS);
  }
}

function routeOf(c: AppContext): string {
  return c.req.param("id") ?? "";
}
