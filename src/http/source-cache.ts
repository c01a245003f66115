import { isRecent } from "../domain/clock.ts";
import { sourceSecretPurpose } from "../domain/route.ts";
import {
  importSecret,
  SCHEME_SETTINGS,
  type SchemeSetting,
  SIGNATURE_SCHEMES,
  type SignatureScheme,
} from "../domain/signature.ts";
import { SOURCE_KEPT_MS } from "../domain/source-health.ts";
import type { Config, Env } from "../env.ts";

/** A source, ready to verify with. */
export interface VerifyingSource {
  readonly scheme: SchemeSetting;
  readonly toleranceMs: number;
  readonly secrets: readonly { readonly key: CryptoKey; readonly expiresAtMs: number | null }[];
  /** The scheme that verified last, as this isolate knows. */
  schemeSeen: SignatureScheme | null;
  /** How often this isolate tells the tenant that events come in, at most. */
  readonly noteEveryMs: number;
  /** When this isolate last told the tenant that events come in. */
  notedAtMs: number;
}

/** Which source, and what it takes to ask for it. */
export interface SourcePlace {
  readonly env: Env;
  readonly config: Config;
  readonly tenant: string;
  readonly id: string;
}

interface Entry {
  readonly source: VerifyingSource | null;
  readonly fetchedAtMs: number;
}

/** What fails is looked at anew, so that a new secret works at once; but not more often than this. */
const REFETCH_MS = 1_000;
/** Sources one isolate remembers; beyond, it starts over. */
const MAX_ENTRIES = 10_000;

const entries = new Map<string, Entry>();

/** The source as known, at most ten seconds old; null when there is none that takes events. */
export async function findSource(
  place: SourcePlace,
  nowMs: number,
): Promise<VerifyingSource | null> {
  const known = entries.get(place.id);
  if (known !== undefined && isRecent(known.fetchedAtMs, nowMs, SOURCE_KEPT_MS)) {
    return known.source ?? refetchSource(place, nowMs);
  }
  return fetchSource(place, nowMs);
}

/** The source as it is now, unless it was asked for a moment ago. */
export async function refetchSource(
  place: SourcePlace,
  nowMs: number,
): Promise<VerifyingSource | null> {
  const known = entries.get(place.id);
  if (known !== undefined && isRecent(known.fetchedAtMs, nowMs, REFETCH_MS)) return known.source;
  return fetchSource(place, nowMs);
}

/** Called after a change through this isolate, which is then in force here at once. */
export function forgetSource(id: string): void {
  entries.delete(id);
}

async function fetchSource(place: SourcePlace, nowMs: number): Promise<VerifyingSource | null> {
  const { env, config, tenant, id } = place;
  const found = await env.TENANT.getByName(tenant).ingestSource(id);
  const before = entries.get(id)?.source;
  const source =
    found?.enabled !== true
      ? null
      : {
          scheme: SCHEME_SETTINGS.find((scheme) => scheme === found.scheme) ?? "auto",
          toleranceMs: found.toleranceSeconds * 1000,
          noteEveryMs: found.noteEveryMs,
          secrets: await Promise.all(
            found.secrets.map(async ({ id: secretId, sealed, expiresAtMs }) => {
              const secret = await config.sealer.open(
                sealed,
                sourceSecretPurpose(tenant, secretId),
              );
              return { key: await importSecret(secret, "verify"), expiresAtMs };
            }),
          ),
          schemeSeen: SIGNATURE_SCHEMES.find((scheme) => scheme === found.schemeSeen) ?? null,
          notedAtMs: before?.notedAtMs ?? 0,
        };
  if (entries.size >= MAX_ENTRIES) entries.clear();
  entries.set(id, { source, fetchedAtMs: nowMs });
  return source;
}
