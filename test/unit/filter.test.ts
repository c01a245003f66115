import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  compileFilter,
  Filter,
  type Filterable,
  filterable,
  filterKey,
  MAX_FILTER_BYTES,
  MAX_FILTER_STATIONS,
} from "../../src/domain/filter.ts";

const STATION = "6192dea22df1431ea2c4720d";
const accepts = (filter: unknown) => Filter.safeParse(filter).success;
const event = (type: string, station = STATION, body: unknown = {}): Filterable =>
  filterable({ type, station }, () => JSON.stringify(body));
const wantsType = (pattern: string, type: string) =>
  compileFilter({ types: [pattern] }).wants(event(type));

/** A filter of exactly this many bytes as JSON: stations of 13 characters and one that fills up. */
function filterOfBytes(bytes: number): Filter {
  const stations = Array.from({ length: 900 }, (_, at) => `s${String(at).padStart(12, "0")}`);
  const pad = (length: number) => ({ stations: [...stations, ...filler(length)] });
  const left = bytes - JSON.stringify(pad(0)).length;
  return pad(left);
}

/** Station ids that take this many bytes of a list, commas and quotes included. */
function filler(bytes: number): string[] {
  if (bytes <= 0) return [];
  const length = bytes > 128 ? 100 : bytes;
  return ["f".repeat(length - 3), ...filler(bytes - length)];
}

describe("Filter", () => {
  it.each([
    {},
    { types: ["*"] },
    { types: ["session.*", "chargestation.online"] },
    { types: ["*.updated", "a.*.c", "*.*", "with_underscore.x-1"] },
    { types: ["a".repeat(128)] },
    { stations: [STATION, "_account", "A-1.b:c_d"] },
    { types: ["session.ended"], stations: [STATION] },
    { match: {} },
    { match: { "data.status": { $in: ["Started"] } } },
    { types: ["*"], stations: [STATION], match: { $or: [{ a: 1 }, { "b.0": null }] } },
    JSON.parse('{"match":{"__proto__":1,"constructor":{"$ne":{"__proto__":2}}}}'),
  ])("accepts %j and keeps it as it is", (filter) => {
    expect(Filter.parse(filter)).toEqual(filter);
  });

  it.each([
    "",
    ".",
    "session.",
    ".updated",
    "session..updated",
    "session*",
    "*session",
    "session.up*",
    "**",
    "session.**",
    "session. updated",
    "session.updated ",
    "session\n",
    "sessión",
    "a".repeat(129),
    7,
    null,
    ["session.*"],
  ])("refuses the type pattern %j", (pattern) => {
    expect(accepts({ types: ["session.updated", pattern] })).toBe(false);
  });

  it.each(["", "_", "__account", "-a", "a/b", "a b", "ä", "a\n", "*", "a".repeat(129), 7, null])(
    "refuses the station %j",
    (station) => {
      expect(accepts({ stations: [STATION, station] })).toBe(false);
    },
  );

  it.each([
    null,
    [],
    "session.*",
    7,
    { type: ["session.*"] },
    { types: "session.*" },
    { types: {} },
    { types: null },
    { types: [] },
    { stations: [] },
    { stations: STATION },
    { types: ["*"], typos: [] },
    { match: null },
    { match: [] },
    { match: "{}" },
    { match: { "data.status": { $regex: "S" } } },
    { matches: {} },
    JSON.parse('{"__proto__":["*"]}'),
  ])("refuses %j, for none is ever ignored", (filter) => {
    expect(accepts(filter)).toBe(false);
  });

  it("takes 1000 stations and no more", () => {
    const stations = Array.from({ length: MAX_FILTER_STATIONS + 1 }, (_, at) => `s${at}`);
    expect(MAX_FILTER_STATIONS).toBe(1000);
    expect(accepts({ stations: stations.slice(2) })).toBe(true);
    expect(accepts({ stations: stations.slice(1) })).toBe(true);
    expect(accepts({ stations })).toBe(false);
  });

  it.each([
    [MAX_FILTER_BYTES - 1, true],
    [MAX_FILTER_BYTES, true],
    [MAX_FILTER_BYTES + 1, false],
  ])("of %i bytes is accepted: %s", (bytes, accepted) => {
    const filter = filterOfBytes(bytes);
    expect(JSON.stringify(filter)).toHaveLength(bytes);
    expect(accepts(filter)).toBe(accepted);
  });

  it("says what is wrong with a match, and where", () => {
    const { error } = Filter.safeParse({ match: { "data.status": { $in: "Started" } } });
    expect(error?.issues).toMatchObject([
      { path: ["match", "data.status.$in"], message: "expected a list of one or more values" },
    ]);
    const { error: whole } = Filter.safeParse({ match: [] });
    expect(whole?.issues).toMatchObject([{ path: ["match"], message: "expected an object" }]);
  });

  it("refuses a match that is too deep to be written out", () => {
    const match: unknown = JSON.parse(`${'{"$and":['.repeat(50_000)}{}${"]}".repeat(50_000)}`);
    expect(accepts({ match })).toBe(false);
  });

  it.each([
    ["a", MAX_FILTER_BYTES - 1, true],
    ["a", MAX_FILTER_BYTES, true],
    ["a", MAX_FILTER_BYTES + 1, false],
    ["€", MAX_FILTER_BYTES - 1, true],
    ["€", MAX_FILTER_BYTES, true],
    ["€", MAX_FILTER_BYTES + 1, false],
  ])("with a match of many %s, of %i bytes in all, is accepted: %s", (letter, bytes, accepted) => {
    const left = bytes - JSON.stringify({ match: { a: "" } }).length;
    const size = new TextEncoder().encode(letter).length;
    const value = letter.repeat(Math.floor(left / size)) + "x".repeat(left % size);
    const filter = { match: { a: value } };
    expect(new TextEncoder().encode(JSON.stringify(filter))).toHaveLength(bytes);
    expect(accepts(filter)).toBe(accepted);
  });

  it("takes 16 KiB", () => {
    expect(MAX_FILTER_BYTES).toBe(16_384);
  });
});

