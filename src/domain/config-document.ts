import * as z from "zod";

import { HeaderName, HeaderValue, NewRoute, NewSource, Secret } from "./control.ts";
import type { RouteAuth } from "./delivery.ts";
import { hintOf } from "./ids.ts";
import { DEFAULT_SCHEDULE_SECONDS } from "./retry.ts";

/*
 * A tenant's sources and routes as one document, which can be kept in git: what is there as it
 * is read, and what is to be there as it is written. Things are known by their names.
 */

export const HeldSecret = z
  .strictObject({ hint: z.string().max(20) })
  .describe("The secret that is there, by its last four characters. Written: it is kept.");
const heldOr = <S extends z.ZodType>(secret: S) => z.union([secret, HeldSecret]);

const { name, scheme, toleranceSeconds, silentAfterSeconds } = NewSource.shape;

export const ConfigSource = z.strictObject({
  name,
  enabled: z.boolean().default(true),
  scheme,
  toleranceSeconds,
  silentAfterSeconds,
  secret: heldOr(Secret)
    .optional()
    .describe("A new one is accepted beside the one before, which ends after a day."),
});
export type ConfigSource = z.infer<typeof ConfigSource>;

const { url, filter, format, auth, timeoutMs, retry } = NewRoute.shape;
const { onExhausted, ratePerSecond, concurrency, edrvScheme } = NewRoute.shape;

export const HeldAuth = z
  .strictObject({ type: z.enum(["basic", "bearer", "oauth2"]) })
  .describe("The authentication that is there. Written: it is kept.");

export const ConfigRoute = z.strictObject({
  name: NewRoute.shape.name,
  url,
  filter: filter.unwrap().default({}),
  format: format.unwrap().default("raw"),
  headers: z
    .record(HeaderName, heldOr(HeaderValue))
    .refine((headers) => Object.keys(headers).length <= 20, "at most 20 headers")
    .optional()
    .describe("All of them. Left out: those that are there are kept."),
  auth: z
    .union([auth.unwrap().unwrap(), HeldAuth])
    .nullable()
    .optional()
    .describe("Null: none. Left out: what is there is kept."),
  timeoutMs: timeoutMs.unwrap().default(10_000),
  retry: retry.unwrap().default({ scheduleSeconds: [...DEFAULT_SCHEDULE_SECONDS] }),
  onExhausted: onExhausted.unwrap().default("dead_letter"),
  ratePerSecond: ratePerSecond.unwrap().default(null),
  concurrency: concurrency.unwrap().default(null),
  edrvSecret: heldOr(Secret)
    .nullable()
    .optional()
    .describe("Null: none. Left out: what is there is kept."),
  edrvScheme: edrvScheme.describe("Left out: what is there is kept."),
});
export type ConfigRoute = z.infer<typeof ConfigRoute>;

/** Both lists are asked for: what a document leaves out is deleted. */
export const ConfigDocument = z
  .strictObject({ sources: z.array(ConfigSource), routes: z.array(ConfigRoute) })
  .superRefine(({ sources, routes }, ctx) => {
    for (const [kind, things] of [["sources", sources] as const, ["routes", routes] as const]) {
      const seen = new Set<string>();
      for (const [index, thing] of things.entries()) {
        const message = `there is another one named ${JSON.stringify(thing.name)}`;
        if (seen.has(thing.name)) {
          ctx.addIssue({ code: "custom", path: [kind, index, "name"], message });
        }
        seen.add(thing.name);
      }
    }
  });
export type ConfigDocument = z.infer<typeof ConfigDocument>;

export const ConfigQuery = z.strictObject({
  dryRun: z
    .enum(["true", "false"])
    .default("false")
    .describe("`true`: nothing is changed; the answer is what would be."),
});

/** A source that is there, its secrets opened: newest first, those that are accepted now. */
export type PresentSource = Omit<ConfigSource, "secret"> & {
  readonly id: string;
  readonly secrets: readonly { readonly secret: string; readonly expiresAtMs: number | null }[];
};

/** What a route's secrets are, opened. */
export interface RouteSecretValues {
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: RouteAuth | null;
  readonly edrvSecret: string | null;
}

/** A route that is there, its secrets opened. */
export type PresentRoute = Omit<ConfigRoute, keyof RouteSecretValues> &
  RouteSecretValues & { readonly id: string };

/** A source as the document shows it: of its secrets the newest, by its hint. */
export function showSource({ id: _, secrets, ...settings }: PresentSource): ConfigSource {
  const newest = secrets[0]?.secret;
  return newest === undefined ? settings : { ...settings, secret: { hint: hintOf(newest) } };
}

/** A route as the document shows it: of its secrets names, types and hints. */
export function showRoute(route: PresentRoute): ConfigRoute {
  const { id: _, edrvScheme: scheme, ...settings } = route;
  return {
    ...settings,
    ...showSecrets(route),
    // It means nothing without the secret.
    ...(route.edrvSecret === null ? {} : { edrvScheme: scheme }),
  };
}

function showSecrets({ headers, auth: present, edrvSecret }: RouteSecretValues) {
  return {
    headers: Object.fromEntries(
      Object.entries(headers).map(([header, value]) => [header, { hint: hintOf(value) }]),
    ),
    auth: present === null ? null : { type: present.type },
    edrvSecret: edrvSecret === null ? null : { hint: hintOf(edrvSecret) },
  };
}
