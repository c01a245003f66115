import type { NewRoute, RoutePatch } from "../domain/control.ts";
import { newSigningSecret, type RouteSecrets, readRouteSecrets } from "../domain/delivery.ts";
import { changedAt } from "../domain/entity-tag.ts";
import { hintOf, randomId } from "../domain/ids.ts";
import { DEFAULT_SCHEDULE_SECONDS } from "../domain/retry.ts";
import { routeSecretsPurpose } from "../domain/route.ts";
import type { Sealer } from "../domain/sealing.ts";
import { liveSecrets, rotateSecrets } from "../domain/signing-secrets.ts";
import type { RouteRow } from "../store/route-store.ts";

/** A new route's row, and its signing secret, which is shown once. */
export async function makeRoute(
  tenant: string,
  input: NewRoute,
  edrvScheme: string,
  sealer: Sealer,
  nowMs: number,
): Promise<{ row: RouteRow; secret: string }> {
  const id = randomId("rt");
  const secret = newSigningSecret();
  const secrets: RouteSecrets = {
    signing: [{ secret, createdAtMs: nowMs, expiresAtMs: null }],
    headers: input.headers ?? {},
    auth: input.auth ?? null,
    edrvSecret: input.edrvSecret ?? null,
  };
  const row: RouteRow = {
    id,
    name: input.name,
    url: input.url,
    enabled: 1,
    health: "healthy",
    filter: JSON.stringify(input.filter ?? {}),
    format: input.format ?? "raw",
    ...(await sealedColumns(tenant, id, secrets, sealer)),
    timeoutMs: input.timeoutMs ?? 10_000,
    schedule: JSON.stringify(input.retry?.scheduleSeconds ?? DEFAULT_SCHEDULE_SECONDS),
    onExhausted: input.onExhausted ?? "dead_letter",
    ratePerSecond: input.ratePerSecond ?? null,
    concurrency: input.concurrency ?? null,
    edrvScheme: input.edrvScheme ?? edrvScheme,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  return { row, secret };
}

/**
 * A route's row after a change, or null when it would have to sign as eDRV does and is not raw.
 * Headers and authentication belong to the host they were made for: another origin does not
 * get them unless the same request says so.
 */
export async function changeRoute(
  tenant: string,
  row: RouteRow,
  patch: RoutePatch,
  sealer: Sealer,
  nowMs: number,
): Promise<RouteRow | null> {
  const secrets = await openRouteSecrets(tenant, row, sealer);
  const moved = patch.url !== undefined && originOf(patch.url) !== originOf(row.url);
  const changed: RouteSecrets = {
    signing: liveSecrets(secrets.signing, nowMs),
    headers: patch.headers ?? (moved ? {} : secrets.headers),
    auth: patch.auth !== undefined ? patch.auth : moved ? null : secrets.auth,
    edrvSecret: patch.edrvSecret !== undefined ? patch.edrvSecret : secrets.edrvSecret,
  };
  const format = patch.format ?? row.format;
  if (format !== "raw" && changed.edrvSecret !== null) return null;
  return {
    ...row,
    name: patch.name ?? row.name,
    url: patch.url ?? row.url,
    filter: patch.filter === undefined ? row.filter : JSON.stringify(patch.filter),
    format,
    ...(await sealedColumns(tenant, row.id, changed, sealer)),
    timeoutMs: patch.timeoutMs ?? row.timeoutMs,
    schedule: patch.retry ? JSON.stringify(patch.retry.scheduleSeconds) : row.schedule,
    onExhausted: patch.onExhausted ?? row.onExhausted,
    ratePerSecond: patch.ratePerSecond === undefined ? row.ratePerSecond : patch.ratePerSecond,
    concurrency: patch.concurrency === undefined ? row.concurrency : patch.concurrency,
    edrvScheme: patch.edrvScheme ?? row.edrvScheme,
    updatedAtMs: changedAt(row.updatedAtMs, nowMs),
  };
}

/** A route's row with a new signing secret, shown once; null when too many would be live. */
export async function rotateRouteSecret(
  tenant: string,
  row: RouteRow,
  overlapMs: number,
  sealer: Sealer,
  nowMs: number,
): Promise<{ row: RouteRow; secret: string } | null> {
  const secrets = await openRouteSecrets(tenant, row, sealer);
  const secret = newSigningSecret();
  const signing = rotateSecrets(secrets.signing, secret, overlapMs, nowMs);
  if (signing === null) return null;
  const sealed = await sealedColumns(tenant, row.id, { ...secrets, signing }, sealer);
  const updatedAtMs = changedAt(row.updatedAtMs, nowMs);
  return { row: { ...row, ...sealed, updatedAtMs }, secret };
}

/** What a change sets and nobody may read back: the audit log names it and tells no more. */
export function secretFieldsOf(patch: RoutePatch): string[] {
  return (["headers", "auth", "edrvSecret"] as const).filter((name) => patch[name] !== undefined);
}

export async function openRouteSecrets(
  tenant: string,
  row: RouteRow,
  sealer: Sealer,
): Promise<RouteSecrets> {
  const text = await sealer.open(row.sealedSecrets, routeSecretsPurpose(tenant, row.id));
  return readRouteSecrets(text);
}

async function sealedColumns(
  tenant: string,
  id: string,
  secrets: RouteSecrets,
  sealer: Sealer,
): Promise<Pick<RouteRow, "sealedSecrets" | "signingHints" | "headerNames" | "authType">> {
  const hints = secrets.signing.map(({ secret, ...dates }) => ({ hint: hintOf(secret), ...dates }));
  return {
    signingHints: JSON.stringify(hints),
    sealedSecrets: await sealer.seal(JSON.stringify(secrets), routeSecretsPurpose(tenant, id)),
    headerNames: JSON.stringify(Object.keys(secrets.headers)),
    authType: secrets.auth?.type ?? null,
  };
}

function originOf(url: string): string | null {
  return URL.parse(url)?.origin ?? null;
}
