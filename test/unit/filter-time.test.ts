import { describe, expect, it } from "vitest";

import { compileFilter, Filter, filterable } from "../../src/domain/filter.ts";
import { MAX_MATCH_OPERATORS, readMatch } from "../../src/domain/match.ts";
import { compileMatch } from "../../src/domain/match-evaluation.ts";

/*
 * What filters cost at their worst. Apart from the tests of what they match, for mutated code is
 * slower than these limits allow.
 */

type MatchQuery = Readonly<Record<string, unknown>>;

describe("compileFilter", () => {
  it("is quick about patterns made to be slow", () => {
    const stars = `${Array(63).fill("*").join(".")}.x`;
    const types = Array.from({ length: 100 }, (_, at) => `${stars.slice(0, -1)}x${at % 10}`);
    const { wants } = compileFilter(Filter.parse({ types }));
    const event = (type: string) => filterable({ type, station: "65a1" }, () => "{}");
    const startedMs = performance.now();
    for (let length = 55; length <= 64; length += 1) {
      expect(wants(event(Array(length).fill("a").join(".")))).toBe(false);
    }
    // Polynomial: some 4 million steps. A matcher that backtracks does not end in this century.
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });
});

describe("the time of an evaluation", () => {
  const MAX_BODY_CHARS = 512 * 1024;
  const fill = (open: string, unit: string, close: string) => {
    const count = Math.floor((MAX_BODY_CHARS - open.length - close.length) / (unit.length + 1));
    return `${open}${Array(count).fill(unit).join()}${close}`;
  };
  const deep = (open: string, close: string) => {
    const levels = Math.floor((MAX_BODY_CHARS - 10) / (open.length + close.length));
    return `{"a":${open.repeat(levels)}1${close.repeat(levels)}}`;
  };
  /** As many conditions as there may be, of so many operators each. */
  const all = (condition: (at: number) => unknown, path = "a", operators = 1): MatchQuery => {
    const length = Math.floor((MAX_MATCH_OPERATORS - 1) / operators);
    return { $nor: Array.from({ length }, (_, at) => ({ [path]: condition(at) })) };
  };
  const elements = (levels: number, inner: unknown): unknown =>
    levels === 0 ? inner : { $elemMatch: elements(levels - 1, inner) };

  it.each<[string, string, MatchQuery]>([
    ["many numbers", fill('{"a":[', "0", "]}"), all((at) => ({ $gt: at }))],
    ["many strings", fill('{"a":[', '""', "]}"), all((at) => `x${at}`)],
    ["many objects", fill('{"a":[', '{"b":1}', "]}"), all((at) => ({ $lt: -at }), "a.b.c")],
    [
      "many arrays that nearly equal",
      fill('{"a":[', "[1,1]", "]}"),
      { a: { $in: many(MAX_MATCH_OPERATORS - 1).map((at) => [1, at + 1]) } },
    ],
    ["many names", fill('{"a":{', '"x":1', "}}"), all((at) => ({ x: at }))],
    ["a list of many values", fill('{"a":[', "0", "]}"), { a: { $in: many(3_000) } }],
    ["arrays within arrays", deep("[", "]"), all(() => elements(6, { $gt: 1 }), "a", 7)],
    ["paths of digits", deep("[", "]"), all((at) => ({ $gt: at }), Array(16).fill("0").join("."))],
    [
      "elements of elements",
      fill('{"a":[[[[[', "0", "]]]]]}"),
      all(() => elements(5, { $gt: 1 }), "a", 6),
    ],
    ["objects within objects", deep('{"a":', "}"), all((at) => ({ $eq: { a: { a: at } } }))],
  ])("is short for a body of 512 KiB of %s", (_name, text, query) => {
    const { match, issues } = readMatch(query);
    expect(issues).toEqual([]);
    const root: unknown = JSON.parse(text);
    const holds = compileMatch(match);
    const startedMs = performance.now();
    holds(root);
    // One pass over the body for each operator; a search that branches does not end.
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  function many(count: number): number[] {
    return Array.from({ length: count }, (_, at) => at + 1);
  }
});
