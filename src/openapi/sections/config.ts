import { AppliedConfig, ShownConfig } from "../../domain/config-answers.ts";
import { ConfigDocument, ConfigQuery } from "../../domain/config-document.ts";
import type { Section } from "../endpoint.ts";
import { CHANGED, ETAG, IF_MATCH } from "../entity-tags.ts";
import { SOURCE } from "../examples.ts";

const source = {
  name: "eDRV production",
  enabled: true,
  scheme: "timestamped",
  toleranceSeconds: 300,
  silentAfterSeconds: 3600,
};
const route = {
  name: "billing",
  url: "https://billing.example.com/edrv",
  filter: { types: ["session.*"] },
  format: "raw",
  timeoutMs: 10_000,
  retry: { scheduleSeconds: [1, 5, 30, 120, 600] },
  onExhausted: "dead_letter",
  ratePerSecond: null,
  concurrency: null,
};

export const config: Section = {
  name: "Configuration",
  about:
    "All sources and routes as one document, to be kept in git. Things are known by their names.",
  endpoints: [
    {
      id: "getConfig",
      call: "GET /v1/config",
      summary: "Show the sources and routes as one document",
      about: "Of secrets it has hints; written back as it is, it changes nothing.",
      access: "reader",
      answers: {
        200: {
          about: "The document.",
          schema: ShownConfig,
          headers: ETAG,
          example: {
            sources: [{ ...source, secret: { hint: "…6789" } }],
            routes: [{ ...route, headers: {}, auth: { type: "bearer" }, edrvSecret: null }],
          },
        },
      },
    },
    {
      id: "putConfig",
      call: "PUT /v1/config",
      summary: "Make everything as a document says",
      about:
        "What the document leaves out is deleted. With `dryRun=true` nothing is done, and the answer " +
        "is what would be. At most 4 MiB.",
      access: "admin",
      query: ConfigQuery,
      headers: IF_MATCH,
      body: {
        schema: ConfigDocument,
        example: {
          sources: [{ ...source, secret: "the-secret-eDRV-shows" }],
          routes: [
            {
              ...route,
              headers: { "x-team": "billing" },
              auth: { type: "bearer", token: "a-token-of-the-destination" },
            },
          ],
        },
      },
      answers: {
        200: {
          about: "What was done.",
          schema: AppliedConfig,
          headers: ETAG,
          example: {
            dryRun: false,
            plan: [
              {
                action: "update",
                kind: "source",
                name: "eDRV production",
                id: SOURCE,
                changes: [{ field: "scheme", before: "auto", after: "timestamped" }],
              },
            ],
          },
        },
      },
      problems: {
        ...CHANGED,
        body_too_large: "More than 4 MiB.",
        limit_reached: "There would be more than 50 sources or 100 routes.",
      },
    },
  ],
};
