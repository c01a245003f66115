import { describe, expect, it } from "vitest";

import {
  readCount,
  readDuration,
  readHttpUrl,
  readList,
  readTime,
} from "../../cli/chargewire/arguments.ts";
import { readFilter } from "../../cli/chargewire/filter-options.ts";
import { ago, printable, table } from "../../cli/chargewire/output.ts";
import { findConnection } from "../../cli/chargewire/profiles.ts";

const NOW = Date.parse("2026-01-31T12:00:00Z");

describe("what is typed", () => {
  it("is read", () => {
    expect(readList("a, b,c")).toEqual(["a", "b", "c"]);
    expect(readCount("12")).toBe(12);
    expect(readDuration("90s")).toBe(90_000);
    expect(readDuration("2d")).toBe(172_800_000);
    expect(readTime("2h", NOW)).toBe("2026-01-31T10:00:00.000Z");
    expect(readTime("2026-01-31T13:00:00+02:00", NOW)).toBe("2026-01-31T11:00:00.000Z");
    expect(readHttpUrl("http://localhost:3000/hook")).toBe("http://localhost:3000/hook");
    expect(readHttpUrl("https://relay.example.com/")).toBe("https://relay.example.com");
    const filter = readFilter({ types: ["session.*"], match: '{"data.status":"Started"}' });
    expect(filter).toEqual({ types: ["session.*"], match: { "data.status": "Started" } });
  });

  it.each<[string, () => unknown]>([
    ["an empty name", () => readList("a,,b")],
    ["no number", () => readCount("0")],
    ["a time without a unit", () => readDuration("90")],
    ["no date", () => readTime("yesterday", NOW)],
    ["a number for a date", () => readTime("2026", NOW)],
    ["another protocol", () => readHttpUrl("file:///etc/passwd")],
    ["a password in a URL", () => readHttpUrl("https://a:b@example.com")],
    ["no JSON", () => readFilter({ match: "{" })],
    ["an operator that there is not", () => readFilter({ match: '{"a":{"$where":"1"}}' })],
    ["no pattern", () => readFilter({ types: ["session*"] })],
  ])("is refused: %s", (_what, read) => {
    expect(read).toThrow();
  });
});

describe("findConnection", () => {
  const env = { XDG_CONFIG_HOME: "/nowhere" };

  it("takes the environment, and a URL that is given before that", () => {
    const given = { ...env, CHARGEWIRE_URL: "https://a.example.com/", CHARGEWIRE_KEY: "k" };
    const found = findConnection({ url: undefined, profile: undefined, env: given });
    expect(found).toMatchObject({ url: "https://a.example.com", key: "k" });
    const other = findConnection({ url: "http://b", profile: undefined, env: given });
    expect(other.url).toBe("http://b");
  });

  it("says what is missing", () => {
    expect(() => findConnection({ url: undefined, profile: "x", env })).toThrow("login");
  });
});

describe("what is shown", () => {
  it("has columns as wide as they need to be", () => {
    const lines = table(
      ["A", "B", "C"],
      [
        ["long", null, 1],
        ["x", "y", ""],
      ],
    );
    expect(lines).toEqual(["A     B  C", "long  -  1", "x     y  "]);
  });

  it("gives a terminal no commands of others", () => {
    expect(printable("a\u001b[31mb\nc\u202e")).toBe("a [31mb c ");
  });

  it.each([
    [null, "never"],
    ["2026-01-31T11:59:00Z", "60 s ago"],
    ["2026-01-31T11:57:00Z", "3 min ago"],
    ["2026-01-31T09:00:00Z", "3 h ago"],
    ["2026-01-21T12:00:00Z", "10 d ago"],
    ["2026-01-31T12:00:05Z", "0 s ago"],
  ])("tells %s as %s", (iso, text) => {
    expect(ago(iso, NOW)).toBe(text);
  });
});
