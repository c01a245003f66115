import type { HonoRequest } from "hono";
import { createMiddleware } from "hono/factory";

import { type Admission, admitByKeyOrToken } from "../domain/admission.ts";
import { equalBytes, sha256, toUtf8 } from "../domain/encoding.ts";
import { allowsOrigin } from "../domain/origin.ts";
import { type AppContext, type AppEnv, addressOf } from "./context.ts";
import { refuse, refuseOrigin, tooMany } from "./problems.ts";

const UNAUTHORIZED = "A valid key is needed: Authorization: Bearer <key>.";

/** The operator's calls: the key is a secret of the Worker. */
export const operatorOnly = createMiddleware<AppEnv>(async (c, next) => {
  const token = bearerOf(c);
  const given = await sha256(toUtf8(token ?? ""));
  const wanted = await sha256(c.var.config.operatorKey);
  // Digests of equal length, compared in constant time: neither length nor content leaks.
  if (token === null || !equalBytes(given, wanted)) return refuseKey(c, UNAUTHORIZED);
  return next();
});

/** A tenant's calls: the key names the tenant; reading takes any role, changing takes `admin`. */
export const tenantOnly = tenantCalls(({ method }) => method === "GET" || method === "HEAD");

/** A tenant's calls that change nothing, whatever their method. */
export const tenantReading = tenantCalls(() => true);

function tenantCalls(isReading: (request: HonoRequest) => boolean) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const asker = await identify(c, bearerOf(c));
    if (asker === null) return refuseKey(c, UNAUTHORIZED);
    const { tenant, keyId, role } = asker;
    if (role === null) return refuse("forbidden", "A subscriber token opens streams alone.");
    if (!allowsOrigin(asker.allowedOrigins, originOf(c))) return refuseOrigin();
    if (role !== "admin" && !isReading(c.req)) {
      return refuse("forbidden", "This key may only read.");
    }
    c.set("identity", { tenant, keyId, role });
    return next();
  });
}

export interface Asker extends Admission {
  /** As far as it is known here: of a token the stream's object knows more. */
  readonly allowedOrigins: readonly string[];
}

/** Whose API key or subscriber token this is. What was never issued is refused without asking anybody. */
export async function identify(c: AppContext, key: string | null): Promise<Asker | null> {
  if (key === null) return null;
  let allowedOrigins: readonly string[] = [];
  const admission = await admitByKeyOrToken(key, {
    ids: c.var.config.ids,
    tokens: c.var.config.tokens,
    authenticate: async (tenant, hash) => {
      const found = await c.env.TENANT.getByName(tenant).authenticate(hash);
      allowedOrigins = found?.allowedOrigins ?? [];
      return found;
    },
    nowMs: Date.now(),
  });
  return admission === null ? null : { ...admission, allowedOrigins };
}

/**
 * The answer to who has no key, token or ticket, or one that is not valid. Counted per address, and
 * only now: nobody's failures stand in the way of a key that is valid.
 */
export async function refuseKey(c: AppContext, detail: string): Promise<Response> {
  const { success } = await c.env.REFUSAL_LIMIT.limit({ key: `key ${addressOf(c)}` });
  return success
    ? refuse("unauthorized", detail)
    : tooMany("Too many requests without a valid key.");
}

/** Where a browser's page comes from; null when it is no browser that asks. */
export function originOf(c: AppContext): string | null {
  return c.req.header("origin") ?? null;
}

export function bearerOf(c: AppContext): string | null {
  return /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? null;
}
