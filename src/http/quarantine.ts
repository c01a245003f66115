import { Hono } from "hono";

import { QuarantineRelease } from "../domain/control.ts";
import { ACCOUNT_STATION } from "../domain/station-id.ts";
import type { QuarantineReason } from "../domain/webhook.ts";
import { tenantOnly } from "./auth.ts";
import type { AppEnv } from "./context.ts";
import { notFound, refuse } from "./problems.ts";
import { actorOf, feedOf, tenantOf } from "./tenant-object.ts";
import { readBody, readNumberedPage } from "./validation.ts";

/** `/v1/quarantine`: webhooks that were signed and could not be relayed. Oldest first. */
export const quarantine = new Hono<AppEnv>();
quarantine.use(tenantOnly);

quarantine.get("/", async (c) => {
  const page = readNumberedPage(c, 0);
  if (!page.ok) return page.error;
  return c.json(await tenantOf(c).listQuarantine(page.value.after, page.value.limit));
});

quarantine.get("/:id", async (c) => {
  const held = await tenantOf(c).getQuarantined(c.req.param("id"));
  return held === null ? notFound("quarantined webhook") : c.json(held);
});

/** Makes an event of it, in the order of the station that is named or that its body names. */
quarantine.post("/:id/release", async (c) => {
  const input = await readBody(c, QuarantineRelease, {});
  if (!input.ok) return input.error;
  const { station = null } = input.value;
  const isKnown =
    station === null || station === ACCOUNT_STATION || (await feedOf(c).hasStation(station));
  if (!isKnown) return notFound("station");
  const id = c.req.param("id");
  const released = await tenantOf(c).releaseQuarantined(id, station, actorOf(c));
  if (!("refused" in released)) return c.json(released);
  switch (released.refused) {
    case "not_found":
      return notFound("quarantined webhook");
    case "unreadable":
      return refuse("conflict", UNRELEASABLE[released.reason]);
    case "elsewhere":
      return refuse("conflict", `Its release to the station ${released.station} has begun.`);
  }
});

const UNRELEASABLE: Readonly<Record<QuarantineReason, string>> = {
  not_json: "An event needs a body that is JSON, which this one is not.",
  not_object: "An event needs a body that is a JSON object, which this one is not.",
  type: "An event needs a type of 1 to 128 printable ASCII characters, which its body does not have.",
  station: 'Its body names no usable station; name one: {"station": …}.',
  stale: "It is older than what the station remembers.",
};

quarantine.delete("/:id", async (c) => {
  const discarded = await tenantOf(c).discardQuarantined(c.req.param("id"), actorOf(c));
  return discarded ? c.body(null, 204) : notFound("quarantined webhook");
});
