import type { Section } from "./endpoint.ts";
import { account, quarantine } from "./sections/account.ts";
import { config } from "./sections/config.ts";
import { deadLetters } from "./sections/dead-letters.ts";
import { events, stations } from "./sections/events.ts";
import { ingest } from "./sections/ingest.ts";
import { keys } from "./sections/keys.ts";
import { lanes } from "./sections/lanes.ts";
import { open } from "./sections/open.ts";
import { replays } from "./sections/replays.ts";
import { routes } from "./sections/routes.ts";
import { sources } from "./sections/sources.ts";
import { streams } from "./sections/streams.ts";
import { tenants } from "./sections/tenants.ts";

/** The whole API. A test holds that nothing else is served. */
export const SECTIONS: readonly Section[] = [
  sources,
  ingest,
  routes,
  lanes,
  deadLetters,
  replays,
  events,
  stations,
  streams,
  quarantine,
  config,
  account,
  keys,
  tenants,
  open,
];