describe("compileFilter", () => {
  it.each([
    ["session.*", "session.updated", true],
    ["session.*", "session.target.cost.reached", true],
    ["session.*", "session", false],
    ["session.*", "sessions.updated", false],
    ["session.*", "relay.session.updated", false],
    ["session.updated", "session.updated", true],
    ["session.updated", "session.updated.twice", false],
    ["session.updated", "session", false],
    ["session.updated", "session_updated", false],
    ["session.updated", "Session.Updated", false],
    ["*", "session", true],
    ["*", "session.target.cost.reached", true],
    ["*", "a type that eDRV never had", true],
    ["*", "..", true],
    ["*.updated", "session.updated", true],
    ["*.updated", "chargestation.connector_status.updated", true],
    ["*.updated", "updated", false],
    ["*.updated", "session.updated.x", false],
    ["a.*.c", "a.b.c", true],
    ["a.*.c", "a.b.b.c", true],
    ["a.*.c", "a.c.c", true],
    ["a.*.c", "a.c", false],
    ["a.*.c", "a.b.c.d", false],
    ["*.*", "session", false],
    ["*.*", "session.updated", true],
    ["*.*", "a.b.c", true],
    ["*.b.*", "a.b.c", true],
    ["*.b.*", "b.b.b", true],
    ["*.b.*", "b.c", false],
    ["*.b.*.b.*", "a.b.b.b.c", true],
    ["*.b.*.b.*", "a.b.b.c", false],
    ["s.s.s", "s.s.s", true],
    ["constructor.*", "constructor.x", true],
    ["a+b.(c)", "a+b.(c)", true],
    ["a+b.*", "aab.c", false],
  ])("lets %s match %s: %s", (pattern, type, matches) => {
    expect(wantsType(pattern, type)).toBe(matches);
  });

  it("wants what any pattern and any station lets through, when both do", () => {
    const { wants } = compileFilter({ types: ["session.*", "*.online"], stations: ["s1", "s2"] });
    expect(wants(event("session.ended", "s1"))).toBe(true);
    expect(wants(event("chargestation.online", "s2"))).toBe(true);
    expect(wants(event("chargestation.offline", "s2"))).toBe(false);
    expect(wants(event("session.ended", "s3"))).toBe(false);
  });

  it("leaves open what it does not name", () => {
    const all = compileFilter({});
    expect(all.wants(event("x", "_account"))).toBe(true);
    expect(all.wantsStation("any")).toBe(true);
    const typed = compileFilter({ types: ["x"] });
    expect(typed.wantsStation("any")).toBe(true);
  });

  it("takes a station's id as it is, not as a prefix or a pattern", () => {
    const { wantsStation } = compileFilter({ stations: ["s1", "constructor"] });
    const asked = ["s1", "constructor", "s", "s11", "S1", "toString", "_account"];
    expect(asked.map(wantsStation)).toEqual([true, true, false, false, false, false, false]);
  });

  it("wants what all three parts let through", () => {
    const { wants } = compileFilter({
      types: ["session.*"],
      stations: ["s1"],
      match: { "data.status": { $in: ["Started"] } },
    });
    const started = { data: { status: "Started" } };
    expect(wants(event("session.updated", "s1", started))).toBe(true);
    expect(wants(event("session.updated", "s1", { data: { status: "Ended" } }))).toBe(false);
    expect(wants(event("session.updated", "s2", started))).toBe(false);
    expect(wants(event("chargestation.online", "s1", started))).toBe(false);
  });

  it("lets nothing pass a match that cannot be read, which is never stored", () => {
    const { wants } = compileFilter({ match: { a: { $regex: "" } } });
    expect(wants(event("x", "s", { a: 1 }))).toBe(false);
  });

  it("parses a body once, however many filters look at it", () => {
    let askedCount = 0;
    const seen = filterable({ type: "x", station: "s" }, () => {
      askedCount += 1;
      return '{"a":1}';
    });
    const filters = [1, 1, 2].map((a) => compileFilter({ match: { a } }));
    expect(filters.map(({ wants }) => wants(seen))).toEqual([true, true, false]);
    expect(askedCount).toBe(1);
  });

  it("parses a body that is not JSON once, and does not throw", () => {
    let askedCount = 0;
    const seen = filterable({ type: "x", station: "s" }, () => {
      askedCount += 1;
      return "{";
    });
    const filters = [{ a: 1 }, { a: null }].map((match) => compileFilter({ match }));
    expect(filters.map(({ wants }) => wants(seen))).toEqual([false, true]);
    expect(askedCount).toBe(1);
  });

  it("leaves a body unparsed that no match asks for", () => {
    const seen = filterable({ type: "x", station: "s" }, () => {
      throw new Error("asked for");
    });
    const filters: Filter[] = [
      {},
      { types: ["x"], stations: ["s"] },
      { match: {} },
      { types: ["y"], match: { a: 1 } },
      { stations: ["t"], match: { a: 1 } },
    ];
    const wanted = filters.map((filter) => compileFilter(filter).wants(seen));
    expect(wanted).toEqual([true, true, true, false, false]);
  });

  it("answers alike when asked again, also beyond what it remembers", () => {
    const { wants } = compileFilter({ types: ["*.x"] });
    const events = Array.from({ length: 3000 }, (_, at) =>
      event(at % 2 === 0 ? `t.${at}.x` : `t.${at}.y`),
    );
    const expected = events.map((_, at) => at % 2 === 0);
    expect(events.map(wants)).toEqual(expected);
    expect(events.map(wants)).toEqual(expected);
  });

  it("matches as a reader of the rule would", () => {
    const segment = fc.constantFrom("a", "b");
    const pattern = fc.array(fc.oneof(segment, fc.constant("*")), { minLength: 1, maxLength: 6 });
    const type = fc.array(segment, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 3 }), type, (patterns, segments) => {
        const types = patterns.map((parts) => parts.join("."));
        const wanted = compileFilter({ types }).wants(event(segments.join(".")));
        expect(wanted).toBe(patterns.some((parts) => matchesNaively(parts, segments)));
      }),
      { numRuns: 1000 },
    );
  });
});

