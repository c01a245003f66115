import { Hono } from "hono";

import { asciiJson } from "../domain/encoding.ts";
import { isStationName } from "../domain/station-id.ts";
import { SUBSCRIPTION_HEADER, type Subscription } from "../domain/subscription.ts";
import { feedName, stationName } from "../env.ts";
import { PROTOCOL } from "../protocol/codes.ts";
import { identify, streamKeyOf } from "./auth.ts";
import type { AppContext, AppEnv, Identity } from "./context.ts";
import { notFound, problem, refuse } from "./problems.ts";
import { invalid, readFilter } from "./validation.ts";

/**
 * `/v1/stream` and `/v1/stations/{id}/stream`: WebSocket subscriptions. Everything that can be
 * refused is refused here, by an HTTP answer, before any object is touched.
 */
export const streams = new Hono<AppEnv>();

streams.get("/stream", async (c) => {
  const identity = await identify(c, streamKeyOf(c));
  if (identity === null) return refuse("unauthorized", "A valid key is needed.");
  return subscribe(c, identity, c.env.FEED.getByName(feedName(identity.tenant)));
});

streams.get("/stations/:id/stream", async (c) => {
  const identity = await identify(c, streamKeyOf(c));
  if (identity === null) return refuse("unauthorized", "A valid key is needed.");
  const id = c.req.param("id");
  const feed = c.env.FEED.getByName(feedName(identity.tenant));
  if (!isStationName(id) || (await feed.state(id)) === null) return notFound("station");
  return subscribe(c, identity, c.env.STATION.getByName(stationName(identity.tenant, id)));
});

interface Subscribable {
  fetch(request: Request): Promise<Response>;
}

async function subscribe(
  c: AppContext,
  identity: Identity,
  object: Subscribable,
): Promise<Response> {
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    const response = refuse("upgrade_required", "This is a WebSocket endpoint.");
    response.headers.set("upgrade", "websocket");
    return response;
  }
  const offered = c.req.header("sec-websocket-protocol");
  if (offered !== undefined && !offered.split(",").some((name) => name.trim() === PROTOCOL)) {
    return invalid([{ path: "sec-websocket-protocol", message: `expected ${PROTOCOL}` }]);
  }
  const filter = readFilter(c, ["from"]);
  if (!filter.ok) return filter.error;
  const from = c.req.query("from") ?? "now";
  if (from.length > 128) return invalid([{ path: "from", message: "at most 128 characters" }]);

  const subscription: Subscription = { keyId: identity.keyId, filter: filter.value, from };
  const headers = new Headers({
    upgrade: "websocket",
    [SUBSCRIPTION_HEADER]: asciiJson(JSON.stringify(subscription)),
  });
  if (offered !== undefined) headers.set("sec-websocket-protocol", PROTOCOL);
  const response = await object.fetch(new Request(c.req.url, { headers }));
  if (response.status === 404) return notFound("stream");
  if (response.status !== 429) return response;
  return problem({
    code: "limit_reached",
    status: 429,
    detail: "At most 5,000 sockets.",
    retryAfterSeconds: 10,
  });
}
