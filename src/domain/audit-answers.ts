import * as z from "zod";

import { Time } from "./account-answers.ts";

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

export const AuditEntry = z.object({
  number: z.int().describe("1, 2, 3 … without holes."),
  at: Time,
  key: z.string().nullable().describe("The id of the key that did it; null: the relay by itself."),
  action: z.string().describe("As `route.changed`."),
  target: z.string().describe("The id of what it was done to."),
  detail: z
    .record(z.string(), z.unknown())
    .describe("Of a change: `changed`, `before` and `after`. Never a secret."),
  hash: Hash.nullable().describe("Of this entry and the hash before it; null before 0.3.0."),
  previousHash: Hash.nullable().describe("The `hash` of the entry before; null at the beginning."),
});

export const Settings = z.object({
  allowedOrigins: z
    .array(z.string())
    .describe("Web pages that may use the tenant's keys and tokens; none: any."),
  retentionDays: z.int().describe("For so many days events are kept."),
});
