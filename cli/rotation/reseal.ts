import * as z from "zod";

import type { Api } from "../relay/api.ts";

const Tenant = z.looseObject({ id: z.string() });
const Progress = z.looseObject({
  resealed: z.int(),
  remaining: z.int(),
  unreadable: z.int(),
});

export interface TenantResealed {
  readonly id: string;
  readonly resealed: number;
  /** Texts that no key opens which the Worker has. */
  readonly unreadable: number;
}

/** Has every tenant's secrets sealed under the master key of now, one tenant after the other. Safe to repeat. */
export async function resealAll(
  operator: Api,
  onTenant: (tenant: TenantResealed) => void,
): Promise<TenantResealed[]> {
  const done: TenantResealed[] = [];
  for await (const { id } of operator.list("/v1/tenants", Tenant)) {
    const tenant = await resealOne(operator, id);
    onTenant(tenant);
    done.push(tenant);
  }
  return done;
}

async function resealOne(operator: Api, id: string): Promise<TenantResealed> {
  for (let resealed = 0; ; ) {
    const path = `/v1/tenants/${encodeURIComponent(id)}/reseal`;
    const step = await operator.post(path, {}, Progress);
    resealed += step.resealed;
    if (step.remaining === 0) return { id, resealed, unreadable: step.unreadable };
  }
}
