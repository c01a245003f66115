import { Hono } from "hono";

import { admitByToken } from "../domain/admission.ts";
import { isRecent } from "../domain/clock.ts";
import { asciiJson } from "../domain/encoding.ts";
import type { Filter } from "../domain/filter.ts";
import { allowsFilter, allowsStation } from "../domain/grant.ts";
import { allowsOrigin } from "../domain/origin.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { isStationName } from "../domain/station-id.ts";
import { TICKET_OPENS_MS } from "../domain/subscriber-token.ts";
import { SUBSCRIPTION_HEADER, type Subscription } from "../domain/subscription.ts";
import { feedName, stationName } from "../env.ts";
import { AUTH_PROTOCOL_PREFIX, PROTOCOL } from "../protocol/codes.ts";
import { type Asker, bearerOf, identify, originOf, refuseKey } from "./auth.ts";
import type { AppContext, AppEnv } from "./context.ts";
import { inadmissible, notFound, problem, refuse, refuseOrigin } from "./problems.ts";
import { readLastEventId, serveEvents } from "./sse.ts";
import { invalid, readFilter } from "./validation.ts";

/**
 * `/v1/stream` and `/v1/stations/{id}/stream`: subscriptions by WebSocket or server-sent events.
 * Everything that can be refused is refused by an HTTP answer, and what was never issued before
 * any object is touched.
 */
export const streams = new Hono<AppEnv>();

streams.get("/stream", (c) => subscribe(c, null));
streams.get("/stations/:id/stream", (c) => subscribe(c, c.req.param("id")));

async function subscribe(c: AppContext, station: string | null): Promise<Response> {
  const transport = transportOf(c);
  const ticket = transport === "sse" ? c.req.query("ticket") : undefined;
  const asker =
    ticket === undefined
      ? await identify(c, transport === "websocket" ? socketKeyOf(c) : bearerOf(c))
      : await readTicket(c, ticket);
  if (asker === null) return refuseKey(c, "A valid key, token or ticket is needed.");
  if (station !== null && !allowsStation(asker.grant, station)) {
    return refuse("forbidden", "This token does not open this station.");
  }
  if (!allowsOrigin(asker.allowedOrigins, originOf(c))) return refuseOrigin();
  // The feed says the same of its own stream, but a ticket must not be used up by that, and who asks
  // for no stream wants to know it, too.
  if (station !== null || asker.ticketId !== null || transport === null) {
    const feed = c.env.FEED.getByName(feedName(asker.tenant));
    const reason =
      station === null || isStationName(station)
        ? await feed.refuses(asker.keyId, originOf(c), station)
        : "not_found";
    if (reason !== null) return inadmissible(reason);
  }
  // Also of who asks for no stream, to learn what stands against one: browsers do not tell.
  const asked = readAsked(c, asker, transport ?? "websocket");
  if (!asked.ok) return asked.error;
  if (transport === null) {
    const response = refuse("upgrade_required", "Ask for a WebSocket, or for text/event-stream.");
    response.headers.set("upgrade", "websocket");
    return response;
  }
  const unusable = await useTicket(c, asker, station ?? "", asked.value.proof !== null);
  if (unusable !== null) return unusable;

  const upgrade = await openSocket(c, asker, station, asked.value);
  if (upgrade.webSocket === null || transport === "websocket") return upgrade;
  return serveEvents(upgrade.webSocket, asked.value.from === "snapshot");
}

type Transport = "websocket" | "sse";

function transportOf(c: AppContext): Transport | null {
  // Who asks for the headers alone would never read the stream.
  if (c.req.method !== "GET") return null;
  if (c.req.header("upgrade")?.toLowerCase() === "websocket") return "websocket";
  return /\btext\/event-stream\b/i.test(c.req.header("accept") ?? "") ? "sse" : null;
}

/** The key of a socket's request: in the subprotocols, where browsers can put it, or in the header. */
function socketKeyOf(c: AppContext): string | null {
  const auth = offeredProtocols(c).find((name) => name.startsWith(AUTH_PROTOCOL_PREFIX));
  return auth === undefined ? bearerOf(c) : auth.slice(AUTH_PROTOCOL_PREFIX.length);
}

