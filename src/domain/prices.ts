import type { Usage } from "./usage.ts";

/** One price of Cloudflare's list, Workers Paid, beyond what the plan includes. */
export interface Price {
  readonly usdPerMillion: number;
  /** The day on which the list said so. */
  readonly asOf: string;
  readonly source: string;
}

const WORKERS = "https://developers.cloudflare.com/workers/platform/pricing/";
const OBJECTS = "https://developers.cloudflare.com/durable-objects/platform/pricing/";

/** All prices that the relay reckons with. */
export const PRICES = {
  workerRequests: { usdPerMillion: 0.3, asOf: "2026-11-22", source: WORKERS },
  workerCpuMs: { usdPerMillion: 0.02, asOf: "2026-11-22", source: WORKERS },
  /** Calls, alarms and sockets; of messages from subscribers twenty count as one. */
  objectRequests: { usdPerMillion: 0.15, asOf: "2026-11-22", source: OBJECTS },
  rowsWritten: { usdPerMillion: 1, asOf: "2026-11-22", source: OBJECTS },
} as const satisfies Record<string, Price>;
export type PricedItem = keyof typeof PRICES;

const MESSAGES_PER_REQUEST = 20;
/** A Worker cannot measure its own CPU time; this much is assumed for a webhook, and for an attempt at a destination. */
const CPU_MS_PER_WEBHOOK = 1;
const CPU_MS_PER_ATTEMPT = 1;

/** How much of each item there was. */
export function billedOf(usage: Usage): Readonly<Record<PricedItem, number>> {
  const webhooks = usage.accepted + usage.duplicates + usage.refused + usage.quarantined;
  const messages = Math.ceil(usage.messagesReceived / MESSAGES_PER_REQUEST);
  return {
    workerRequests: webhooks,
    workerCpuMs: webhooks * CPU_MS_PER_WEBHOOK + usage.attempts * CPU_MS_PER_ATTEMPT,
    objectRequests: usage.objectRequests + messages,
    rowsWritten: usage.rowsWritten,
  };
}

export type Cost = Readonly<Record<PricedItem | "total", number>>;

/** In US dollars, to a millionth of one, by list price alone: what the plan includes is not taken off. */
export function costOf(usage: Usage): Cost {
  const billed = billedOf(usage);
  const of = (item: PricedItem) => round((billed[item] * PRICES[item].usdPerMillion) / 1e6);
  const items = {
    workerRequests: of("workerRequests"),
    workerCpuMs: of("workerCpuMs"),
    objectRequests: of("objectRequests"),
    rowsWritten: of("rowsWritten"),
  };
  const total = Object.values(items).reduce((sum, usd) => sum + usd, 0);
  return { ...items, total: round(total) };
}

function round(usd: number): number {
  return Math.round(usd * 1e6) / 1e6;
}
