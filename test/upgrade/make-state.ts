import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";

import { Api, NewRoute, Source, Tenant } from "../../cli/relay/api.ts";
import { OPERATOR_KEY } from "../support/secrets.ts";
import {
  EDRV_SECRET,
  objectId,
  signedRequest,
  type WebhookBody,
  webhook,
} from "../support/webhooks.ts";
import type { Destinations } from "./destinations.ts";
import type { Version } from "./releases.ts";
import { Facts } from "./state-fixture.ts";
import { StreamReader } from "./stream-reader.ts";

/** What the destinations of the routes answer: one is well, two are down, one wants nothing. */
export const STATUSES = {
  "up.test": 200,
  "down.test": 503,
  "gated.test": 503,
  "refusing.test": 422,
};

const SESSIONS = { types: ["session.*"] };
const RETRY = { scheduleSeconds: [0, 30, 30] };
/** Each is also the host of its destination. */
const ROUTES = {
  "up.test": {
    filter: { types: ["session.*", "chargestation.*"] },
    headers: { "x-fleet": "north" },
    auth: { type: "bearer", token: "token-of-the-destination" },
  },
  "down.test": { filter: SESSIONS, retry: RETRY },
  "paused.test": { filter: { stations: ["a"] } },
  "refusing.test": { filter: { stations: ["b"], types: ["session.updated"] } },
};
/** What 0.1.0 did not know. */
const NEWER_ROUTES = { "gated.test": { filter: SESSIONS, retry: RETRY, concurrency: 2 } };

const SOURCE = { name: "eDRV", secret: EDRV_SECRET };
export const STATIONS = ["a", "b", "c"];
/** More than any version knows by heart. */
const BURST = 70;
const ROUNDS = 8;
const MINUTE_MS = 60_000;
const LIMIT_MS = 30_000;

/** Has a version do all that it keeps anything of; it may be killed then. */
export async function makeState(
  version: Version,
  url: string,
  destinations: Destinations,
): Promise<Facts> {
  const operator = new Api(url, OPERATOR_KEY);
  const { apiKey } = await operator.post("/v1/tenants", { name: "Fleet" }, Tenant);
  const api = new Api(url, apiKey);
  const { ingestPath } = await api.post("/v1/sources", SOURCE, Source);
  const routes = await addRoutes(api, version);
  const send = sender(url + ingestPath);

  await sendBurst(send);
  await sendRounds(send);
  const cursor = await readCursor(url, apiKey);
  await sendOddOnes(api, send);
  const removedTenant = await removeTenant(url, operator);
  const keys = await makeKeys(api);
  const letters = `/v1/routes/${routes["refusing.test"]?.id}/dead-letters`;
  await until(async () => {
    const { length } = await listAll(api, letters);
    const hosts = Object.keys(routes).filter((host) => host !== "paused.test");
    const isTried = hosts.every((host) => destinations.of(host).length > 0);
    return isTried && length === ROUNDS / 2 && destinations.of("up.test").length === UP_COUNT;
  });
  return Facts.parse({
    ...{ madeAtMs: Date.now(), adminKey: apiKey, ingestPath, routes, cursor, removedTenant },
    ...keys,
    token: await makeToken(api, version),
    events: await listAll(api, "/v1/events"),
    stations: await listAll(api, "/v1/stations"),
    quarantine: await listAll(api, "/v1/quarantine"),
    deadLetters: await listAll(api, letters),
  });
}

/** All but the event that concerns no station. */
const UP_COUNT = BURST + ROUNDS * STATIONS.length + 2;

type Send = (content: WebhookBody | string) => Promise<void>;

function sender(url: string): Send {
  return async (content) => {
    const { status } = await fetch(await signedRequest(url, content));
    if (status !== 200) throw new Error(`${status} for ${JSON.stringify(content)}`);
  };
}

async function addRoutes(api: Api, version: Version) {
  const routes: Record<string, z.infer<typeof NewRoute>> = {};
  const settings = { ...ROUTES, ...(version !== "0.1.0" && NEWER_ROUTES) };
  for (const [host, each] of Object.entries(settings)) {
    const input = { name: host, url: `http://${host}/hook`, ...each };
    routes[host] = await api.post("/v1/routes", input, NewRoute);
  }
  await api.post(`/v1/routes/${routes["paused.test"]?.id}/pause`, {}, z.unknown());
  return routes;
}

async function sendBurst(send: Send): Promise<void> {
  const type = "chargestation.connector_status.updated";
  await Promise.all(Array.from({ length: BURST }, () => send(webhook({ station: "a", type }))));
}

/** Events of several stations, some of them late, and those twice. */
async function sendRounds(send: Send): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const isLate = round % 3 === 2;
    const createdAt = new Date(Date.now() - (isLate ? 10 * MINUTE_MS : 0)).toISOString();
    const type = round % 2 === 0 ? "session.updated" : "chargestation.connector_status.updated";
    for (const station of STATIONS) {
      const event = webhook({ station, type, createdAt });
      await send(event);
      if (isLate) await send(event);
    }
  }
}

/** An id that is not eDRV's, a station that is removed, no station, and what cannot be read. */
async function sendOddOnes(api: Api, send: Send): Promise<void> {
  const type = "chargestation.online";
  await send(webhook({ _id: "an-id-of-another-kind", station: "c", type }));
  await send(webhook({ station: "removed", type }));
  await api.delete("/v1/stations/removed");
  await send(webhook({ type: "rate.updated", data: { _id: objectId() } }));
  await send("signed, and no JSON");
}

async function makeKeys(api: Api) {
  // Like a tenant, a key is shown once.
  const reader = await api.post("/v1/keys", { name: "reader", role: "reader" }, Tenant);
  const deleted = await api.post("/v1/keys", { name: "deleted", role: "admin" }, Tenant);
  await api.delete(`/v1/keys/${deleted.id}`);
  return { readerKey: reader.apiKey, deletedKey: deleted.apiKey };
}

async function makeToken(api: Api, version: Version): Promise<string | null> {
  if (version === "0.1.0" || version === "0.2.0") return null;
  const input = { ttlSeconds: 86_400, view: "events" };
  return (await api.post("/v1/tokens", input, z.looseObject({ token: z.string() }))).token;
}

async function removeTenant(url: string, operator: Api) {
  const { id, apiKey } = await operator.post("/v1/tenants", { name: "Gone" }, Tenant);
  const { ingestPath } = await new Api(url, apiKey).post("/v1/sources", SOURCE, Source);
  await sender(url + ingestPath)(webhook({ station: "a" }));
  await operator.delete(`/v1/tenants/${id}`);
  return { apiKey, ingestPath };
}

/** Of a subscriber that has had all there was, and has gone. */
async function readCursor(url: string, key: string) {
  const reader = new StreamReader(url, key, "start");
  await until(async () => reader.received.length >= BURST + ROUNDS * STATIONS.length);
  reader.close();
  return { text: reader.cursor, eventCount: reader.received.length };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  if (!(await comesTrue(isSo, LIMIT_MS))) throw new Error("what was waited for has not come");
}

/** Looks again and again; false when it has not become so in time. */
export async function comesTrue(isSo: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  for (const endMs = Date.now() + limitMs; Date.now() < endMs; ) {
    if (await isSo()) return true;
    await sleep(20);
  }
  return false;
}

export function listAll(api: Api, path: string): Promise<unknown[]> {
  return listAs(api, path, z.unknown());
}

export async function listAs<T>(api: Api, path: string, schema: z.ZodType<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of api.list(path, schema)) items.push(item);
  return items;
}
