import { describe, expect, it } from "vitest";

import { Backlog, type BacklogPlace } from "../../src/domain/backlog.ts";

const BOUNDS = { maxItems: 6, maxSize: 600, forgetAfterMs: 30_000 };

/** As many of that name and size as get in, ten at most. */
function fill(backlog: Backlog, name: string, size: number, nowMs = 0): BacklogPlace[] {
  return Array.from({ length: 10 }, () => backlog.enter(name, size, nowMs)).filter(
    (place) => place !== null,
  );
}

describe("Backlog", () => {
  it("takes half of what there is room for of one name, and not one more", () => {
    expect(fill(new Backlog(BOUNDS), "a", 1)).toHaveLength(3);
  });

  it("takes sizes up to half of the bound, and not one more", () => {
    const backlog = new Backlog(BOUNDS);
    expect([backlog.hasRoom("a", 300, 0), backlog.hasRoom("a", 301, 0)]).toEqual([true, false]);
    expect(fill(backlog, "a", 150)).toHaveLength(2);
  });

  it("leaves room for other names, up to the bound of all", () => {
    const backlog = new Backlog(BOUNDS);
    const counts = ["a", "b", "c"].map((name) => fill(backlog, name, 1).length);
    expect(counts).toEqual([3, 3, 0]);
  });

  it("bounds the size of all names together", () => {
    const backlog = new Backlog(BOUNDS);
    const counts = ["a", "b", "c"].map((name) => fill(backlog, name, 250).length);
    expect(counts).toEqual([1, 1, 0]);
    expect([backlog.hasRoom("c", 100, 0), backlog.hasRoom("c", 101, 0)]).toEqual([true, false]);
  });

  it("has the room of whoever has left, once however often it is said", () => {
    const backlog = new Backlog(BOUNDS);
    const [first] = fill(backlog, "a", 100);
    expect(backlog.hasRoom("a", 100, 0)).toBe(false);
    if (first !== undefined) for (let time = 0; time < 2; time += 1) backlog.leave(first);
    expect(fill(backlog, "a", 100)).toHaveLength(1);
    expect(fill(backlog, "b", 100)).toHaveLength(3);
  });

  it("counts no longer who never says that it has ended", () => {
    const backlog = new Backlog(BOUNDS);
    const lost = fill(backlog, "a", 100, 1_000);
    expect(backlog.hasRoom("a", 100, 30_999)).toBe(false);
    expect(backlog.hasRoom("a", 100, 31_000)).toBe(true);
    for (const place of lost) backlog.leave(place);
    expect(fill(backlog, "a", 100, 31_000)).toHaveLength(3);
    expect(fill(backlog, "b", 100, 31_000)).toHaveLength(3);
  });
});
