import { describe, expect, it } from "vitest";

import { brief, changesBetween } from "../../src/domain/audit.ts";

describe("changesBetween", () => {
  it("names the fields that differ, with what they were and are", () => {
    const before = { name: "a", timeoutMs: 1_000, filter: { types: ["x"] } };
    const after = { name: "b", timeoutMs: 1_000, filter: { types: ["x", "y"] } };
    expect(changesBetween(before, after)).toEqual({
      changed: ["name", "filter"],
      before: { name: "a", filter: { types: ["x"] } },
      after: { name: "b", filter: { types: ["x", "y"] } },
    });
  });

  it("names secret fields once, and tells nothing of them but what the view shows", () => {
    const changes = changesBetween({ headers: ["x-a"] }, { headers: ["x-b"] }, [
      "headers",
      "edrvSecret",
    ]);
    expect(changes).toEqual({
      changed: ["headers", "edrvSecret"],
      before: { headers: ["x-a"] },
      after: { headers: ["x-b"] },
    });
  });

  it("does not count the time of the change itself", () => {
    expect(changesBetween({ updatedAt: 1 }, { updatedAt: 2 }).changed).toEqual([]);
  });
});

describe("brief", () => {
  it.each([
    [2_498, "x".repeat(2_498)],
    [2_499, "(2501 characters)"],
  ])("shows a text of %i characters as it is, or says how long it is", (length, shown) => {
    expect(brief({ url: "x".repeat(length) })).toEqual({ url: shown });
  });
});
