import * as z from "zod";

import type { PRICES } from "./prices.ts";

const Count = z.int().min(0);
const Usd = z.number().min(0);

export const Cost = z
  .object({
    workerRequests: Usd,
    workerCpuMs: Usd.describe("At an assumed millisecond for a webhook and for an attempt."),
    objectRequests: Usd,
    rowsWritten: Usd,
    total: Usd,
  })
  .describe("US dollars by list price; what the plan includes is not taken off.");

const usage = {
  accepted: Count.describe("Webhooks that became events."),
  duplicates: Count.describe("Webhooks that had come before."),
  refused: Count.describe("Webhooks whose signature did not verify."),
  quarantined: Count,
  attempts: Count.describe("Requests to destinations."),
  delivered: Count.describe("Of these, those that were answered 2xx."),
  framesSent: Count.describe("To subscribers of all streams."),
  messagesReceived: Count.describe("From subscribers, pings apart."),
  rowsWritten: Count,
  objectRequests: Count,
  costUsd: Cost,
};

export const UsageTotal = z.object(usage);
export const UsageOfDay = z.object({ day: z.iso.date().describe("UTC."), ...usage });

export const Price = z.object({
  usdPerMillion: Usd,
  asOf: z.iso.date(),
  source: z.url(),
});

export const UsageReport = z.object({
  from: z.iso.date(),
  to: z.iso.date(),
  items: z.array(UsageOfDay).describe("Every day from the first to the last."),
  total: UsageTotal,
  prices: z.object({
    workerRequests: Price,
    workerCpuMs: Price,
    objectRequests: Price,
    rowsWritten: Price,
  } satisfies Record<keyof typeof PRICES, z.ZodType>),
});
