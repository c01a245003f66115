import * as z from "zod";

import { Time } from "./account-answers.ts";
import { NewSource } from "./control.ts";
import { SIGNATURE_SCHEMES } from "./signature.ts";

export const SourceSecret = z.object({
  id: z.string(),
  hint: z.string().describe("Its last four characters."),
  createdAt: Time,
  expiresAt: Time.nullable().describe("Null while none came after it."),
});

const { scheme, toleranceSeconds, silentAfterSeconds } = NewSource.shape;

export const Source = z.object({
  id: z.string(),
  name: z.string(),
  ingestPath: z.string().describe("The path of the URL to enter at eDRV."),
  enabled: z.boolean().describe("False: its webhooks are answered with 404."),
  scheme: scheme.unwrap(),
  schemeSeen: z
    .enum(SIGNATURE_SCHEMES)
    .nullable()
    .describe("The scheme that verified last, to be pinned in `scheme`."),
  toleranceSeconds: toleranceSeconds.unwrap(),
  silentAfterSeconds: silentAfterSeconds.unwrap(),
  lastEventAt: Time.nullable(),
  secrets: z.array(SourceSecret).describe("Those that are accepted now."),
  createdAt: Time,
  updatedAt: Time,
});

export const Refusals = z.object({
  at: Time,
  reason: z.enum([
    "signature_missing",
    "signature_malformed",
    "signature_mismatch",
    "timestamp_out_of_tolerance",
  ]),
  count: z.int().describe("Requests refused for this reason in the ten seconds before `at`."),
  samples: z
    .array(
      z.object({
        at: Time,
        size: z.int().describe("Bytes of the body, which is not kept."),
        from: z.string().describe("The beginning of the sender's address, as /24 or /48."),
      }),
    )
    .describe("The last few of them."),
});
