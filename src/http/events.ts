import { Hono } from "hono";

import { parseCursor } from "../domain/cursor.ts";
import { isStationName } from "../domain/station-id.ts";
import { tenantOnly } from "./auth.ts";
import type { AppEnv } from "./context.ts";
import { refuse } from "./problems.ts";
import { feedOf } from "./tenant-object.ts";
import { invalid, readFilter, readPage } from "./validation.ts";

/** `/v1/events`: the tenant's events in the order of the feed. */
export const events = new Hono<AppEnv>();
events.use(tenantOnly);

events.get("/", async (c) => {
  const page = readPage(c);
  if (!page.ok) return page.error;
  const filter = readFilter(c, ["after", "before", "limit", "station"]);
  if (!filter.ok) return filter.error;
  const station = c.req.query("station");
  if (station !== undefined && !isStationName(station)) {
    return invalid([{ path: "station", message: "expected a station id" }]);
  }
  const { after, limit } = page.value;
  const before = c.req.query("before") ?? null;
  if (after !== null && before !== null) {
    return invalid([{ path: "before", message: "give after or before, not both" }]);
  }
  const cursor = after ?? (before === "now" ? null : before);
  if (cursor !== null && parseCursor(cursor) === null) {
    return refuse("invalid_cursor", "This is not a cursor of this relay.");
  }
  const wanted = station === undefined ? filter.value : { ...filter.value, stations: [station] };
  const found =
    before === null
      ? await feedOf(c).events(cursor, wanted, limit)
      : await feedOf(c).eventsBefore(cursor, wanted, limit);
  if (found === "expired") {
    return refuse("cursor_expired", "The events after this cursor are no longer kept.");
  }
  return jsonPage(found);
});

/** Items are JSON texts already: bodies go out as they came in. */
export function jsonPage(page: { items: readonly string[]; next: string | null }): Response {
  return new Response(`{"items":[${page.items.join(",")}],"next":${JSON.stringify(page.next)}}`, {
    headers: { "content-type": "application/json" },
  });
}
