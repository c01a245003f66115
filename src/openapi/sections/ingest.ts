import type { Section } from "../endpoint.ts";
import { WEBHOOK } from "../webhook-example.ts";
import { Webhook } from "../webhook-schema.ts";

export const ingest: Section = {
  name: "Ingest",
  about: "Where eDRV sends its webhooks: the URL of a source, to be entered in eDRV's dashboard.",
  endpoints: [
    {
      id: "ingest",
      call: "POST /ingest/{source}",
      summary: "Take in a webhook",
      about:
        "200 with an empty body means that the event is durable, or was before, or is durably in " +
        "quarantine because it was signed and could not be read. A signed request is refused only " +
        "when it cannot be kept. At most 512 KiB, and 20,000 requests per 10 s and source.",
      access: "signature",
      body: { schema: Webhook, example: WEBHOOK },
      answers: { 200: { about: "Durable. The body is empty." } },
      problems: {
        unauthorized:
          "The signature is missing, malformed or wrong, or its time is off. Which of these, the " +
          "source's refusals say.",
        method_not_allowed: "It is no POST.",
        body_too_large: "More than 512 KiB.",
        rate_limited:
          "More than 20,000 webhooks in 10 s; or more than 1,000 requests in 10 s that do not verify.",
        unavailable:
          "More webhooks are waiting to be taken in than there is room for, or the platform could " +
          "not do it. Nothing was taken in; `Retry-After` says when to send it again.",
      },
    },
  ],
};
