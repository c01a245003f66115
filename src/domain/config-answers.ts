import * as z from "zod";

import { ConfigRoute, ConfigSource, HeldAuth, HeldSecret } from "./config-document.ts";

/** `GET /v1/config`: what may be written back as it is, and then changes nothing. */
export const ShownConfig = z.object({
  sources: z.array(z.object({ ...ConfigSource.shape, secret: HeldSecret.optional() })),
  routes: z.array(
    z.object({
      ...ConfigRoute.shape,
      headers: z.record(z.string(), HeldSecret),
      auth: HeldAuth.nullable(),
      edrvSecret: HeldSecret.nullable(),
      edrvScheme: ConfigRoute.shape.edrvScheme.describe("With an `edrvSecret`."),
    }),
  ),
});

/** `PUT /v1/config`. */
export const AppliedConfig = z.object({
  dryRun: z.boolean().describe("True: nothing of this was done."),
  plan: z
    .array(
      z.object({
        action: z
          .enum(["create", "update", "delete", "none"])
          .describe("`delete`: the document leaves it out. `none`: it is as the document says."),
        kind: z.enum(["source", "route"]),
        name: z.string(),
        id: z.string().optional().describe("Missing of what would be created."),
        ingestPath: z.string().optional().describe("Of a source that was created."),
        secret: z
          .string()
          .optional()
          .describe("Of a route that was created: its signing secret, `whsec_…`, shown once."),
        changes: z
          .array(
            z.object({
              field: z.string(),
              before: z.unknown().describe("As `GET` shows it; null for nothing."),
              after: z.unknown().describe("As `GET` shows it; null for nothing."),
            }),
          )
          .describe("Of an update: the fields that differ. Of secrets the hints alone."),
      }),
    )
    .describe("Sources, then routes: in the document's order, then what is deleted."),
});
