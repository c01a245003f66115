import { describe, expect, it } from "vitest";

import { NumberedPageQuery, PageQuery, pageOf } from "../../src/domain/page.ts";

const page = (rows: number[], limit: number) =>
  pageOf(
    rows,
    limit,
    (row) => row * 10,
    (row) => `after ${row}`,
  );

describe("pageOf", () => {
  it.each<[number[], number, number[], string | null]>([
    [[], 2, [], null],
    [[1], 2, [10], null],
    [[1, 2], 2, [10, 20], null],
    [[1, 2, 3], 2, [10, 20], "after 2"],
    [[1, 2], 1, [10], "after 1"],
    // Of no rows none is the last.
    [[1], 0, [], null],
  ])("shows %j at most %i at a time as %j, and goes on %s", (rows, limit, items, next) => {
    expect(page(rows, limit)).toEqual({ items, next });
  });
});

describe("PageQuery", () => {
  it.each<[object, unknown]>([
    [{}, { limit: 50 }],
    [{ limit: "1" }, { limit: 1 }],
    [
      { limit: "200", after: "x" },
      { limit: 200, after: "x" },
    ],
    [{ limit: "0" }, null],
    [{ limit: "201" }, null],
    [{ limit: "1.5" }, null],
    [{ limit: "x" }, null],
  ])("reads %j as %j", (query, expected) => {
    expect(PageQuery.safeParse(query).data ?? null).toEqual(expected);
  });
});

describe("NumberedPageQuery", () => {
  it.each<[string | undefined, boolean]>([
    [undefined, true],
    ["0", true],
    ["999999999999999", true],
    ["1000000000000000", false],
    ["", false],
    ["-1", false],
    ["1x", false],
    ["x1", false],
  ])("takes %s for a place: %s", (after, isPlace) => {
    const read = NumberedPageQuery.safeParse(after === undefined ? {} : { after });
    expect(read.success).toBe(isPlace);
    if (!isPlace) expect(read.error?.issues[0]?.message).toBe("expected a value of next");
  });
});
