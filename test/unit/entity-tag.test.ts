import { describe, expect, it } from "vitest";

import { allowsChange, changedAt, entityTag } from "../../src/domain/entity-tag.ts";

describe("entityTag", () => {
  const at = (updatedAt: string) => entityTag({ updatedAt });

  it("is a strong tag, the same for the same state", () => {
    expect(at("2026-11-22T10:15:30.123Z")).toMatch(/^"[a-z0-9]+"$/);
    expect(at("2026-11-22T10:15:30.123Z")).toBe(at("2026-11-22T10:15:30.123Z"));
  });

  it("is another one a millisecond later", () => {
    expect(at("2026-11-22T10:15:30.123Z")).not.toBe(at("2026-11-22T10:15:30.124Z"));
  });
});

describe("changedAt", () => {
  it.each([
    ["the clock's time", 1_000, 2_000, 2_000],
    ["later than the state before, within one millisecond", 1_000, 1_000, 1_001],
    ["later than the state before, when the clock was set back", 1_000, 10, 1_001],
  ])("is %s", (_what, beforeMs, nowMs, expected) => {
    expect(changedAt(beforeMs, nowMs)).toBe(expected);
  });
});

describe("allowsChange", () => {
  it.each([
    [null, true],
    ["*", true],
    [" * ", true],
    ['"abc"', true],
    ['"x", "abc"', true],
    ['W/"abc"', true],
    ['"abd"', false],
    ["abc", false],
    ['"ABC"', false],
    ["", false],
    ["**", false],
    ['"x", *', false],
  ])("answers if-match %j with %s", (ifMatch, expected) => {
    expect(allowsChange(ifMatch, '"abc"')).toBe(expected);
  });
});
