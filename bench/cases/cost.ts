import * as z from "zod";

import { type BenchCase, CONNECTIONS } from "../case.ts";
import { measure } from "../contender.ts";
import { type RelayContender, startRelayContender } from "../relay-contender.ts";
import type { Finding } from "../table.ts";
import { signWebhooks } from "../webhooks.ts";

const UsageAnswer = z.object({
  total: z.looseObject({
    accepted: z.number(),
    rowsWritten: z.number(),
    objectRequests: z.number(),
    costUsd: z.looseObject({ total: z.number() }),
  }),
});

/** What an event costs, by the relay's own counters and list prices. */
export const cost: BenchCase = {
  name: "cost",
  about: "rows and requests per event, sparse and in bursts, and the price of a million",
  isQuick: false,
  run: async (context) => {
    const relay = await startRelayContender(context.code, "disk", CONNECTIONS);
    try {
      // What comes first makes tables and alarms, once per station.
      await send(relay, 64, 16, "bursts");
      const before = await usageOf(relay);
      await send(relay, 400, 16, "sparse");
      const between = await usageOf(relay);
      await send(relay, 4_000, 16, "bursts");
      const after = await usageOf(relay);
      return [
        finding([
          ["sparse", before, between],
          ["in bursts", between, after],
        ]),
      ];
    } finally {
      await relay.stop();
    }
  },
};

type Total = z.infer<typeof UsageAnswer>["total"];

async function send(
  relay: RelayContender,
  count: number,
  stations: number,
  how: "sparse" | "bursts",
): Promise<void> {
  const webhooks = signWebhooks(relay.door, { count, stations });
  // Sparse: so that none comes while another is under way.
  if (how === "bursts") await measure(relay, (load) => load.closedLoop(webhooks, 120_000));
  else for (const one of webhooks) await measure(relay, (load) => load.closedLoop([one], 60_000));
}

async function usageOf(relay: RelayContender): Promise<Total> {
  return (await relay.api.get("/v1/usage", UsageAnswer)).total;
}

function finding(parts: readonly (readonly [string, Total, Total])[]): Finding {
  const targets: Readonly<Record<string, string>> = { sparse: "2.70", "in bursts": "1.90" };
  const rows = parts.map(([name, before, after]) => {
    const events = after.accepted - before.accepted;
    return [
      name,
      ((after.rowsWritten - before.rowsWritten) / events).toFixed(3),
      ((after.objectRequests - before.objectRequests) / events).toFixed(3),
      (((after.costUsd.total - before.costUsd.total) / events) * 1e6).toFixed(2),
      targets[name] ?? "",
    ];
  });
  return {
    name: "cost",
    title: "Per event without routes, by the relay's counters and list prices",
    header: ["", "rows written", "object requests", "dollars per million", "at most"],
    rows,
    figures: {},
  };
}
