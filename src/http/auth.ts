import type { HonoRequest } from "hono";
import { createMiddleware } from "hono/factory";

import { equalBytes, sha256, toUtf8 } from "../domain/encoding.ts";
import { hashKey } from "../domain/ids.ts";
import { AUTH_PROTOCOL_PREFIX } from "../protocol/codes.ts";
import type { AppContext, AppEnv, Identity } from "./context.ts";
import { refuse } from "./problems.ts";

const UNAUTHORIZED = "A valid key is needed: Authorization: Bearer <key>.";

/** The operator's calls: the key is a secret of the Worker. */
export const operatorOnly = createMiddleware<AppEnv>(async (c, next) => {
  const token = bearerOf(c);
  const given = await sha256(toUtf8(token ?? ""));
  const wanted = await sha256(c.var.config.operatorKey);
  // Digests of equal length, compared in constant time: neither length nor content leaks.
  if (token === null || !equalBytes(given, wanted)) return refuse("unauthorized", UNAUTHORIZED);
  return next();
});

/** A tenant's calls: the key names the tenant; reading takes any role, changing takes `admin`. */
export const tenantOnly = tenantCalls(({ method }) => method === "GET" || method === "HEAD");

/** A tenant's calls that change nothing, whatever their method. */
export const tenantReading = tenantCalls(() => true);

function tenantCalls(isReading: (request: HonoRequest) => boolean) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const identity = await identify(c, bearerOf(c));
    if (identity === null) return refuse("unauthorized", UNAUTHORIZED);
    if (identity.role !== "admin" && !isReading(c.req)) {
      return refuse("forbidden", "This key may only read.");
    }
    c.set("identity", identity);
    return next();
  });
}

/** Whose API key this is. Keys that were never issued are refused without asking anybody. */
export async function identify(c: AppContext, key: string | null): Promise<Identity | null> {
  if (key === null) return null;
  const tenant = await c.var.config.ids.tenantOf("cw", key);
  if (tenant === null) return null;
  const found = await c.env.TENANT.getByName(tenant).authenticate(await hashKey(key));
  return found === null ? null : { tenant, ...found };
}

/** The key of a stream's request: in the header, or in the subprotocols, where browsers can put it. */
export function streamKeyOf(c: AppContext): string | null {
  const offered = (c.req.header("sec-websocket-protocol") ?? "").split(",");
  const auth = offered
    .map((name) => name.trim())
    .find((name) => name.startsWith(AUTH_PROTOCOL_PREFIX));
  return auth === undefined ? bearerOf(c) : auth.slice(AUTH_PROTOCOL_PREFIX.length);
}

function bearerOf(c: AppContext): string | null {
  return /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? null;
}
