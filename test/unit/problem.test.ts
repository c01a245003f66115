import { describe, expect, it } from "vitest";

import { PROBLEM_CODES, type ProblemCode, toWire } from "../../src/domain/problem.ts";

/** What programs go by: neither a code nor its status may change. */
const STATUSES: Readonly<Record<ProblemCode, number>> = {
  invalid_request: 400,
  invalid_cursor: 400,
  unauthorized: 401,
  forbidden: 403,
  forbidden_filter: 403,
  forbidden_origin: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  limit_reached: 409,
  cursor_expired: 410,
  precondition_failed: 412,
  body_too_large: 413,
  unsupported_media_type: 415,
  upgrade_required: 426,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
  misconfigured: 503,
  loop_detected: 508,
};

describe("toWire", () => {
  it("knows these codes and no others", () => {
    expect(PROBLEM_CODES).toEqual(Object.keys(STATUSES));
  });

  it.each(PROBLEM_CODES)("answers %s by its status, in the form of RFC 9457", (code) => {
    const status = STATUSES[code];
    const type = `urn:chargewire:problem:${code}`;
    const title = expect.stringMatching(/^[A-Z][a-z -]+/);
    const body = { type, title, status, detail: "because", code };
    expect(toWire({ code, detail: "because" })).toEqual({ status, body });
  });

  it("gives every status and code a title of its own", () => {
    const titles = PROBLEM_CODES.map((code) => toWire({ code, detail: "" }).body.title);
    expect(new Set(titles).size).toBe(PROBLEM_CODES.length);
  });

  it("lists what is wrong, when it is known", () => {
    const issues = [{ path: "url", message: "is not one" }];
    expect(toWire({ code: "invalid_request", detail: "", issues }).body.issues).toEqual(issues);
    expect(toWire({ code: "invalid_request", detail: "" }).body).not.toHaveProperty("issues");
  });

  it("answers by another status where that is asked for", () => {
    const { status, body } = toWire({ code: "limit_reached", detail: "", status: 429 });
    expect([status, body.status, body.code]).toEqual([429, 429, "limit_reached"]);
  });
});
