import * as fc from "fast-check";

import { OPERATOR_KEY } from "../../support/secrets.ts";
import { bearer, message } from "../message.ts";
import { attemptMessage, type Surface } from "../surface.ts";
import { brokenBytes, type Change, changedJson, changes, jsonText, utf8 } from "../values.ts";
import type { World } from "../world.ts";

const FILTER = {
  types: ["session.*"],
  stations: ["cs1"],
  match: { "data.status": { $in: ["Started"] }, $or: [{ "data.a": { $not: { $gt: 1 } } }] },
};
const ROUTE = {
  name: "route",
  url: "http://127.0.0.1:9/in",
  filter: FILTER,
  format: "event",
  headers: { "x-api-key": "k" },
  auth: { type: "basic", username: "u", password: "p" },
  timeoutMs: 1_000,
  retry: { scheduleSeconds: [1, 2, 3] },
  onExhausted: "park",
  ratePerSecond: 5,
  concurrency: 2,
  edrvSecret: "s",
  edrvScheme: "body",
};
const OAUTH = {
  type: "oauth2",
  tokenUrl: "http://127.0.0.1:9/token",
  clientId: "c",
  clientSecret: "s",
  scope: "a b",
};
const SOURCE = { name: "source", secret: "s", scheme: "auto", toleranceSeconds: 60 };
const SPAN = { from: "2026-11-01T00:00:00Z", to: "2027-01-01T00:00:00Z" };
const CONFIG = {
  sources: [{ ...SOURCE, enabled: true, silentAfterSeconds: 0 }],
  routes: [ROUTE, { name: "other", url: "http://127.0.0.1:9/other", auth: OAUTH, headers: {} }],
};

/** Calls with something good to send; what is in capitals stands for an id. */
const CALLS: Readonly<Record<string, object>> = {
  "POST /v1/sources": SOURCE,
  "PATCH /v1/sources/SOURCE": { name: "renamed", enabled: true, silentAfterSeconds: 5 },
  "POST /v1/sources/SOURCE/secrets": { secret: "another", expirePreviousAfterSeconds: 60 },
  "POST /v1/routes": ROUTE,
  "PATCH /v1/routes/ROUTE": { ...ROUTE, auth: OAUTH },
  "POST /v1/routes/ROUTE/rotate-secret": { expirePreviousAfterSeconds: 60 },
  "PUT /v1/config?dryRun=true": CONFIG,
  "PUT /v1/config": CONFIG,
  "POST /v1/filters/test": { filter: FILTER, type: "session.*", limit: 50 },
  "POST /v1/tokens": { view: "events", types: ["a.*"], stations: ["cs1"], ttlSeconds: 60 },
  "POST /v1/tickets": { view: "state", types: ["a.*"], stations: ["cs1"], ttlSeconds: 60 },
  "POST /v1/replays": { route: "ROUTE", stations: ["cs1"], types: ["*"], ...SPAN, dryRun: true },
  "PATCH /v1/settings": { allowedOrigins: ["https://a.example"], retentionDays: 30 },
  "POST /v1/keys": { name: "key", role: "reader" },
  "POST /v1/quarantine/q_0/release": { station: "cs1" },
  "POST /v1/tenants": { name: "tenant" },
};

type Body =
  | { readonly kind: "changed"; readonly changes: readonly Change[] }
  | { readonly kind: "json"; readonly json: string }
  | { readonly kind: "broken"; readonly bytes: Uint8Array };

const body: fc.Arbitrary<Body> = fc.oneof(
  { weight: 10, arbitrary: changes.map((all) => ({ kind: "changed" as const, changes: all })) },
  { weight: 1, arbitrary: jsonText.map((json) => ({ kind: "json" as const, json })) },
  { weight: 1, arbitrary: brokenBytes.map((bytes) => ({ kind: "broken" as const, bytes })) },
);

/** What the management API takes, with something else in one or more of its places. */
export const documents: Surface<{ call: string; body: Body }> = {
  name: "documents and filters",
  input: fc.record({ call: fc.constantFrom(...Object.keys(CALLS)), body }),
  attempt: async (world, { call, body: made }) => {
    const [method = "", target = ""] = withIds(world, call).split(" ");
    const key = target.startsWith("/v1/tenants") ? OPERATOR_KEY : world.changing.tenant.key;
    const bytes = write(world, made, CALLS[call] ?? {});
    const request = message(method, target, [bearer(key)], bytes);
    return attemptMessage(world, request);
  },
};

function write(world: World, made: Body, template: object): Uint8Array {
  switch (made.kind) {
    case "broken":
      return made.bytes;
    case "json":
      return utf8(made.json);
    case "changed":
      return utf8(withIds(world, changedJson(template, made.changes)));
  }
}

function withIds({ changing }: World, text: string): string {
  return text
    .replace("SOURCE", changing.source.id)
    .replace('"ROUTE"', `"${changing.routeId}"`)
    .replace("/ROUTE", `/${changing.routeId}`);
}
