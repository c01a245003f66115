import { describe, expect, it } from "vitest";

import {
  FIELD_OPERATORS,
  GROUP_OPERATORS,
  MATCH_OPERATORS,
  MAX_MATCH_DEPTH,
  MAX_MATCH_OPERATORS,
  MAX_PATH_SEGMENTS,
  readMatch,
} from "../../src/domain/match.ts";

const issuesOf = (query: unknown) => readMatch(query).issues;
const nested = (levels: number, wrap: (inner: unknown) => unknown, innermost: unknown): unknown =>
  levels === 0 ? innermost : wrap(nested(levels - 1, wrap, innermost));

describe("readMatch", () => {
  it.each<unknown>([
    {},
    { a: 1 },
    { a: null },
    { a: {} },
    { a: [] },
    { a: [1, { b: [] }] },
    { "data.connectors.0.status": "Available" },
    { "with space.-1.ü": true },
    { __proto_: 1, constructor: 1, "toString.hasOwnProperty": 1 },
    { a: { $eq: { b: 1 } } },
    { a: { $ne: [1] } },
    { a: { $gt: 0, $lte: -1.5e300 } },
    { a: { $gte: "2026-11-22T10:15:30.123Z", $lt: "" } },
    { a: { $in: [1, "x", null, true, [1], { b: 1 }] } },
    { a: { $nin: [null] } },
    { a: { $exists: false } },
    { a: { $size: 0 } },
    { a: { $not: { $gt: 1 } } },
    { a: { $elemMatch: { $gt: 1, $not: { $lt: 0 } } } },
    { a: { $elemMatch: { b: 1, "c.d": { $gt: 1 } } } },
    { a: { $elemMatch: { $or: [{ b: 1 }, { c: 1 }] } } },
    { a: { $elemMatch: {} } },
    { $and: [{ a: 1 }, {}], $or: [{ b: 1 }], $nor: [{ c: 1 }], d: 1 },
  ])("reads %j", (query) => {
    expect(issuesOf(query)).toEqual([]);
  });

  it.each<[unknown, string, string]>([
    [null, "", "expected an object"],
    [[], "", "expected an object"],
    ["a", "", "expected an object"],
    [{ $where: "1" }, "$where", 'there is no "$where"'],
    [{ $expr: {} }, "$expr", 'there is no "$expr"'],
    [{ $comment: "x" }, "$comment", 'there is no "$comment"'],
    [{ $Or: [{}] }, "$Or", 'there is no "$Or"'],
    [{ $: 1 }, "$", 'there is no "$"'],
    [{ a: { $regex: "x" } }, "a.$regex", 'there is no "$regex"'],
    [{ a: { $type: 2 } }, "a.$type", 'there is no "$type"'],
    [{ a: { $and: [{}] } }, "a.$and", 'there is no "$and"'],
    [{ a: { $constructor: 1 } }, "a.$constructor", 'there is no "$constructor"'],
    [{ a: { $gt: 1, b: 1 } }, "a.b", 'there is no "b"'],
    [{ $gt: 1 }, "$gt", "expected below a path"],
    [{ $not: { a: 1 } }, "$not", "expected below a path"],
    [{ "": 1 }, "", "expected a path"],
    [{ "a.": 1 }, "a.", "expected a path"],
    [{ ".a": 1 }, ".a", "expected a path"],
    [{ "a..b": 1 }, "a..b", "expected a path"],
    [{ "a.$b": 1 }, "a.$b", "expected a path"],
    [{ $and: {} }, "$and", "expected a list of one or more matches"],
    [{ $or: [] }, "$or", "expected a list of one or more matches"],
    [{ $nor: [{}, 1] }, "$nor.1", "expected an object"],
    [{ a: { $gt: null } }, "a.$gt", "expected a number or a string"],
    [{ a: { $lt: true } }, "a.$lt", "expected a number or a string"],
    [{ a: { $gte: {} } }, "a.$gte", "expected a number or a string"],
    [{ a: { $lte: [1] } }, "a.$lte", "expected a number or a string"],
    [{ a: { $in: 1 } }, "a.$in", "expected a list of one or more values"],
    [{ a: { $in: [] } }, "a.$in", "expected a list of one or more values"],
    [{ a: { $nin: {} } }, "a.$nin", "expected a list of one or more values"],
    [{ a: { $in: [1, { $gt: 1 }] } }, "a.$in.1.$gt", "no operators in a value"],
    [{ a: { b: { $gt: 1 } } }, "a.b.$gt", "no operators in a value"],
    [{ a: { $eq: { $oid: "x" } } }, "a.$eq.$oid", "no operators in a value"],
    [{ a: { $ne: [[{ $x: 1 }]] } }, "a.$ne.0.0.$x", "no operators in a value"],
    [{ a: { $exists: 1 } }, "a.$exists", "expected true or false"],
    [{ a: { $size: -1 } }, "a.$size", "expected a whole number"],
    [{ a: { $size: 1.5 } }, "a.$size", "expected a whole number"],
    [{ a: { $size: "1" } }, "a.$size", "expected a whole number"],
    [{ a: { $not: 1 } }, "a.$not", "expected operators"],
    [{ a: { $not: {} } }, "a.$not", "expected operators"],
    [{ a: { $not: { b: 1 } } }, "a.$not", "expected operators"],
    [{ a: { $not: { $regex: "x" } } }, "a.$not.$regex", 'there is no "$regex"'],
    [{ a: { $elemMatch: 1 } }, "a.$elemMatch", "expected an object"],
    [{ a: { $elemMatch: [] } }, "a.$elemMatch", "expected an object"],
    [{ a: { $elemMatch: { $gt: 1, b: 1 } } }, "a.$elemMatch.b", 'there is no "b"'],
    [{ a: { $elemMatch: { $or: [{}], $gt: 1 } } }, "a.$elemMatch.$gt", "expected below a path"],
    [{ a: { $elemMatch: { b: { $where: "" } } } }, "a.$elemMatch.b.$where", 'there is no "$where"'],
    [JSON.parse('{"a":1e999}'), "a", "this number is too large"],
    [JSON.parse('{"a":{"$gt":-1e999}}'), "a.$gt", "this number is too large"],
    [JSON.parse('{"a":{"$in":[[1e999]]}}'), "a.$in.0.0", "this number is too large"],
    [JSON.parse('{"__proto__":{"$x":1}}'), "__proto__.$x", 'there is no "$x"'],
  ])("refuses %j at %j, for: %s", (query, path, message) => {
    expect(issuesOf(query)).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  it("names everything that is wrong, up to ten things", () => {
    expect(issuesOf({ a: { $x: 1 }, $y: 1, b: { $size: "" } })).toHaveLength(3);
    const many = Array.from({ length: 60 }, () => ({ a: { $x: "x".repeat(200) } }));
    expect(issuesOf({ $or: many })).toHaveLength(10);
  });

  it("keeps what it says short, whatever it is given", () => {
    const long = "x".repeat(100_000);
    const [issue] = issuesOf({ [long]: { [`$${long}`]: 1 } });
    expect(JSON.stringify(issue).length).toBeLessThan(500);
  });

  it("offers its operators to whoever helps to write one", () => {
    expect([...MATCH_OPERATORS].sort()).toEqual(
      "$and $elemMatch $eq $exists $gt $gte $in $lt $lte $ne $nin $nor $not $or $size".split(" "),
    );
    expect(MATCH_OPERATORS).toEqual([...FIELD_OPERATORS, ...GROUP_OPERATORS]);
  });
});

describe("the limits of a match", () => {
  it("are 64 operators, 8 within one another and 16 names in a path", () => {
    expect([MAX_MATCH_OPERATORS, MAX_MATCH_DEPTH, MAX_PATH_SEGMENTS]).toEqual([64, 8, 16]);
  });

  const times = <T>(count: number, make: (at: number) => T) =>
    Array.from({ length: count }, (_, at) => make(at));

  describe.each<[string, (count: number) => unknown]>([
    ["values without one", (count) => Object.fromEntries(times(count, (at) => [`p${at}`, at]))],
    ["comparisons", (count) => Object.fromEntries(times(count, (at) => [`p${at}`, { $gt: at }]))],
    ["several of one path", (count) => ({ a: { $gt: 0 }, ...pairs(count - 1) })],
    ["groups and what is in them", (count) => ({ $or: times(count - 1, (at) => ({ a: at })) })],
    ["negations", (count) => ({ a: { $not: { $gt: 1 } }, ...pairs(count - 2) })],
    ["elements", (count) => ({ a: { $elemMatch: { b: 1 } }, ...pairs(count - 2) })],
    ["arrays and objects in a list", (count) => ({ a: { $in: times(count - 1, (at) => [at]) } })],
  ])("operators, counting %s", (_name, query) => {
    it.each([
      [MAX_MATCH_OPERATORS - 1, true],
      [MAX_MATCH_OPERATORS, true],
      [MAX_MATCH_OPERATORS + 1, false],
    ])("%i: read %s", (count, isRead) => {
      const message = "at most 64 operators, and these are more";
      expect(issuesOf(query(count))).toEqual(isRead ? [] : [{ path: "", message }]);
    });
  });

  /** Operators two to a path, and one more when the count is odd. */
  function pairs(count: number): Record<string, unknown> {
    const even = times(Math.floor(count / 2), (at) => [`p${at}`, { $gt: 1, $lt: 2 }] as const);
    return { ...Object.fromEntries(even), ...(count % 2 === 1 ? { odd: 1 } : {}) };
  }

  it("do not count plain values in a list", () => {
    expect(issuesOf({ a: { $in: times(2000, (at) => at) } })).toEqual([]);
  });

  it.each<[string, (depth: number) => unknown]>([
    ["$and", (depth) => nested(depth - 1, (inner) => ({ $and: [inner] }), { a: 1 })],
    ["$nor", (depth) => nested(depth - 1, (inner) => ({ $nor: [inner] }), { a: { $gt: 1 } })],
    ["$not", (depth) => ({ a: nested(depth - 1, (inner) => ({ $not: inner }), { $gt: 1 }) })],
    [
      "$elemMatch",
      (depth) => nested(depth - 1, (inner) => ({ a: { $elemMatch: inner } }), { a: 1 }),
    ],
    [
      "$elemMatch of operators",
      (depth) => ({ a: nested(depth - 1, (inner) => ({ $elemMatch: inner }), { $gt: 1 }) }),
    ],
  ])("are 8 operators of %s within one another", (_name, query) => {
    expect(issuesOf(query(MAX_MATCH_DEPTH - 1))).toEqual([]);
    expect(issuesOf(query(MAX_MATCH_DEPTH))).toEqual([]);
    const [issue] = issuesOf(query(MAX_MATCH_DEPTH + 1));
    expect(issue?.message).toBe("at most 8 operators within one another");
  });

  it.each<[string, (value: unknown) => unknown]>([
    ["to equal", (value) => ({ a: value })],
    ["of $ne", (value) => ({ a: { $ne: value } })],
    ["in a list", (value) => ({ a: { $in: [value] } })],
  ])("are 8 levels within a value %s", (_name, query) => {
    const arrays = (levels: number) => nested(levels, (inner) => [inner], 1);
    const objects = (levels: number) => nested(levels, (inner) => ({ x: inner }), 1);
    for (const value of [arrays, objects]) {
      expect(issuesOf(query(value(MAX_MATCH_DEPTH - 1)))).toEqual([]);
      expect(issuesOf(query(value(MAX_MATCH_DEPTH)))).toEqual([]);
      const [issue] = issuesOf(query(value(MAX_MATCH_DEPTH + 1)));
      expect(issue?.message).toBe("at most 8 levels of arrays and objects in a value");
    }
  });

  it.each([
    [MAX_PATH_SEGMENTS - 1, true],
    [MAX_PATH_SEGMENTS, true],
    [MAX_PATH_SEGMENTS + 1, false],
  ])("let a path have %i names: %s", (names, isRead) => {
    expect(issuesOf({ [Array(names).fill("a").join(".")]: 1 })).toHaveLength(isRead ? 0 : 1);
  });

  it.each([
    ["arrays", `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["objects", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`],
    ["groups", `${'{"$and":['.repeat(100_000)}{}${"]}".repeat(100_000)}`],
    ["negations", `{"a":${'{"$not":'.repeat(100_000)}1${"}".repeat(100_000)}}`],
  ])("end the reading of 100,000 %s within one another", (_name, text) => {
    expect(issuesOf(JSON.parse(text))).toHaveLength(1);
  });
});
