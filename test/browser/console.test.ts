import { afterAll, afterEach, beforeAll } from "vitest";

import { closeTabs, closeWorld, openWorld } from "../support/console-world.ts";

/*
 * The console in a real browser, against a real relay: one of each for all of these tests, which run
 * one after the other. After each, no tab may have met an error, a refusal of its policy, or a call
 * to anybody but the relay.
 */
beforeAll(openWorld);
afterEach(closeTabs);
afterAll(closeWorld);

await import("./console/sign-in.ts");
await import("./console/live.ts");
await import("./console/outages.ts");
await import("./console/routes.ts");
await import("./console/receiving.ts");
await import("./console/account.ts");
await import("./console/access.ts");
