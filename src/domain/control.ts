import * as z from "zod";

import { DELIVERY_FORMATS, isReservedHeader } from "./delivery.ts";
import { Filter, FilterScope, MAX_FILTER_BYTES } from "./filter.ts";
import { VIEWS } from "./grant.ts";
import { AllowedOrigin } from "./origin.ts";
import { MAX_RETENTION_DAYS, MIN_RETENTION_DAYS } from "./retention.ts";
import { DEFAULT_TOLERANCE_SECONDS, SCHEME_SETTINGS, SIGNATURE_SCHEMES } from "./signature.ts";
import { isStationName } from "./station-id.ts";
import { MAX_TOKEN_SECONDS } from "./subscriber-token.ts";
import { TEST_TYPE } from "./test-event.ts";
import { isToken } from "./webhook.ts";

/** What the management API takes. Unknown fields are refused, so that a typo is not a silent default. */

const Name = z.string().min(1).max(100).describe("For people.");
export const Secret = z.string().min(1).max(512);

export const TenantId = z
  .string()
  .regex(/^[a-z0-9-]{1,40}$/, "expected 1 to 40 of a-z, 0-9 and -")
  .describe("Part of its ids and keys. Never free again, not even when the tenant is removed.");

export const NewTenant = z.strictObject({ name: Name, id: TenantId.optional() });

export const ROLES = ["admin", "reader"] as const;
export type Role = (typeof ROLES)[number];

export const NewKey = z.strictObject({
  name: Name,
  role: z.enum(ROLES).describe("`reader` may read and subscribe, `admin` may change everything."),
});
export type NewKey = z.infer<typeof NewKey>;

const sourceSettings = {
  scheme: z
    .enum(SCHEME_SETTINGS)
    .describe(
      "What eDRV signs: `timestamped` the time and the body, `body` the body alone, `legacy` the " +
        "body without a time in the header. `auto` takes the first two.",
    ),
  toleranceSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .describe("How far the time of a signature may be off, either way."),
  silentAfterSeconds: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .describe("Without an event for so long, `relay.source.silent` is told. 0: never."),
};

export const NewSource = z.strictObject({
  name: Name,
  secret: Secret.optional().describe(
    "The signing secret that eDRV shows for the endpoint; may be added later.",
  ),
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
  secret: Secret.describe("The signing secret that eDRV shows for the endpoint."),
  expirePreviousAfterSeconds: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400)
    .describe("How long the secrets before it go on being accepted."),
});
export type NewSecret = z.infer<typeof NewSecret>;

export const HeaderName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "expected a header name")
  .refine((name) => !isReservedHeader(name), "this header cannot be set");
export const HeaderValue = z.string().regex(/^[\x20-\x7e]{0,4096}$/, "expected printable ASCII");

const Headers = z
  .record(HeaderName, HeaderValue)
  .refine((headers) => Object.keys(headers).length <= 20, "at most 20 headers")
  .describe(
    "Sent with every request, 20 at most. Their values are never shown again. Not `host`, " +
      "`content-*`, `webhook-*`, `chargewire-*`, `edrv-*`, `cf-*` and hop-by-hop ones.",
  );

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
  url: z
    .string()
    .max(2048)
    .describe("Where to deliver: a public https address, without credentials in it."),
  filter: Filter,
  format: z
    .enum(DELIVERY_FORMATS)
    .describe("`raw`: the exact bytes that eDRV sent. `event`: the event with them in its `body`."),
  headers: Headers,
  auth: Auth.nullable().describe("How to authenticate; null for not at all. Never shown again."),
  timeoutMs: z
    .int()
    .min(1_000)
    .max(30_000)
    .describe("How long the destination has for its answer: 10000, unless said otherwise."),
  retry: z.strictObject({
    scheduleSeconds: z
      .array(
        z
          .number()
          .min(0)
          .max(7 * 86_400),
      )
      .max(30)
      .describe("The waits between tries of one event, each spread by 20 %."),
  }),
  onExhausted: z
    .enum(["dead_letter", "park", "drop"])
    .describe(
      "What becomes of an event whose tries are used up: kept as a dead letter (the default), " +
        "the lane waits for a person, or it is dropped.",
    ),
  ratePerSecond: z
    .number()
    .min(0.01)
    .max(1_000)
    .nullable()
    .describe("Attempts at the destination over all lanes; null for no limit."),
  concurrency: z
    .int()
    .min(1)
    .max(1_000)
    .nullable()
    .describe("Attempts in flight over all lanes; null for no limit."),
  edrvSecret: Secret.nullable().describe(
    "Makes a `raw` route sign as eDRV does, for receivers written for eDRV.",
  ),
  edrvScheme: z
    .enum(SIGNATURE_SCHEMES)
    .describe("How it then signs: as the newest source does, unless said otherwise."),
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
export const LanesQuery = z.object({
  status: z
    .enum(["all", "troubled"])
    .default("all")
    .describe("`troubled` leaves out the lanes that are well."),
});

export const SecretRotation = z.strictObject({
  expirePreviousAfterSeconds: z
    .int()
    .min(0)
    .max(7 * 86_400)
    .default(86_400)
    .describe("How long the secrets before go on signing beside the new one."),
});

export const RouteTest = z.strictObject({
  type: z
    .string()
    .refine(isToken, "expected 1 to 128 printable ASCII characters")
    .default(TEST_TYPE)
    .describe("The type of the event that is sent: 1 to 128 printable ASCII characters."),
});

const Time = z.iso.datetime({ offset: true });

export const NewReplay = z
  .strictObject({
    route: z.string().max(100).describe("The id of the route that they are sent to."),
    stations: Filter.shape.stations,
    types: Filter.shape.types,
    from: Time.describe("Events received at or after this time …"),
    to: Time.describe("… and before this one."),
    dryRun: z.boolean().default(false).describe("Only counts: nothing is sent or stored."),
  })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), {
    path: ["to"],
    message: "expected a time after from",
  })
  .refine(isSmallScope, { message: `types and stations take at most ${MAX_FILTER_BYTES} bytes` });
export type NewReplay = z.infer<typeof NewReplay>;

export const QuarantineRelease = z.strictObject({
  station: z
    .string()
    .refine(isStationName, "expected a station id")
    .optional()
    .describe("The station whose event it becomes. Left out: the one that its body names."),
});

export const SettingsPatch = z
  .strictObject({
    allowedOrigins: z
      .array(AllowedOrigin)
      .max(100)
      .describe(
        "Web pages that may use the tenant's keys and tokens, as `https://app.example.com` or " +
          "`https://*.example.com`; none: any.",
      ),
    retentionDays: z
      .int()
      .min(MIN_RETENTION_DAYS)
      .max(MAX_RETENTION_DAYS)
      .describe("Events are let go of, bodies and all, within a day after so many days."),
  })
  .partial();
export type SettingsPatch = z.infer<typeof SettingsPatch>;

const tokenFields = {
  view: z
    .enum(VIEWS)
    .default("events")
    .describe("`events`: bodies and whole states. `state`: availability alone, for public maps."),
  types: FilterScope.shape.types,
  stations: FilterScope.shape.stations,
};
const TokenSeconds = z.int().min(1).max(MAX_TOKEN_SECONDS).describe("How long it is valid.");

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
