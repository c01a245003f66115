import * as fc from "fast-check";

import { bearer, type Header, message } from "../message.ts";
import { attemptMessage, type Surface } from "../surface.ts";
import { headerValue, jsonText, text } from "../values.ts";

const PATHS = [
  ...["/v1/events", "/v1/stations", "/v1/stations/cs1", "/v1/stations/cs1/events"],
  ...["/v1/stations/cs1/deliveries", "/v1/quarantine", "/v1/audit", "/v1/usage", "/v1/replays"],
  ...["/v1/sources", "/v1/routes", "/v1/keys", "/v1/config", "/v1/settings", "/v1/metrics"],
  ...["/v1/routes/ROUTE/lanes", "/v1/routes/ROUTE/dead-letters", "/v1/sources/SOURCE/refusals"],
  ...["/v1/stream", "/v1/stations/cs1/stream", "/health", "/docs", "/openapi.json"],
];
const NAMES = [
  ...["after", "before", "limit", "types", "stations", "station", "match", "from", "to", "status"],
  ...["route", "dryRun", "type", "ticket", "month", "__proto__", "", "a[b]", "types[]"],
];
/** What a client may send along, and what proxies put in between. */
const HEADERS = [
  ...["origin", "referer", "host", "x-forwarded-host", "x-forwarded-for", "x-forwarded-proto"],
  ...["cf-connecting-ip", "forwarded", "x-original-url", "x-rewrite-url", "x-http-method-override"],
  ...["accept", "accept-encoding", "content-type", "last-event-id", "if-match", "if-none-match"],
  ...["range", "cookie", "cdn-loop", "chargewire-hop", "x-chargewire-subscription", "upgrade"],
  ...["sec-websocket-protocol", "access-control-request-method", "expect", "te", "via"],
];

interface Query {
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly isEncoded: boolean;
  readonly headers: readonly Header[];
  readonly isOptions: boolean;
  /** Of a stream, by server-sent events. */
  readonly isEvents: boolean;
}

const EVENTS: Header = ["accept", "text/event-stream"];
const isStream = (path: string) => path.endsWith("/stream");
const value = fc.oneof(text, jsonText, fc.constantFrom("1", "200", "201", "0", "now"));

/** Reading, in every way that a URL and its headers may ask for it. */
export const queries: Surface<Query> = {
  name: "queries and headers",
  input: fc.record({
    path: fc.constantFrom(...PATHS),
    query: fc.array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 4 }),
    isEncoded: fc.boolean(),
    headers: fc.array(fc.tuple(fc.constantFrom(...HEADERS), text), { maxLength: 3 }),
    isOptions: fc.nat(9).map((number) => number === 0),
    isEvents: fc.boolean(),
  }),
  attempt: async (world, { path, query, isEncoded, headers, isOptions, isEvents }) => {
    const { main } = world;
    const target = path.replace("ROUTE", main.routeId).replace("SOURCE", main.source.id);
    const text = query
      .map((pair) => pair.map((part) => write(part, isEncoded)).join("="))
      .join("&");
    const sent = headers.map(([name, one]): Header => [name, safe(name, headerValue(one))]);
    const request = message(
      isOptions ? "OPTIONS" : "GET",
      query.length === 0 ? target : `${target}?${text}`.slice(0, 60_000),
      [bearer(main.tenant.key), ...(isEvents && isStream(path) ? [EVENTS] : []), ...sent],
    );
    return attemptMessage(world, request);
  },
};

function write(part: string, isEncoded: boolean): string {
  return isEncoded
    ? encodeURIComponent(part.toWellFormed()).slice(0, 15_000)
    : part.replace(/[^!$-;=?-_a-z|~]/g, "").slice(0, 15_000);
}

/** A host of ASCII is asked of every request by the server itself. */
function safe(name: string, given: string): string {
  if (name !== "host") return given;
  return given.replace(/[^\x21-\x7e]/g, "") || "evil.example";
}
