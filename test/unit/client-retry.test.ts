import { describe, expect, it } from "vitest";

import { backoffMs, type Ending, isFinal, waitMs, waitReason } from "../../client/retry.ts";

const ending = (overrides: Partial<Ending> = {}): Ending => ({
  code: 1006,
  httpStatus: null,
  retryAfterMs: null,
  isTokenFixed: false,
  ...overrides,
});

describe("backoffMs", () => {
  it.each([
    [0, 500],
    [1, 1_000],
    [2, 2_000],
    [5, 16_000],
    [6, 30_000],
    [60, 30_000],
    [5_000, 30_000],
  ])("after %i failures is anything up to %i ms", (failures, most) => {
    expect(backoffMs(failures, 0)).toBe(0);
    expect(backoffMs(failures, 0.5)).toBe(most / 2);
    expect(backoffMs(failures, 1)).toBe(most);
  });
});

describe("isFinal", () => {
  it.each([4000, 4001, 4003, 4009])("says so of %i", (code) => {
    expect(isFinal(ending({ code }))).toBe(true);
  });

  it.each([1000, 1001, 1006, 1011, 1012, 4100, 4101, 4102, 4200, 4401, 4999])(
    "does not say so of %i",
    (code) => expect(isFinal(ending({ code }))).toBe(false),
  );

  it.each([
    [400, true],
    [401, false],
    [403, true],
    [404, true],
    [408, false],
    [425, false],
    [429, false],
    [500, false],
    [503, false],
  ])("of a refusal with status %i: %s", (httpStatus, expected) => {
    expect(isFinal(ending({ httpStatus }))).toBe(expected);
  });

  it("says so of a token that is no good and cannot be had anew", () => {
    expect(isFinal(ending({ code: 4401, isTokenFixed: true }))).toBe(true);
    expect(isFinal(ending({ httpStatus: 401, isTokenFixed: true }))).toBe(true);
  });
});

describe("waitMs", () => {
  it.each([
    ["a broken connection", ending(), 0, 250],
    ["a broken connection, again", ending(), 3, 2_000],
    ["a full relay", ending({ code: 4100 }), 0, 250],
    ["a request to come back", ending({ code: 4200 }), 0, 0],
    ["a request to come back, again", ending({ code: 4200 }), 1, 500],
    ["an expired token", ending({ code: 4401 }), 0, 0],
    ["an expired token, again", ending({ code: 4401 }), 2, 1_000],
    ["a time named by the relay", ending({ code: 4102, retryAfterMs: 7_000 }), 0, 7_000],
    ["the same, again", ending({ code: 4102, retryAfterMs: 7_000 }), 6, 15_000],
    ["no time named by the relay", ending({ code: 4102, retryAfterMs: 0 }), 0, 0],
    ["no time named by the relay, again", ending({ code: 4102, retryAfterMs: 0 }), 1, 500],
    ["a time beyond reason", ending({ retryAfterMs: 1e12 }), 0, 3_600_000],
    ["a refusal for now", ending({ code: 4200, httpStatus: 429 }), 0, 250],
  ])("after %s", (_what, what, failures, expected) => {
    expect(waitMs(what, failures, 0.5)).toBe(expected);
  });
});

describe("waitReason", () => {
  it.each([
    [ending(), "network"],
    [ending({ httpStatus: 429 }), "refused"],
    [ending({ code: 4100 }), "over_capacity"],
    [ending({ code: 4101 }), "too_slow"],
    [ending({ code: 4102 }), "restart"],
    [ending({ code: 4200 }), "reconnect"],
    [ending({ code: 4401 }), "token_expired"],
  ])("names %o", (what, expected) => {
    expect(waitReason(what)).toBe(expected);
  });
});
