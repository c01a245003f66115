import * as z from "zod";

import { ROLES, TenantId } from "./control.ts";
import { PROBLEM_CODES } from "./problem.ts";
import { QUARANTINE_REASONS } from "./webhook.ts";

/*
 * What the API answers, for its document and for the tests that hold the answers to it. Fields
 * may be added to an answer: a client that reads one ignores what it does not know.
 */

export const Time = z.iso.datetime().describe("ISO 8601, in UTC.");
export const Next = z
  .string()
  .nullable()
  .describe("The `after` of the next page; null at the end.");

/** A page of a list. */
export const pageOf = <S extends z.ZodType>(item: S) =>
  z.object({ items: z.array(item), next: Next });

export const Problem = z
  .object({
    type: z.string().describe("A URN that ends in the code."),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("What is wrong with this request, for people."),
    code: z.enum(PROBLEM_CODES).describe("Stable, for programs."),
    issues: z
      .array(
        z.object({
          path: z.string().describe("The field, as `retry.scheduleSeconds.0`; empty: the whole."),
          message: z.string(),
        }),
      )
      .optional()
      .describe("With `invalid_request`: each thing that is wrong."),
  })
  .describe("RFC 9457. Every answer but 2xx is one.");

const tenantFields = { id: TenantId, name: z.string() };
export const Tenant = z.object({ ...tenantFields, createdAt: Time });
const ApiKey = z.string().describe("`cw_…`. Shown once; the relay keeps its hash alone.");
export const CreatedTenant = z.object({
  ...tenantFields,
  apiKey: ApiKey.describe("An API key of the role `admin`, shown once."),
});

export const Key = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  hint: z.string().describe("Its last four characters."),
  createdAt: Time,
});
export const CurrentKey = Key.extend({
  tenant: z.object(tenantFields).describe("The tenant that it opens."),
});
export const CreatedKey = Key.extend({ apiKey: ApiKey });

export const Token = z.object({
  token: z.string().describe("A subscriber token: opens streams until it expires."),
  expiresAt: Time,
});
export const Ticket = z.object({
  ticket: z.string().describe("For the `ticket` of an event stream's URL. Opens one stream."),
  opensBefore: Time.describe("Until then it can open its stream …"),
  expiresAt: Time.describe("… and until then that stream can be continued."),
});

export const QuarantinedWebhook = z.object({
  id: z.string(),
  source: z.string(),
  reason: z
    .enum(QUARANTINE_REASONS)
    .describe(
      "`not_json`, `not_object`; `type`, `station`: there is no usable one; `stale`: too old to " +
        "be told from a replayed request.",
    ),
  receivedAt: Time,
  size: z.int().describe("Bytes."),
  preview: z.string().describe("The first KiB of its body."),
});

export const Resealed = z.object({
  id: z.string(),
  resealed: z.int().describe("Secrets that this call has sealed under the master key of now."),
  remaining: z.int().describe("Those that are left: call again until there are none."),
  unreadable: z.int().describe("Those that no configured key opens; nothing was done about them."),
});

export const Health = z.object({
  status: z.literal("ok"),
  version: z.string().describe("Of the relay."),
  storage: z.literal("ok").describe("It has been read within the last second."),
});
