import { describe, expect, it } from "vitest";

import { allowsChange, changedAt, entityTag, jointTag } from "../../src/domain/entity-tag.ts";

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

describe("jointTag", () => {
  const [one, other] = [
    { id: "a", updatedAtMs: 1 },
    { id: "b", updatedAtMs: 2 },
  ];

  it("is a strong tag, the same for things in the same state", async () => {
    expect(await jointTag([one, other])).toMatch(/^"[0-9a-f]{32}"$/);
    expect(await jointTag([{ ...one }, { ...other }])).toBe(await jointTag([one, other]));
  });

  it("is another one when a thing comes, goes, changes or takes another's place", async () => {
    const all = [
      [],
      [one],
      [other],
      [one, other],
      [one, { ...other, id: "c" }],
      [one, { ...other, updatedAtMs: 3 }],
      [
        { ...one, updatedAtMs: 2 },
        { ...other, updatedAtMs: 1 },
      ],
    ];
    expect(new Set(await Promise.all(all.map(jointTag))).size).toBe(all.length);
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
    ['W/W/"abc"', false],
    ['"W/abc"', false],
  ])("answers if-match %j with %s", (ifMatch, expected) => {
    expect(allowsChange(ifMatch, '"abc"')).toBe(expected);
  });
});
