import type { NewSource, SourcePatch } from "../domain/control.ts";
import { changedAt } from "../domain/entity-tag.ts";
import { hintOf, randomId } from "../domain/ids.ts";
import { sourceSecretPurpose } from "../domain/route.ts";
import type { Sealer } from "../domain/sealing.ts";
import type { SecretRow, SourceRow } from "../store/tenant-store.ts";

/** A new source's row. */
export function makeSource(
  id: string,
  settings: Omit<NewSource, "secret"> & { readonly enabled?: boolean },
  nowMs: number,
): SourceRow {
  return {
    id,
    name: settings.name,
    enabled: Number(settings.enabled ?? true),
    scheme: settings.scheme,
    schemeSeen: null,
    toleranceSeconds: settings.toleranceSeconds,
    silentAfterSeconds: settings.silentAfterSeconds,
    lastEventAtMs: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

/** A source's row after a change. */
export function changeSource(row: SourceRow, patch: SourcePatch, nowMs: number): SourceRow {
  return {
    ...row,
    name: patch.name ?? row.name,
    enabled: patch.enabled === undefined ? row.enabled : Number(patch.enabled),
    scheme: patch.scheme ?? row.scheme,
    toleranceSeconds: patch.toleranceSeconds ?? row.toleranceSeconds,
    silentAfterSeconds: patch.silentAfterSeconds ?? row.silentAfterSeconds,
    updatedAtMs: changedAt(row.updatedAtMs, nowMs),
  };
}

export async function sealSourceSecret(
  tenant: string,
  sourceId: string,
  secret: string,
  sealer: Sealer,
): Promise<SecretRow> {
  const id = randomId("sec");
  return {
    id,
    sourceId,
    sealed: await sealer.seal(secret, sourceSecretPurpose(tenant, id)),
    hint: hintOf(secret),
    createdAtMs: Date.now(),
    expiresAtMs: null,
  };
}
