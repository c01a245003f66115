import { Hono } from "hono";

import { NewReplay } from "../domain/control.ts";
import { MAX_UNFINISHED_REPLAYS } from "../domain/replay.ts";
import type { ReplayRefusal } from "../objects/tenant-replays.ts";
import { tenantOnly } from "./auth.ts";
import type { AppEnv } from "./context.ts";
import { notFound, refuse } from "./problems.ts";
import { actorOf, tenantOf } from "./tenant-object.ts";
import { readBody, readNumberedPage } from "./validation.ts";

/** `/v1/replays`: events of a time range sent to a route once more, beside its lanes. */
export const replays = new Hono<AppEnv>();
replays.use(tenantOnly);

/** Newest first. */
replays.get("/", async (c) => {
  const page = readNumberedPage(c, Number.MAX_SAFE_INTEGER);
  if (!page.ok) return page.error;
  return c.json(await tenantOf(c).listReplays(page.value.after, page.value.limit));
});

/** With `dryRun` it says what would be sent, and stores nothing. */
replays.post("/", async (c) => {
  const input = await readBody(c, NewReplay);
  if (!input.ok) return input.error;
  const isDry = input.value.dryRun;
  const answer = isDry
    ? await tenantOf(c).countReplay(input.value)
    : await tenantOf(c).createReplay(input.value, actorOf(c));
  return "refused" in answer ? refuseReplay(answer) : c.json(answer, isDry ? 200 : 201);
});

replays.get("/:id", async (c) => {
  const replay = await tenantOf(c).getReplay(c.req.param("id"));
  return replay === null ? notFound("replay") : c.json(replay);
});

/** Sends nothing more but what is in flight. */
replays.delete("/:id", async (c) => {
  const outcome = await tenantOf(c).cancelReplay(c.req.param("id"), actorOf(c));
  if (outcome === "not_found") return notFound("replay");
  return outcome === "done" ? refuse("conflict", "The replay is done.") : c.body(null, 204);
});

export const TOO_MANY_REPLAYS = `At most ${MAX_UNFINISHED_REPLAYS} replays at a time.`;

function refuseReplay(refusal: ReplayRefusal): Response {
  switch (refusal.refused) {
    case "no_route":
      return notFound("route");
    case "no_station":
      return notFound(`station: ${refusal.station}`);
    case "limit_reached":
      return refuse("limit_reached", TOO_MANY_REPLAYS);
  }
}
