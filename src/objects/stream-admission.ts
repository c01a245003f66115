import { type Admission, admitByKeyOrToken } from "../domain/admission.ts";
import { configOf, type Env } from "../env.ts";

/** Whose key or token this is; null unless it is good, and of this tenant. */
export async function admitToTenant(
  env: Env,
  tenant: string,
  text: string,
): Promise<Admission | null> {
  const { ids, tokens } = await configOf(env);
  const admission = await admitByKeyOrToken(text, {
    ids,
    tokens,
    authenticate: (owner, hash) => env.TENANT.getByName(owner).authenticate(hash),
    nowMs: Date.now(),
  });
  return admission?.tenant === tenant ? admission : null;
}
