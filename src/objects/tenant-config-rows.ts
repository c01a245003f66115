import type { PresentConfig } from "../domain/config-plan.ts";
import { sourceSecretPurpose } from "../domain/route.ts";
import type { Sealer } from "../domain/sealing.ts";
import { SCHEME_SETTINGS } from "../domain/signature.ts";
import type { Database } from "../store/database.ts";
import { allRoutes, type RouteRow } from "../store/route-store.ts";
import { listSecrets, listSources, type SecretRow, type SourceRow } from "../store/tenant-store.ts";
import { openRouteSecrets } from "./tenant-route-rows.ts";
import { stationRoute } from "./tenant-views.ts";

/** All that a tenant's configuration document is about, as it is stored at one time. */
export interface ConfigRows {
  readonly sources: readonly (SourceRow & { readonly secrets: readonly SecretRow[] })[];
  readonly routes: readonly RouteRow[];
}

export function readConfigRows(db: Database, nowMs: number): ConfigRows {
  const sources = listSources(db, "", Number.MAX_SAFE_INTEGER);
  return {
    sources: sources.map((row) => ({ ...row, secrets: listSecrets(db, row.id, nowMs) })),
    routes: allRoutes(db),
  };
}

/** The same with its secrets opened: to be compared and hinted at, and to go nowhere else. */
export async function openConfig(
  tenant: string,
  { sources, routes }: ConfigRows,
  sealer: Sealer,
): Promise<PresentConfig> {
  return {
    sources: await Promise.all(
      sources.map(async ({ id, name, enabled, scheme, secrets, ...row }) => ({
        id,
        name,
        enabled: enabled === 1,
        scheme: SCHEME_SETTINGS.find((known) => known === scheme) ?? "auto",
        toleranceSeconds: row.toleranceSeconds,
        silentAfterSeconds: row.silentAfterSeconds,
        secrets: await Promise.all(
          secrets.map(async ({ id: secretId, sealed, expiresAtMs }) => ({
            secret: await sealer.open(sealed, sourceSecretPurpose(tenant, secretId)),
            expiresAtMs,
          })),
        ),
      })),
    ),
    routes: await Promise.all(
      routes.map(async (row) => {
        const { headers, auth, edrvSecret } = await openRouteSecrets(tenant, row, sealer);
        const { url, filter, format, timeoutMs, scheduleSeconds, ...rest } = stationRoute(row);
        return {
          id: row.id,
          name: row.name,
          url,
          filter,
          format,
          headers,
          auth,
          timeoutMs,
          retry: { scheduleSeconds: [...scheduleSeconds] },
          onExhausted: rest.onExhausted,
          ratePerSecond: row.ratePerSecond,
          concurrency: row.concurrency,
          edrvSecret,
          edrvScheme: rest.edrvScheme,
        };
      }),
    ),
  };
}
