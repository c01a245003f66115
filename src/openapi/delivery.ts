import { Event } from "../domain/event-answers.ts";
import { EVENT, REPLAY } from "./examples.ts";
import type { SchemaBook } from "./schemas.ts";
import { WEBHOOK } from "./webhook-example.ts";
import { Webhook } from "./webhook-schema.ts";

/** What the relay itself sends: see docs/delivery.md. */
const HEADERS = {
  "webhook-id": ["The event's id, the same on every attempt.", EVENT],
  "webhook-timestamp": ["Of the attempt, in seconds.", "1763806530"],
  "webhook-signature": [
    "`v1,<base64>`, one for each secret that signs (Standard Webhooks).",
    "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
  ],
  "chargewire-station": ["The station.", "6192dea22df1431ea2c4720d"],
  "chargewire-seq": ["The event's seq at its station.", "42"],
  "chargewire-prev-seq": ["The seq delivered before it; missing on the first.", "41"],
  "chargewire-type": ["The event's type.", "session.updated"],
  "chargewire-attempt": ["Counted from 1.", "1"],
  "chargewire-gap": ["`<first>-<last>`: seqs that were given up before it.", "38-40"],
  "chargewire-replay": ["The replay that it is part of.", REPLAY],
  "chargewire-test": ["`true`: made up by `POST /v1/routes/{id}/test`.", "true"],
  "chargewire-hop": [
    "The relay that sent it, which refuses its own requests.",
    "k3n5v7q2xah4u6wd3btz",
  ],
  "edrv-signature": [
    "With `edrvSecret`, and the format `raw`: as eDRV signs.",
    "t=1763806530000,v1=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  ],
} as const;

/** Those that come with every delivery. */
const ALWAYS = new Set([
  "webhook-id",
  "webhook-timestamp",
  "webhook-signature",
  "chargewire-station",
  "chargewire-seq",
  "chargewire-type",
  "chargewire-attempt",
  "chargewire-hop",
]);

/** The document's description of a request to a route's destination. */
export function deliveryOf(book: SchemaBook) {
  const parameters = Object.entries(HEADERS).map(([name, [description, example]]) => ({
    name,
    in: "header",
    required: ALWAYS.has(name),
    description,
    schema: { type: "string" },
    example,
  }));
  return {
    operationId: "delivery",
    summary: "An event, sent to a route's `url`",
    description:
      "In order per station. The body is the webhook as eDRV sent it, or with the format `event` " +
      "the event around it. The signature is that of Standard Webhooks, with the route's secret.",
    security: [],
    parameters,
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: { anyOf: [book.show(Webhook), book.show(Event)] },
          example: WEBHOOK,
        },
      },
    },
    responses: {
      "2XX": { description: "Delivered: the next one follows." },
      "410": { description: "Nothing more is wanted: the route is disabled." },
      "4XX": { description: "Refused, or trouble: see docs/delivery.md. It is tried again." },
      "5XX": {
        description: "Trouble: it is tried again, and nothing of the station overtakes it.",
      },
    },
  };
}
