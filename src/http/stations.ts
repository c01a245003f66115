import { Hono } from "hono";

import { serializeEvent } from "../domain/event.ts";
import { pageOf } from "../domain/page.ts";
import { isStationName } from "../domain/station-id.ts";
import { stationName } from "../env.ts";
import type { DeliveryView } from "../objects/station-views.ts";
import { tenantOnly } from "./auth.ts";
import type { AppContext, AppEnv } from "./context.ts";
import { jsonPage } from "./events.ts";
import { notFound, refuse } from "./problems.ts";
import { actorOf, feedOf, tenantOf } from "./tenant-object.ts";
import { invalid, readNumberedPage, readPage } from "./validation.ts";

/** `/v1/stations`: what each station is doing, and its own log. */
export const stations = new Hono<AppEnv>();
stations.use(tenantOnly);

stations.get("/", async (c) => {
  const page = readPage(c);
  if (!page.ok) return page.error;
  return jsonPage(await feedOf(c).states(page.value.after ?? "", page.value.limit));
});

stations.get("/:id", async (c) => {
  const state = await stateOf(c, c.req.param("id"));
  if (state === null) return notFound("station");
  return new Response(state, { headers: { "content-type": "application/json" } });
});

stations.get("/:id/events", async (c) => {
  const id = c.req.param("id");
  const page = readNumberedPage(c, 0);
  if (!page.ok) return page.error;
  // The feed knows every station, so that asking for another one creates none.
  if ((await stateOf(c, id)) === null) return notFound("station");
  const { after, limit } = page.value;
  const object = c.env.STATION.getByName(stationName(c.var.identity.tenant, id));
  const { events, seq, oldestSeq } = await object.read(after, limit);
  if (c.req.query("after") !== undefined && after < oldestSeq - 1) {
    return refuse("cursor_expired", `The station keeps events from seq ${oldestSeq} on.`);
  }
  const last = events.at(-1)?.seq;
  return jsonPage({
    items: events.map((event) => serializeEvent(event)),
    next: last !== undefined && last < seq ? String(last) : null,
  });
});

/** Newest first: the attempts at destinations that the station's lanes remember, at most 50 of each. */
stations.get("/:id/deliveries", async (c) => {
  const id = c.req.param("id");
  const page = readPage(c);
  if (!page.ok) return page.error;
  const before = placeBefore(page.value.after);
  if (before === null) return invalid([{ path: "after", message: "expected a value of next" }]);
  if (!isStationName(id) || !(await feedOf(c).hasStation(id))) return notFound("station");
  const object = c.env.STATION.getByName(stationName(c.var.identity.tenant, id));
  const { limit } = page.value;
  const found = await object.deliveries(c.req.query("route") ?? null, before, limit + 1);
  const place = ({ at, route }: DeliveryView) => `${Date.parse(at)}.${route}`;
  return c.json(pageOf(found, limit, (delivery) => delivery, place));
});

/** Takes a station out of state and snapshots; should it send again, it is back. */
stations.delete("/:id", async (c) => {
  const id = c.req.param("id");
  const removed = isStationName(id) && (await tenantOf(c).deleteStation(id, actorOf(c)));
  return removed ? c.body(null, 204) : notFound("station");
});

/** The place in the list that a `next` names; null for what is none. */
function placeBefore(after: string | null): { atMs: number; route: string } | null {
  if (after === null) return { atMs: Number.MAX_SAFE_INTEGER, route: "" };
  const [, atMs, route] = /^(\d{1,15})\.(\w+)$/.exec(after) ?? [];
  return atMs === undefined || route === undefined ? null : { atMs: Number(atMs), route };
}

async function stateOf(c: AppContext, id: string): Promise<string | null> {
  return isStationName(id) ? feedOf(c).state(id) : null;
}
