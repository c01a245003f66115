import { env } from "cloudflare:workers";
import * as z from "zod";
import { stationName } from "../../src/env.ts";
import { app } from "../../src/http/app.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver } from "./receiver.ts";
import { newTenant } from "./support.ts";

/** Every call of the management API there is: `GET /v1/sources/:id` … */
export const SERVED: readonly string[] = [
  ...new Set(
    app.routes
      // What is for every method is a middleware, or not of this API.
      .filter(({ method, path }) => method !== "ALL" && path.startsWith("/v1/"))
      // The shape of a parameter is no part of its name.
      .map(({ method, path }) => `${method} ${path.replace(/\{[^/]*\}+/g, "")}`),
  ),
];

/** A tenant with one of everything that a call can be about. */
export interface Place {
  readonly tenant: TestTenant;
  readonly reader: string;
  readonly token: string;
  readonly ids: Readonly<Record<string, string>>;
}

const WithId = z.looseObject({ id: z.string() });
const idOf = (body: unknown) => WithId.parse(body).id;
const firstId = async (tenant: TestTenant, path: string) => idOf((await tenant.items(path))[0]);

export async function setUpPlace(): Promise<Place> {
  const tenant = await newTenant();
  const { body: key } = await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
  const { id: source, path } = await tenant.source();
  const { body: withSecrets } = await tenant.call("GET", `/v1/sources/${source}`);
  // Paused, so that its lane owes something and its replay waits.
  const route = (await tenant.route(new Receiver().url)).id;
  await tenant.call("POST", `/v1/routes/${route}/pause`);
  await tenant.send(path, webhook({ station: "cs1" }));
  await tenant.send(path, webhook({ station: "not a station" }));
  await giveUp(tenant, route);
  return {
    tenant,
    reader: z.looseObject({ apiKey: z.string() }).parse(key).apiKey,
    token: await tenant.token(),
    ids: {
      tenants: tenant.id,
      keys: idOf(key),
      sources: source,
      secret: z.looseObject({ secrets: z.tuple([WithId]) }).parse(withSecrets).secrets[0].id,
      routes: route,
      stations: "cs1",
      station: "cs1",
      letter: await firstId(tenant, `/v1/routes/${route}/dead-letters`),
      quarantine: await firstId(tenant, "/v1/quarantine"),
      replays: idOf((await tenant.call("POST", "/v1/replays", replayOf(route))).body),
    },
  };
}

/** As the lane would do it after all its tries. */
async function giveUp(tenant: TestTenant, routeId: string): Promise<void> {
  const { events } = await env.STATION.getByName(stationName(tenant.id, "cs1")).read(0, 1);
  const failed = { routeId, attempts: 1, lastAnswer: "HTTP 500", snippet: "" };
  for (const event of events) {
    await env.TENANT.getByName(tenant.id).giveUp({ ...failed, event }, "exhausted");
  }
}

function replayOf(route: string) {
  const [from, to] = [-60_000, 60_000].map((ms) => new Date(Date.now() + ms).toISOString());
  return { route, from, to };
}

/** The path of a call at a place: `:id` is that of the resource before it. */
export function pathOf(call: string, { ids }: Place): string {
  const segments = call.replace(/^\w+ /, "").split("/");
  return segments
    .map((segment, at) => {
      if (!segment.startsWith(":")) return segment;
      const name = segment === ":id" ? (segments[at - 1] ?? "") : segment.slice(1);
      const id = ids[name];
      if (id === undefined) throw new Error(`${call} has a parameter that no place has: ${name}`);
      return encodeURIComponent(id);
    })
    .join("/");
}

/** Calls that send something and need nothing sent with them. */
export const BODILESS: readonly string[] = [
  "POST /v1/tenants/:id/reseal",
  "POST /v1/routes/:id/pause",
  "POST /v1/routes/:id/resume",
  "POST /v1/routes/:id/lanes/:station/retry",
  "POST /v1/routes/:id/lanes/:station/skip",
  "POST /v1/routes/:id/lanes/:station/resume",
  "POST /v1/routes/:id/dead-letters/redeliver",
  "POST /v1/routes/:id/dead-letters/:letter/redeliver",
];

/** What a call sends, where it sends anything: valid, and with an effect. */
export const BODIES: Readonly<Record<string, (place: Place) => Record<string, unknown>>> = {
  "POST /v1/tenants": () => ({ name: "Another" }),
  "POST /v1/keys": () => ({ name: "another", role: "admin" }),
  "POST /v1/tokens": () => ({ ttlSeconds: 60 }),
  "POST /v1/tickets": () => ({ ttlSeconds: 60 }),
  "PUT /v1/config": () => ({ sources: [], routes: [] }),
  "PATCH /v1/settings": () => ({ allowedOrigins: ["https://app.example.com"] }),
  "POST /v1/sources": () => ({ name: "another" }),
  "PATCH /v1/sources/:id": () => ({ name: "changed" }),
  "POST /v1/sources/:id/secrets": () => ({ secret: "another-secret" }),
  "POST /v1/routes": () => ({ name: "another", url: new Receiver().url }),
  "PATCH /v1/routes/:id": () => ({ name: "changed" }),
  "POST /v1/routes/:id/rotate-secret": () => ({ expirePreviousAfterSeconds: 60 }),
  "POST /v1/routes/:id/test": () => ({ type: "test.made" }),
  "POST /v1/filters/test": () => ({ filter: {} }),
  "POST /v1/quarantine/:id/release": () => ({ station: "cs1" }),
  "POST /v1/replays": ({ ids }) => replayOf(ids.routes ?? ""),
};
