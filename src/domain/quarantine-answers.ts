import * as z from "zod";

import { QuarantinedWebhook } from "./account-answers.ts";

/** `GET /v1/quarantine/{id}`. */
export const QuarantinedBody = QuarantinedWebhook.omit({ preview: true }).extend({
  releasing: z
    .string()
    .nullable()
    .describe("The station of a release that was begun and did not end; repeat it, or discard it."),
  encoding: z.enum(["text", "base64"]).describe("`base64`: the body is not UTF-8."),
  body: z.string().describe("All of it, byte for byte."),
});

/** `POST /v1/quarantine/{id}/release`. */
export const ReleasedWebhook = z.object({
  id: z.string().describe("Of the entry, which is gone."),
  status: z
    .enum(["accepted", "duplicate"])
    .describe("`duplicate`: the station had the event already; nothing was added."),
  event: z.string().describe("The event's id."),
  type: z.string(),
  station: z.string(),
});
