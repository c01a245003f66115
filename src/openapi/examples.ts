import type { ProblemCode } from "../domain/problem.ts";

/** The things of one invented tenant, so that all examples are about the same. */

export const TENANT = "acme";
export const SOURCE = "src_acme_k3n5v7q2xah4u6wd3btzrc";
export const ROUTE = "rt_f4k2m6q7t3v5x2za";
export const KEY = "key_b7d5f3h6j2l4n7p5";
export const SECRET = "sec_c3e5g7i2k4m6o3q5";
export const REPLAY = "rp_a2c4e6g3i5k7m2o4";
export const QUARANTINED = "q_9f86d081884c7d659a2feaa0c55ad015";
export const STATION = "6192dea22df1431ea2c4720d";
export const EVENT = "644fc18f84c4b5000981ad7b";
export const CURSOR = "c1.k3n5v7q2.1042";
export const CREATED = "2026-11-20T08:00:00.000Z";
export const OCCURRED = "2026-11-22T10:15:30.123Z";
export const RECEIVED = "2026-11-22T10:15:30.400Z";

/** What stands in examples for the parts of a path. */
export const PATH_EXAMPLES: readonly (readonly [path: string, example: string])[] = [
  ["/v1/tenants/{id}", TENANT],
  ["/v1/keys/{id}", KEY],
  ["/v1/sources/{id}", SOURCE],
  ["/v1/sources/{id}/secrets/{secret}", SECRET],
  ["/v1/routes/{id}", ROUTE],
  ["/v1/routes/{id}/lanes/{station}", STATION],
  ["/v1/routes/{id}/dead-letters/{letter}", "17"],
  ["/v1/replays/{id}", REPLAY],
  ["/v1/stations/{id}", STATION],
  ["/v1/quarantine/{id}", QUARANTINED],
  ["/ingest/{source}", SOURCE],
];

/** What a problem says, as an example. */
export const PROBLEM_DETAILS: Readonly<Record<ProblemCode, string>> = {
  invalid_request: "name: required",
  invalid_cursor: "This is not a cursor of this relay.",
  unauthorized: "A valid key is needed: Authorization: Bearer <key>.",
  forbidden: "This key may only read.",
  forbidden_filter: "A token of the view `state` may not use `match`.",
  forbidden_origin: "Pages of this origin may not use this key or token.",
  not_found: "No such route.",
  method_not_allowed: "Webhooks are sent by POST.",
  conflict: "The route is paused or disabled; resume it first.",
  limit_reached: "At most 100 routes.",
  cursor_expired: "The events after this cursor are no longer kept.",
  precondition_failed: "The route has changed since it was read; read it again.",
  body_too_large: "At most 262144 bytes.",
  unsupported_media_type: "Expected JSON.",
  upgrade_required: "Ask for a WebSocket, or for text/event-stream.",
  rate_limited: "Too many requests that do not verify.",
  internal: "The log has the reason.",
  unavailable: "Nothing was taken in; please send it again.",
  misconfigured: "The relay's secrets are missing or unusable; its log says which.",
  loop_detected: "This request comes from the relay itself.",
};
