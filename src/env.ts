import * as z from "zod";

import type { DestinationPolicy } from "./domain/destination-url.ts";
import { fromBase64, toUtf8 } from "./domain/encoding.ts";
import { IdMint } from "./domain/ids.ts";
import { invariant } from "./domain/result.ts";
import { deriveIdKey, deriveTokenKey, Sealer } from "./domain/sealing.ts";
import { TokenMint } from "./domain/subscriber-token.ts";
import type { FeedObject } from "./objects/feed.ts";
import type { GateObject } from "./objects/gate.ts";
import type { RegistryObject } from "./objects/registry.ts";
import type { StationObject } from "./objects/station.ts";
import type { TenantObject } from "./objects/tenant.ts";

/** What wrangler.toml binds and what the operator sets. */
export interface Env {
  readonly STATION: DurableObjectNamespace<StationObject>;
  readonly FEED: DurableObjectNamespace<FeedObject>;
  readonly TENANT: DurableObjectNamespace<TenantObject>;
  readonly GATE: DurableObjectNamespace<GateObject>;
  readonly REGISTRY: DurableObjectNamespace<RegistryObject>;
  /** Accepted webhooks, per source. */
  readonly INGEST_LIMIT: RateLimit;
  /** Refused requests: per source and address, or per address when there is no such source or no valid key. */
  readonly REFUSAL_LIMIT: RateLimit;
  readonly OPERATOR_KEY: string;
  readonly MASTER_KEY: string;
  readonly MASTER_KEY_PREVIOUS?: string;
  readonly ID_KEY?: string;
  readonly DESTINATIONS: string;
}

const Key32 = z.string().transform((text, context) => {
  const bytes = fromBase64(text);
  if (bytes?.length === 32) return bytes;
  context.addIssue("expected base64 of 32 bytes");
  return z.NEVER;
});

const Settings = z.object({
  OPERATOR_KEY: z.string().min(32, "expected at least 32 characters"),
  MASTER_KEY: Key32,
  MASTER_KEY_PREVIOUS: Key32.optional(),
  ID_KEY: Key32.optional(),
  DESTINATIONS: z.enum(["public", "any"]).default("public"),
});

export interface Config {
  readonly operatorKey: Uint8Array<ArrayBuffer>;
  readonly sealer: Sealer;
  readonly ids: IdMint;
  readonly tokens: TokenMint;
  readonly destinations: DestinationPolicy;
  /** Goes with every request that leaves the relay; one that comes back with it has gone in a circle. */
  readonly hopId: string;
}

/** A deployment without its secrets serves nothing: better no relay than one that is open. */
export class MisconfiguredError extends Error {
  override readonly name = "MisconfiguredError";
}

let remembered: { readonly env: Env; readonly config: Promise<Config> } | null = null;

/** The Worker's settings, checked once per isolate. Rejects with {@link MisconfiguredError}. */
export function configOf(env: Env): Promise<Config> {
  if (remembered?.env !== env) remembered = { env, config: parseConfig(env) };
  return remembered.config;
}

async function parseConfig(env: Env): Promise<Config> {
  const settings = Settings.safeParse(env);
  if (!settings.success) {
    const names = settings.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new MisconfiguredError(names.join("; "));
  }
  const { OPERATOR_KEY, MASTER_KEY, MASTER_KEY_PREVIOUS, ID_KEY, DESTINATIONS } = settings.data;
  const idKey = ID_KEY ?? (await deriveIdKey(MASTER_KEY));
  const ids = new IdMint(idKey);
  return {
    operatorKey: toUtf8(OPERATOR_KEY),
    sealer: new Sealer(MASTER_KEY, MASTER_KEY_PREVIOUS ?? null),
    ids,
    tokens: new TokenMint(await deriveTokenKey(idKey)),
    destinations: DESTINATIONS,
    hopId: await ids.relayId(),
  };
}

/** Objects' names, built in one place. */
export const stationName = (tenant: string, station: string) => `${tenant}/${station}`;
export const feedName = (tenant: string) => `${tenant}/0`;
export const gateName = (tenant: string, routeId: string) => `${tenant}/${routeId}`;
/** The tenant, and the rest, of a name made by one of these. */
export function parseObjectName(name: string | undefined): { tenant: string; rest: string } {
  const split = name?.indexOf("/") ?? -1;
  invariant(name !== undefined && split > 0, "an object of a tenant has the tenant in its name");
  return { tenant: name.slice(0, split), rest: name.slice(split + 1) };
}
export const REGISTRY_NAME = "registry";

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof import("./worker.ts");
    }
  }
}
