import * as z from "zod";

import { DELIVERY_FORMATS, isReservedHeader } from "./delivery.ts";
import { Filter, FilterScope, MAX_FILTER_BYTES } from "./filter.ts";
import { VIEWS } from "./grant.ts";
import { AllowedOrigin } from "./origin.ts";
import { DEFAULT_TOLERANCE_SECONDS, SCHEME_SETTINGS, SIGNATURE_SCHEMES } from "./signature.ts";
import { MAX_TOKEN_SECONDS } from "./subscriber-token.ts";
import { TEST_TYPE } from "./test-event.ts";
import { isToken } from "./webhook.ts";

/** What the management API takes. Unknown fields are refused, so that a typo is not a silent default. */

const Name = z.string().min(1).max(100);
const Secret = z.string().min(1).max(512);

export const TenantId = z.string().regex(/^[a-z0-9-]{1,40}$/, "expected 1 to 40 of a-z, 0-9 and -");

export const NewTenant = z.strictObject({ name: Name, id: TenantId.optional() });

export const ROLES = ["admin", "reader"] as const;
export type Role = (typeof ROLES)[number];

export const NewKey = z.strictObject({ name: Name, role: z.enum(ROLES) });
export type NewKey = z.infer<typeof NewKey>;

const sourceSettings = {
  scheme: z.enum(SCHEME_SETTINGS),
  toleranceSeconds: z.int().min(1).max(86_400),
  silentAfterSeconds: z
    .int()
    .min(0)
    .max(30 * 86_400),
};

export const NewSource = z.strictObject({
  name: Name,
  /** The signing secret that eDRV shows for the endpoint; may be added later. */
  secret: Secret.optional(),
  scheme: sourceSettings.scheme.default("auto"),
  toleranceSeconds: sourceSettings.toleranceSeconds.default(DEFAULT_TOLERANCE_SECONDS),
  silentAfterSeconds: sourceSettings.silentAfterSeconds.default(3600),
});
export type NewSource = z.infer<typeof NewSource>;

export const SourcePatch = z
  .strictObject({ name: Name, enabled: z.boolean(), ...sourceSettings })
  .partial();
export type SourcePatch = z.infer<typeof SourcePatch>;

export const NewSecret = z.strictObject({
  secret: Secret,
  /** How long the secrets before it go on being accepted: a day, unless said otherwise. */
  expirePreviousAfterSeconds: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400),
});
export type NewSecret = z.infer<typeof NewSecret>;

const HeaderName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "expected a header name")
  .refine((name) => !isReservedHeader(name), "this header cannot be set");
const HeaderValue = z.string().regex(/^[\x20-\x7e]{0,4096}$/, "expected printable ASCII");

const Headers = z
  .record(HeaderName, HeaderValue)
  .refine((headers) => Object.keys(headers).length <= 20, "at most 20 headers");

const Auth = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("basic"), username: Secret, password: Secret }),
  z.strictObject({
    type: z.literal("bearer"),
    token: z.string().regex(/^[\x21-\x7e]{1,4096}$/, "expected printable ASCII without spaces"),
  }),
  z.strictObject({
    type: z.literal("oauth2"),
    tokenUrl: z.string().max(2048),
    clientId: Secret,
    clientSecret: Secret,
    scope: z
      .string()
      .regex(
        /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/,
        "expected names and spaces",
      )
      .max(1024)
      .optional(),
  }),
]);

const routeFields = {
  name: Name,
  url: z.string().max(2048),
  filter: Filter,
  format: z.enum(DELIVERY_FORMATS),
  headers: Headers,
  auth: Auth.nullable(),
  timeoutMs: z.int().min(1_000).max(30_000),
  retry: z.strictObject({
    scheduleSeconds: z
      .array(
        z
          .number()
          .min(0)
          .max(7 * 86_400),
      )
      .max(30),
  }),
  onExhausted: z.enum(["dead_letter", "park", "drop"]),
  /** Attempts at the destination over all lanes; null for no limit. */
  ratePerSecond: z.number().min(0.01).max(1_000).nullable(),
  /** Attempts in flight over all lanes; null for no limit. */
  concurrency: z.int().min(1).max(1_000).nullable(),
  /** Makes a `raw` route sign as eDRV does, for receivers written for eDRV. */
  edrvSecret: Secret.nullable(),
  edrvScheme: z.enum(SIGNATURE_SCHEMES),
};

export const NewRoute = z
  .strictObject(routeFields)
  .partial()
  .required({ name: true, url: true })
  .refine((route) => route.format !== "event" || (route.edrvSecret ?? null) === null, {
    path: ["edrvSecret"],
    message: "only a raw route can sign as eDRV does",
  });
export type NewRoute = z.infer<typeof NewRoute>;

export const RoutePatch = z.strictObject(routeFields).partial();
export type RoutePatch = z.infer<typeof RoutePatch>;

/** Which of a route's lanes a list shows. */
export const LanesQuery = z.object({ status: z.enum(["all", "troubled"]).default("all") });

export const SecretRotation = z.strictObject({
  /** How long the secrets before go on signing beside the new one: a day, unless said otherwise. */
  expirePreviousAfterSeconds: z
    .int()
    .min(0)
    .max(7 * 86_400)
    .default(86_400),
});

export const RouteTest = z.strictObject({
  type: z
    .string()
    .refine(isToken, "expected 1 to 128 printable ASCII characters")
    .default(TEST_TYPE),
});

const Time = z.iso.datetime({ offset: true });

export const NewReplay = z
  .strictObject({
    route: z.string().max(100),
    stations: Filter.shape.stations,
    types: Filter.shape.types,
    /** Events received at or after this time … */
    from: Time,
    /** … and before this one. */
    to: Time,
    dryRun: z.boolean().default(false),
  })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), {
    path: ["to"],
    message: "expected a time after from",
  })
  .refine(isSmallScope, { message: `types and stations take at most ${MAX_FILTER_BYTES} bytes` });
export type NewReplay = z.infer<typeof NewReplay>;

export const SettingsPatch = z
  .strictObject({ allowedOrigins: z.array(AllowedOrigin).max(100) })
  .partial();
export type SettingsPatch = z.infer<typeof SettingsPatch>;

const tokenFields = {
  view: z.enum(VIEWS).default("events"),
  types: FilterScope.shape.types,
  stations: FilterScope.shape.stations,
};
const TokenSeconds = z.int().min(1).max(MAX_TOKEN_SECONDS);

/** What a token or ticket may see: all that whoever asks for it may, unless it says less. */
export const NewToken = z
  .strictObject({ ...tokenFields, ttlSeconds: TokenSeconds.default(3_600) })
  .refine(isSmallScope, { message: `types and stations take at most ${MAX_FILTER_BYTES} bytes` });
export type NewToken = z.infer<typeof NewToken>;

/** A ticket lasts as long as it may, unless it says less: its page cannot renew it. */
export const NewTicket = z
  .strictObject({ ...tokenFields, ttlSeconds: TokenSeconds.default(MAX_TOKEN_SECONDS) })
  .refine(isSmallScope, { message: `types and stations take at most ${MAX_FILTER_BYTES} bytes` });
export type NewTicket = z.infer<typeof NewTicket>;

function isSmallScope({ types, stations }: Pick<Filter, "types" | "stations">): boolean {
  return JSON.stringify({ types, stations }).length <= MAX_FILTER_BYTES;
}