function offeredProtocols(c: AppContext): string[] {
  const offered = c.req.header("sec-websocket-protocol");
  return offered === undefined ? [] : offered.split(",").map((name) => name.trim());
}

async function readTicket(c: AppContext, text: string): Promise<Asker | null> {
  const admission = await admitByToken("ticket", text, c.var.config.tokens, Date.now());
  // The origins are known where the stream is.
  return admission === null ? null : { ...admission, allowedOrigins: [] };
}

interface Asked {
  readonly filter: Filter;
  readonly from: string;
  readonly proof: string | null;
}

function readAsked(c: AppContext, asker: Asker, transport: Transport): Result<Asked, Response> {
  const offered = offeredProtocols(c);
  if (offered.length > 0 && !offered.includes(PROTOCOL)) {
    return err(invalid([{ path: "sec-websocket-protocol", message: `expected ${PROTOCOL}` }]));
  }
  const filter = readFilter(c, transport === "sse" ? ["from", "ticket"] : ["from"]);
  if (!filter.ok) return filter;
  if (!allowsFilter(asker.grant, filter.value)) {
    return err(refuse("forbidden_filter", "A token of the view `state` may not use `match`."));
  }
  const from = c.req.query("from") ?? "now";
  if (from.length === 0 || from.length > 128) {
    return err(invalid([{ path: "from", message: "expected 1 to 128 characters" }]));
  }
  // What a browser sends by itself when it comes back is newer than what its URL says.
  const lastEventId = transport === "sse" ? (c.req.header("last-event-id") ?? "") : "";
  if (lastEventId === "") return ok({ filter: filter.value, from, proof: null });
  const last = readLastEventId(lastEventId);
  const proof = asker.ticketId === null ? null : last.cursor;
  return ok({ filter: filter.value, from: last.from, proof });
}

/** A ticket opens one stream, and then continues only that. */
async function useTicket(
  c: AppContext,
  asker: Asker,
  stream: string,
  isContinued: boolean,
): Promise<Response | null> {
  const { tenant, ticketId, issuedAtMs, expiresAtMs } = asker;
  if (ticketId === null || expiresAtMs === null) return null;
  const owner = c.env.TENANT.getByName(tenant);
  const used = "This ticket cannot be used any more.";
  if (isContinued) {
    return (await owner.hasOpenedTicket(ticketId, stream)) ? null : refuseKey(c, used);
  }
  if (!isRecent(issuedAtMs, Date.now(), TICKET_OPENS_MS)) return refuseKey(c, used);
  const answer = await owner.openTicket(ticketId, stream, expiresAtMs);
  if (answer === "opened") return null;
  if (answer === "used") return refuseKey(c, used);
  return problem({
    code: "rate_limited",
    detail: "Too many tickets are in use.",
    retryAfterSeconds: 60,
  });
}

async function openSocket(
  c: AppContext,
  { tenant, keyId, grant, expiresAtMs }: Asker,
  station: string | null,
  { filter, from, proof }: Asked,
): Promise<Response> {
  const object =
    station === null
      ? c.env.FEED.getByName(feedName(tenant))
      : c.env.STATION.getByName(stationName(tenant, station));
  const origin = originOf(c);
  const subscription: Subscription = { keyId, grant, expiresAtMs, filter, from, origin, proof };
  const headers = new Headers({
    upgrade: "websocket",
    [SUBSCRIPTION_HEADER]: asciiJson(JSON.stringify(subscription)),
  });
  if (offeredProtocols(c).length > 0) headers.set("sec-websocket-protocol", PROTOCOL);
  // Its URL says nothing: a query may hold a ticket, and a host may be one that makes no URL.
  const response = await object.fetch(new Request("https://stream.invalid/", { headers }));
  switch (response.status) {
    case 401:
      return inadmissible("unauthorized");
    case 403:
      return inadmissible("forbidden_origin");
    case 404:
      return notFound("stream");
    case 429:
      return problem({
        code: "limit_reached",
        status: 429,
        detail: "At most 5,000 sockets.",
        retryAfterSeconds: 10,
      });
    default:
      return response;
  }
}
