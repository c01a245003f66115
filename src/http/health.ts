import { Hono } from "hono";

import { isRecent } from "../domain/clock.ts";
import { type Env, REGISTRY_NAME } from "../env.ts";
import { faultFields, log } from "../log.ts";
import { VERSION } from "../version.ts";
import type { AppEnv } from "./context.ts";
import { problem } from "./problems.ts";

/** Whoever asks more often gets the answer of before: health is open to everybody. */
const CHECK_EVERY_MS = 1_000;
/** Storage that takes longer is as good as none. */
const PATIENCE_MS = 2_000;
const LOOK_MS = 20;

/** `/health`: whether this version serves, and its storage with it. For monitors; creates nothing. */
export const health = new Hono<AppEnv>();

health.get("/", async (c) => {
  const isUp = await isStorageUp(c.env, c.executionCtx);
  if (isUp) return c.json({ status: "ok", version: VERSION, storage: "ok" });
  const detail = `The storage does not answer (version ${VERSION}).`;
  return problem({ code: "unavailable", detail, retryAfterSeconds: 5 });
});

interface Check {
  readonly startedMs: number;
  /** Null while it is under way. */
  isUp: boolean | null;
}

let newest: Check | null = null;

async function isStorageUp(
  env: Env,
  context: Pick<ExecutionContext, "waitUntil">,
): Promise<boolean> {
  const nowMs = Date.now();
  if (newest === null || !isRecent(newest.startedMs, nowMs, CHECK_EVERY_MS)) {
    const check: Check = { startedMs: nowMs, isUp: null };
    newest = check;
    const looked = look(env).then((isUp) => {
      check.isUp = isUp;
      return isUp;
    });
    // The others get its answer also when the one who asked goes away before it comes.
    context.waitUntil(looked);
    return looked;
  }
  // Another request's call cannot be awaited here; its outcome can be looked at.
  const check = newest;
  while (check.isUp === null && isRecent(check.startedMs, Date.now(), PATIENCE_MS)) {
    await scheduler.wait(LOOK_MS);
  }
  return check.isUp ?? false;
}

async function look(env: Env): Promise<boolean> {
  const asked = env.REGISTRY.getByName(REGISTRY_NAME)
    .isReadable()
    .catch((error: unknown) => {
      log("warn", "health.failed", faultFields(error));
      return false;
    });
  return Promise.race([asked, scheduler.wait(PATIENCE_MS).then(() => false)]);
}
