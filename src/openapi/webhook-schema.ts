import * as z from "zod";

/** eDRV's envelope, for reading: http/ingest.ts takes in whatever is signed. */
export const Webhook = z
  .looseObject({
    _id: z.string().optional().describe("Names the event: one that was accepted is not again."),
    type: z.string().describe("One of eDRV's, or any other."),
    object: z.string().optional(),
    data: z.looseObject({}).optional().describe("What it is about."),
    createdAt: z.string().optional().describe("ISO 8601."),
  })
  .describe("Kept and passed on byte for byte. What is signed and cannot be read is quarantined.");
