import { describe, expect, it } from "vitest";

import { err, invariant, ok } from "../../src/domain/result.ts";

describe("a result", () => {
  it("says which of the two it is", () => {
    expect(ok(1)).toEqual({ ok: true, value: 1 });
    expect(err("no")).toEqual({ ok: false, error: "no" });
  });
});

describe("invariant", () => {
  it("throws what broke", () => {
    expect(() => invariant(true, "one is one")).not.toThrow();
    expect(() => invariant(false, "one is two")).toThrow("invariant broken: one is two");
  });
});
