import type { Env } from "./env.ts";
import { handle } from "./http/app.ts";

export { Courier } from "./objects/courier.ts";
export { FeedObject } from "./objects/feed.ts";
export { GateObject } from "./objects/gate.ts";
export { RegistryObject } from "./objects/registry.ts";
export { StationObject } from "./objects/station.ts";
export { TenantObject } from "./objects/tenant.ts";

export default { fetch: handle } satisfies ExportedHandler<Env>;