/** A star takes one segment, or one and more. */
function matchesNaively(pattern: readonly string[], segments: readonly string[]): boolean {
  const [part, ...parts] = pattern;
  const [segment, ...rest] = segments;
  if (part === undefined) return segment === undefined;
  if (segment === undefined) return false;
  if (part !== "*") return part === segment && matchesNaively(parts, rest);
  return matchesNaively(parts, rest) || matchesNaively(pattern, rest);
}

describe("filterKey", () => {
  it("is the same for the same parts in another order or twice", () => {
    const key = filterKey({ types: ["a", "b"], stations: ["s1", "s2"] });
    expect(filterKey({ stations: ["s2", "s1", "s2"], types: ["b", "a", "a"] })).toBe(key);
  });

  it("differs for filters that answer differently", () => {
    const filters: Filter[] = [
      {},
      { types: ["a"] },
      { types: ["a", "b"] },
      { types: ["a,b"] },
      { types: ['a","b'] },
      { stations: ["a"] },
      { stations: ["a", "b"] },
      { types: ["a"], stations: ["b"] },
      { types: ["b"], stations: ["a"] },
      { match: { a: 1 } },
      { match: { a: "1" } },
      { match: { a: null } },
      { match: { a: { $ne: 1 } } },
      { match: { a: { $in: [1, 2] } } },
      { match: { a: { $in: [[1, 2]] } } },
      { match: { a: [1, 2] } },
      { match: { a: [2, 1] } },
      { match: { "a.b": 1 } },
      { match: { a: { b: 1 } } },
      { match: { a: { b: 2 } } },
      { match: { a: { c: 1 } } },
      { match: { a: {} } },
      { match: { a: { $eq: 1, $lt: 5 } } },
      { match: { a: { $elemMatch: { b: 1 } } } },
      { match: { $or: [{ a: 1 }, { b: 1 }] } },
      { match: { $and: [{ a: 1 }, { b: 1 }] } },
      { match: { a: 1 }, types: ["a"] },
    ];
    const keys = filters.map(filterKey);
    expect(new Set(keys).size).toBe(filters.length);
    expect(keys.map((key) => filterKey(Filter.parse(JSON.parse(key))))).toEqual(keys);
  });

  it.each<[Record<string, unknown>, Record<string, unknown>]>([
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [{ a: 1 }, { a: { $eq: 1 } }],
    [{ a: { $gt: 1, $lt: 5 } }, { a: { $lt: 5, $gt: 1 } }],
    [{ a: { $in: [1, 2] } }, { a: { $in: [2, 1, 2] } }],
    [{ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } }],
    [{ a: [{ b: 1, c: 2 }] }, { a: [{ c: 2, b: 1 }] }],
    [{ $or: [{ a: 1 }, { b: 1 }] }, { $or: [{ b: { $eq: 1 } }, { a: 1 }, { a: 1 }] }],
    [{ a: { $not: { $gt: 1, $lt: 0 } } }, { a: { $not: { $lt: 0, $gt: 1 } } }],
    [{ a: { $elemMatch: { b: 1, c: 1 } } }, { a: { $elemMatch: { c: 1, b: 1 } } }],
  ])("is the same for the matches %j and %j", (one, other) => {
    expect(filterKey({ match: other })).toBe(filterKey({ match: one }));
  });

  it("leaves out a match that lets everything pass", () => {
    expect(filterKey({ match: {} })).toBe(filterKey({}));
    expect(filterKey({})).toBe("{}");
  });

  it("is a filter with the same key", () => {
    const match = {
      "dätä.\u2028": { $in: ['"\\', "\ud800", "€", "\ud83d\ude00"] },
      $nor: [{ a: {} }],
    };
    const key = filterKey({ types: ["a"], stations: ["s"], match });
    const again = Filter.parse(JSON.parse(key));
    expect(again).toEqual({ types: ["a"], stations: ["s"], match });
    expect(filterKey(again)).toBe(key);
  });

  it("leaves the filter as it was", () => {
    const types = ["b", "a", "b"];
    filterKey({ types });
    expect(types).toEqual(["b", "a", "b"]);
  });
});
