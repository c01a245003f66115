import type { Context } from "hono";

import type { Role } from "../domain/control.ts";
import type { Config, Env } from "../env.ts";

/** Who is asking, as far as an API key tells. */
export interface Identity {
  readonly tenant: string;
  readonly keyId: string;
  readonly role: Role;
}

export interface AppEnv {
  readonly Bindings: Env;
  readonly Variables: {
    readonly config: Config;
    /** Set by `tenantOnly` and `tenantReading`, for everything behind them. */
    readonly identity: Identity;
  };
}

export type AppContext = Context<AppEnv>;

/** The sender's address as Cloudflare saw it, which no sender can set; empty where there is none. */
export function addressOf(c: AppContext): string {
  return c.req.header("cf-connecting-ip") ?? "";
}
