import { Backlog } from "../domain/backlog.ts";
import type { AppContext } from "./context.ts";
import { problem } from "./problems.ts";

/**
 * What an isolate takes in at a time; of one tenant half of it. Far below what an isolate may
 * hold: a body is there several times over on its way.
 */
export const BACKLOG_BOUNDS = {
  maxItems: 1_000,
  maxSize: 16 * 1024 * 1024,
  forgetAfterMs: 30_000,
};
/** Senders that were refused together are not to come back together. */
const MAX_RETRY_AFTER_SECONDS = 10;

/**
 * By tenant. Only what has verified counts: no one's slow or forged requests stand in the way of
 * a request that verifies.
 */
const backlog = new Backlog(BACKLOG_BOUNDS);

/** To be asked before a webhook costs anything: what is refused must not slow what is not. */
export function hasRoom(tenant: string, nowMs: number): boolean {
  return backlog.hasRoom(tenant, 1, nowMs);
}

/** Does the work if there is room for it, and ends it even when the sender hangs up meanwhile. */
export async function inRoom(
  c: AppContext,
  tenant: string,
  size: number,
  work: () => Promise<Response>,
): Promise<Response> {
  const place = backlog.enter(tenant, size, Date.now());
  if (place === null) return refuseForNow();
  const done = work().finally(() => backlog.leave(place));
  c.executionCtx.waitUntil(done.catch(() => null));
  return done;
}

export function refuseForNow(): Response {
  return problem({
    code: "unavailable",
    detail: "Too many webhooks are being taken in; please send it again.",
    retryAfterSeconds: 1 + Math.floor(Math.random() * MAX_RETRY_AFTER_SECONDS),
  });
}
