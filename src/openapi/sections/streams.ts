import * as z from "zod";

import { Ticket, Token } from "../../domain/account-answers.ts";
import { NewTicket, NewToken } from "../../domain/control.ts";
import type { Endpoint, Section } from "../endpoint.ts";
import { RECEIVED, STATION } from "../examples.ts";
import { FilterQuery } from "../filter-query.ts";

const StreamQuery = FilterQuery.extend({
  from: z
    .string()
    .min(1)
    .max(128)
    .default("now")
    .describe("Where it begins: `now`, `snapshot`, `start`, or a cursor."),
});

const STREAM: Omit<Endpoint, "id" | "call" | "summary"> = {
  about:
    "A WebSocket with the subprotocol `chargewire.v1`, where a browser puts its token as the further " +
    "subprotocol `auth.<token>`; or server-sent events on `accept: text/event-stream`, where " +
    "`EventSource` puts a ticket into the URL. The frames are in docs/protocol.md. Parameters that " +
    "are not known are refused.",
  access: "stream",
  query: StreamQuery,
  headers: {
    upgrade: "`websocket` for a WebSocket.",
    "sec-websocket-protocol": "`chargewire.v1`, and `auth.<token>` where needed.",
    "last-event-id": "Of server-sent events: the id of the last one, to go on from it.",
  },
  answers: {
    101: { about: "A WebSocket: JSON frames." },
    200: {
      about: "Server-sent events: the same frames.",
      type: "text/event-stream",
      schema: z.string(),
      example:
        'retry: 1000\n\nid: k3n5v7q2xah4.1042\ndata: {"op":"hello","v":1,"connection":"cn_…","tenant":' +
        '"acme","cursor":"k3n5v7q2xah4.1042","recovered":null,"behind":0,"heartbeatSeconds":30}\n\n',
    },
  },
  problems: {
    invalid_request: "A parameter is not known or not valid.",
    forbidden_filter: "A token of the view `state` may not use `match`.",
    upgrade_required: "Neither a WebSocket nor server-sent events were asked for.",
    limit_reached: "There are 5,000 sockets; answered with 429.",
    rate_limited: "Too many tickets are in use, or too many requests came without a valid key.",
  },
};

export const streams: Section = {
  name: "Streams",
  about: "Events and states as they come, resumed by a cursor; and what a browser is given for it.",
  endpoints: [
    {
      ...STREAM,
      id: "streamFeed",
      call: "GET /v1/stream",
      summary: "Subscribe to the tenant's feed",
    },
    {
      ...STREAM,
      id: "streamStation",
      call: "GET /v1/stations/{id}/stream",
      summary: "Subscribe to one station",
      problems: { ...STREAM.problems, forbidden: "The token does not open this station." },
    },
    {
      id: "createToken",
      call: "POST /v1/tokens",
      summary: "Make a subscriber token for a browser",
      about: "It sees no more than the key that makes it, and opens streams alone.",
      access: "reader",
      body: {
        schema: NewToken,
        example: { view: "state", stations: [STATION], ttlSeconds: 3600 },
        optional: true,
      },
      answers: {
        201: {
          about: "Made.",
          schema: Token,
          example: { token: "eyJhbGciOiJIUzI1NiJ9.eyJncmFudCI6e319.c2ln", expiresAt: RECEIVED },
        },
      },
    },
    {
      id: "createTicket",
      call: "POST /v1/tickets",
      summary: "Make a ticket for an event stream",
      about:
        "For `EventSource`, which can send no header: opens one stream within 60 s, and continues it " +
        "until it expires.",
      access: "grant",
      body: { schema: NewTicket, example: { types: ["session.*"] }, optional: true },
      answers: {
        201: {
          about: "Made.",
          schema: Ticket,
          example: {
            ticket: "eyJhbGciOiJIUzI1NiJ9.eyJncmFudCI6e319.c2ln",
            opensBefore: RECEIVED,
            expiresAt: "2026-11-23T10:15:30.000Z",
          },
        },
      },
    },
  ],
};
