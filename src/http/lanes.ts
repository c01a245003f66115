import { Hono } from "hono";

import { LanesQuery } from "../domain/control.ts";
import { LANE_ACTIONS } from "../domain/lane.ts";
import { pageOf } from "../domain/page.ts";
import { isStationName } from "../domain/station-id.ts";
import { stationName } from "../env.ts";
import type { AppContext, AppEnv } from "./context.ts";
import { notFound, refuse } from "./problems.ts";
import { actorOf, feedOf, tenantOf } from "./tenant-object.ts";
import { parse, readPage } from "./validation.ts";

/**
 * `/v1/routes/{id}/lanes`: a route's lanes, one per station. Part of `routes`, whose
 * authentication covers it.
 */
export const lanes = new Hono<AppEnv>();

/**
 * By station: where each lane stands. `?status=troubled` leaves out the lanes that are well,
 * without asking their stations.
 */
lanes.get("/", async (c) => {
  const page = readPage(c);
  if (!page.ok) return page.error;
  const query = parse(LanesQuery, { status: c.req.query("status") });
  if (!query.ok) return query.error;
  const routeId = routeIdOf(c);
  const { limit } = page.value;
  const after = page.value.after ?? "";
  const names = await (query.value.status === "troubled"
    ? tenantOf(c).troubledStations(routeId, after, limit + 1)
    : stationNames(c, routeId, after, limit + 1));
  if (names === null) return notFound("route");
  const { items: stations, next } = pageOf(names, limit, String, String);
  const items = await Promise.all(stations.map((station) => stationOf(c, station).lane(routeId)));
  return c.json({ items, next });
});

/**
 * `retry` tries the head now, `skip` gives it up (it becomes a dead letter) and goes on,
 * `resume` ends parking and tries the head again. 200 with the lane; 409 when the lane owes
 * nothing, or its route is paused or disabled.
 */
for (const action of LANE_ACTIONS) {
  lanes.post(`/:station/${action}`, async (c) => {
    const station = c.req.param("station");
    if (!isStationName(station) || !(await feedOf(c).hasStation(station))) {
      return notFound("station");
    }
    const acted = await tenantOf(c).actOnLane(routeIdOf(c), station, action, actorOf(c));
    switch (acted) {
      case "not_found":
        return notFound("route");
      case "paused":
        return refuse("conflict", "The route is paused or disabled; resume it first.");
      case "idle":
        return refuse("conflict", "The lane owes nothing, or its head has just been settled.");
      default:
        return c.json(acted);
    }
  });
}

async function stationNames(c: AppContext, routeId: string, after: string, limit: number) {
  const route = await tenantOf(c).getRoute(routeId);
  return route === null ? null : feedOf(c).stationNames(after, limit);
}

const routeIdOf = (c: AppContext): string => c.req.param("id") ?? "";

const stationOf = (c: AppContext, station: string) =>
  c.env.STATION.getByName(stationName(c.var.identity.tenant, station));
