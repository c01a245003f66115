import { feedName } from "../env.ts";
import type { AppContext } from "./context.ts";

/** The control plane of whoever is asking. */
export const tenantOf = (c: AppContext) => c.env.TENANT.getByName(c.var.identity.tenant);

/** The feed of whoever is asking. */
export const feedOf = (c: AppContext) => c.env.FEED.getByName(feedName(c.var.identity.tenant));

/** The key of whoever is asking, for the audit log. */
export const actorOf = (c: AppContext) => c.var.identity.keyId;
