import * as z from "zod";

import { Time } from "./account-answers.ts";
import type { EventClass } from "./catalogue.ts";

const Count = z.int().min(0);

const Latency = z
  .object({ count: Count, p50: Count, p95: Count, p99: Count, max: Count })
  .describe("In milliseconds. Percentiles are right to within 10 %, the largest exactly.");

const metrics = {
  events: z
    .object({
      network: Count,
      action: Count,
      synchronous: Count,
      charging_intelligence: Count,
      unknown: Count,
      relay: Count,
    } satisfies Record<EventClass, z.ZodType>)
    .describe("Events that went into the feed, by class."),
  relayMs: Latency.nullable().describe(
    "From a webhook's receipt at the edge until the feed had it: stored at its station by then, " +
      "and about to be sent to subscribers and acknowledged, once the feed's row is stored, too. " +
      "By two machines' clocks. Null without webhooks.",
  ),
  routes: z
    .array(
      z.object({
        route: z.string(),
        attempts: Count.describe("Requests that have ended, those of replays among them."),
        delivered: Count.describe("Of these, those that were answered 2xx."),
        failed: Count.describe("The others."),
        deliveryMs: Latency.nullable().describe(
          "From a webhook's receipt at the edge until its station had the destination's 2xx, with " +
            "all that it waited for: those before it, tries that failed, an outage. Replays are " +
            "left out. By two machines' clocks. Null without deliveries.",
        ),
      }),
    )
    .describe("Those that attempted anything."),
};

export const MetricsTotal = z.object(metrics);
export const MetricsOfMinute = z.object({ at: Time.describe("When it began."), ...metrics });

export const Metrics = z.object({
  from: Time.describe(
    "The first minute that is told of; later than asked for where there is less.",
  ),
  items: z.array(MetricsOfMinute).describe("Every minute from there, the present one last."),
  total: MetricsTotal.describe("Of all these minutes together."),
});
