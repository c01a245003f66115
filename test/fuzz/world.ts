import * as z from "zod";

import { fromBase64 } from "../../src/domain/encoding.ts";
import { deriveIdKey, deriveTokenKey } from "../../src/domain/sealing.ts";
import { TokenMint } from "../../src/domain/subscriber-token.ts";
import { TestTenant } from "../support/api.ts";
import { MASTER_KEY } from "../support/secrets.ts";
import { webhook } from "../support/webhooks.ts";
import { BareRelay } from "./bare-relay.ts";

const Id = z.looseObject({ id: z.string() });
const Ids = z.array(Id);
const Key = z.object({ id: z.string(), apiKey: z.string() });
const OpenApi = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** A tenant with something of everything in it. */
export interface Ground {
  readonly tenant: TestTenant;
  readonly source: { readonly id: string; readonly path: string };
  readonly routeId: string;
  readonly reader: string;
}

/** A relay, what is in it, and credentials of every kind. */
export interface World {
  readonly relay: BareRelay;
  /** Where events are sent and read. */
  readonly main: Ground;
  /** What is changed by those who may. */
  readonly changing: Ground;
  /** Somebody else's. */
  readonly other: Ground;
  /** Of `main`'s first key. */
  readonly mainKeyId: string;
  readonly token: string;
  readonly stateToken: string;
  readonly expiredToken: string;
  readonly ticket: string;
  readonly deletedKey: string;
  /** Every call of the API: `GET /v1/sources/{id}` … */
  readonly calls: readonly string[];
  /** What must not be in any answer. */
  readonly secrets: readonly string[];
}

/** Nothing listens there. */
const NOWHERE = "http://127.0.0.1:9/in";

export async function openWorld(): Promise<World> {
  const relay = await BareRelay.start();
  try {
    const main = await setUp(relay);
    const other = await setUp(relay);
    const { tenant } = main;
    const removed = Key.parse(
      (await tenant.call("POST", "/v1/keys", { name: "removed", role: "admin" })).body,
    );
    await tenant.call("DELETE", `/v1/keys/${removed.id}`);
    const ticket = (await tenant.call("POST", "/v1/tickets", {})).body;
    const { paths } = OpenApi.parse(await (await fetch(`${relay.url}/openapi.json`)).json());
    const keys = Ids.parse(await tenant.items("/v1/keys"));
    return {
      relay,
      main,
      other,
      changing: await setUp(relay),
      mainKeyId: keys[0]?.id ?? "",
      token: await tenant.token({ ttlSeconds: 86_400 }),
      stateToken: await tenant.token({ ttlSeconds: 86_400, view: "state" }),
      expiredToken: await expired(tenant.id, keys[0]?.id ?? ""),
      ticket: z.looseObject({ ticket: z.string() }).parse(ticket).ticket,
      deletedKey: removed.apiKey,
      calls: Object.entries(paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      ),
      secrets: [tenant.key, main.reader, other.tenant.key, other.reader],
    };
  } catch (error) {
    await relay.stop();
    throw error;
  }
}

async function setUp(relay: BareRelay): Promise<Ground> {
  const tenant = await TestTenant.create(fetch, relay.url);
  const source = await tenant.source();
  const { id: routeId } = await tenant.route(NOWHERE);
  await tenant.call("POST", `/v1/routes/${routeId}/pause`);
  const key = await tenant.call("POST", "/v1/keys", { name: "reader", role: "reader" });
  for (const station of ["cs1", "cs2"]) await tenant.send(source.path, webhook({ station }));
  // In the lane where the relay itself tells, for one, of a burst of bad signatures.
  await tenant.send(source.path, webhook({ type: "user.created", data: {} }));
  return { tenant, source, routeId, reader: Key.parse(key.body).apiKey };
}

/** One that the relay itself has signed, and that was good until a minute ago. */
async function expired(tenant: string, keyId: string): Promise<string> {
  const master = fromBase64(MASTER_KEY) ?? new Uint8Array();
  const mint = new TokenMint(await deriveTokenKey(await deriveIdKey(master)));
  const nowMs = Date.now();
  return mint.issue("token", {
    tenant,
    keyId,
    grant: { view: "events", scopes: [] },
    issuedAtMs: nowMs - 120_000,
    expiresAtMs: nowMs - 60_000,
  });
}
