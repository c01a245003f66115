import * as fc from "fast-check";
import { Query } from "mingo";
import { describe, expect, it } from "vitest";

import { readMatch } from "../../src/domain/match.ts";
import { compileMatch } from "../../src/domain/match-evaluation.ts";
import { explainMatch } from "../../src/domain/match-explanation.ts";

type MatchQuery = Readonly<Record<string, unknown>>;

function matches(query: MatchQuery, body: unknown): boolean {
  const { match, issues } = readMatch(query);
  expect(issues).toEqual([]);
  return compileMatch(match)(body);
}

const body = {
  type: "session.updated",
  createdAt: "2026-11-22T10:15:30.123Z",
  data: {
    status: "Started",
    energy: 12.5,
    paid: false,
    user: null,
    tags: ["vip", "fleet"],
    empty: [],
    place: { city: "Utrecht", zip: "3511" },
    connectors: [
      { id: 1, status: "Available", powers: [11, 22] },
      { id: 2, status: "Charging", soc: 80 },
    ],
    grid: [
      [1, 2],
      [3, 4],
    ],
  },
};

describe("compileMatch", () => {
  it.each<[MatchQuery, boolean]>([
    [{}, true],
    [{ type: "session.updated" }, true],
    [{ type: "session.ended" }, false],
    [{ type: "session.updated", "data.status": "Ended" }, false],
    [{ "data.status": { $eq: "Started" } }, true],
    [{ "data.status": { $ne: "Started" } }, false],
    [{ "data.status": { $in: ["Ended", "Started"] } }, true],
    [{ "data.status": { $nin: ["Ended", "Started"] } }, false],
    [{ "data.status": "started" }, false],
    [{ "data.paid": false }, true],
    [{ "data.paid": 0 }, false],
    [{ "data.paid": null }, false],
    [{ "data.paid": { $ne: true } }, true],
    [{ "data.energy": 12.5 }, true],
    [{ "data.energy": "12.5" }, false],
    [{ data: "Started" }, false],
    [{ "data.status.x": { $exists: false } }, true],
  ])("compares values: %j holds: %s", (query, holds) => {
    expect(matches(query, body)).toBe(holds);
  });

  it.each<[MatchQuery, boolean]>([
    [{ "data.energy": { $gt: 12 } }, true],
    [{ "data.energy": { $gt: 12.5 } }, false],
    [{ "data.energy": { $gte: 12.5 } }, true],
    [{ "data.energy": { $lt: 12.5 } }, false],
    [{ "data.energy": { $lte: 12.5 } }, true],
    [{ "data.energy": { $gt: 12, $lt: 13 } }, true],
    [{ createdAt: { $gt: "2026-11-22T10:15:30.122Z" } }, true],
    [{ createdAt: { $gte: "2026-11-22", $lt: "2026-11-23" } }, true],
    [{ createdAt: { $lt: "2026-11-22T10:15:30.123Z" } }, false],
  ])("orders numbers, and strings such as times: %j holds: %s", (query, holds) => {
    expect(matches(query, body)).toBe(holds);
  });

  const ORDER = ["$gt", "$gte", "$lt", "$lte"];
  it.each(ORDER.flatMap((op) => [0, "", "0", 1].map((bound) => [op, bound] as const)))(
    "finds nothing of another type %s %j",
    (op, bound) => {
      const others: unknown[] = [null, true, false, {}, [], [[bound]], { a: bound }];
      others.push(typeof bound === "number" ? "5" : 5, typeof bound === "number" ? "" : -1);
      for (const a of [...others, undefined]) {
        expect(matches({ a: { [op]: bound } }, a === undefined ? {} : { a })).toBe(false);
      }
    },
  );

  it.each<[MatchQuery, boolean]>([
    [{ "data.user": null }, true],
    [{ "data.nothing": null }, true],
    [{ "data.status": null }, false],
    [{ "data.status.x": null }, true],
    [{ "data.user": { $ne: null } }, false],
    [{ "data.nothing": { $ne: null } }, false],
    [{ "data.status": { $ne: null } }, true],
    [{ "data.user": { $in: [1, null] } }, true],
    [{ "data.nothing": { $in: [null] } }, true],
    [{ "data.nothing": { $nin: [null] } }, false],
    [{ "data.nothing": { $ne: 1 } }, true],
    [{ "data.nothing": { $nin: [1] } }, true],
    [{ "data.nothing": { $not: { $gt: 1 } } }, true],
    [{ "data.user": { $exists: true } }, true],
    [{ "data.user": { $exists: false } }, false],
    [{ "data.nothing": { $exists: true } }, false],
    [{ "data.nothing": { $exists: false } }, true],
    [{ "data.connectors.soc": null }, true],
    [{ "data.connectors.id": null }, false],
    [{ "data.empty.x": null }, false],
    [{ "data.tags.x": null }, false],
    [{ "data.tags.2": null }, false],
    [{ "data.empty": null }, false],
  ])("takes null for null and for what is not there: %j holds: %s", (query, holds) => {
    expect(matches(query, body)).toBe(holds);
  });

  it.each<[MatchQuery, boolean]>([
    [{ "data.tags": "vip" }, true],
    [{ "data.tags": "none" }, false],
    [{ "data.tags": { $ne: "vip" } }, false],
    [{ "data.tags": { $nin: ["none"] } }, true],
    [{ "data.tags": ["vip", "fleet"] }, true],
    [{ "data.tags": ["fleet", "vip"] }, false],
    [{ "data.tags": ["vip"] }, false],
    [{ "data.tags": { $in: [["vip", "fleet"]] } }, true],
    [{ "data.tags.0": "vip" }, true],
    [{ "data.tags.1": "vip" }, false],
    [{ "data.tags.2": { $exists: false } }, true],
    [{ "data.tags.01": "fleet" }, false],
    [{ "data.tags.-1": { $exists: true } }, false],
    [{ "data.connectors.status": "Charging" }, true],
    [{ "data.connectors.status": { $ne: "Charging" } }, false],
    [{ "data.connectors.1.status": "Charging" }, true],
    [{ "data.connectors.0.status": "Charging" }, false],
    [{ "data.connectors.soc": { $exists: true } }, true],
    [{ "data.connectors.powers": 22 }, true],
    [{ "data.connectors.powers": { $gt: 20, $lt: 12 } }, true],
    [{ "data.connectors.powers.0": 11 }, true],
    [{ "data.connectors": { id: 2, status: "Charging", soc: 80 } }, true],
    [{ "data.grid": [1, 2] }, true],
    [{ "data.grid": 1 }, false],
    [{ "data.grid.1": 4 }, true],
    [{ "data.grid.1.0": 3 }, true],
    [{ "data.place": { zip: "3511", city: "Utrecht" } }, true],
    [{ "data.place": { city: "Utrecht" } }, false],
    [{ "data.place": { city: "Utrecht", zip: "3512" } }, false],
    [{ "data.place": { city: "Utrecht", postcode: "3511" } }, false],
    [{ "data.tags": { "0": "vip", "1": "fleet" } }, false],
    [{ "data.place": {} }, false],
    [{ "data.empty": [] }, true],
  ])("goes into arrays and compares them whole: %j holds: %s", (query, holds) => {
    expect(matches(query, body)).toBe(holds);
  });

  it.each<[MatchQuery, boolean]>([
    [{ "data.tags": { $size: 2 } }, true],
    [{ "data.tags": { $size: 1 } }, false],
    [{ "data.empty": { $size: 0 } }, true],
    [{ "data.status": { $size: 7 } }, false],
    [{ "data.connectors.status": { $size: 2 } }, false],
    [{ "data.connectors.powers": { $size: 2 } }, true],
    [{ "data.nothing": { $size: 0 } }, false],
    [{ "data.connectors": { $elemMatch: { id: 1, status: "Available" } } }, true],
    [{ "data.connectors": { $elemMatch: { id: 1, status: "Charging" } } }, false],
    [{ "data.connectors": { $elemMatch: { soc: { $gte: 80 } } } }, true],
    [{ "data.connectors": { $elemMatch: {} } }, true],
    [{ "data.tags": { $elemMatch: {} } }, false],
    [{ "data.connectors": { $elemMatch: { $or: [{ id: 5 }, { soc: 80 }] } } }, true],
    [{ "data.connectors.powers": { $elemMatch: { $gt: 11, $lt: 22 } } }, false],
    [{ "data.connectors.powers": { $elemMatch: { $gt: 11, $lte: 22 } } }, true],
    [{ "data.tags": { $elemMatch: { $ne: "vip" } } }, true],
    [{ "data.tags": { $elemMatch: { $nin: ["vip", "fleet"] } } }, false],
    [{ "data.grid": { $elemMatch: { $gt: 3 } } }, false],
    [{ "data.grid": { $elemMatch: { $elemMatch: { $gt: 3 } } } }, true],
    [{ "data.grid": { $elemMatch: { $size: 2 } } }, true],
    [{ "data.grid": { $elemMatch: { "1": 4 } } }, true],
    [{ "data.place": { $elemMatch: { city: "Utrecht" } } }, false],
    [{ "data.connectors": { $not: { $elemMatch: { status: "Faulted" } } } }, true],
  ])("counts and picks elements: %j holds: %s", (query, holds) => {
    expect(matches(query, body)).toBe(holds);
  });

  const yes = { type: "session.updated" };
  const no = { type: "x" };
  it.each<[MatchQuery, boolean]>([
    [{ $and: [yes, yes] }, true],
    [{ $and: [yes, no] }, false],
    [{ $or: [no, yes] }, true],
    [{ $or: [no, no] }, false],
    [{ $nor: [no, no] }, true],
    [{ $nor: [no, yes] }, false],
    [{ $or: [yes], $nor: [yes] }, false],
    [{ $and: [{ $or: [no, { $nor: [no] }] }, yes] }, true],
    [{ "data.energy": { $not: { $gt: 20 } } }, true],
    [{ "data.energy": { $not: { $gt: 10, $lt: 20 } } }, false],
    [{ "data.tags": { $not: { $in: ["vip"] } } }, false],
    [{ "data.energy": { $not: { $not: { $gt: 10 } } } }, true],
  ])("joins and negates: %j holds: %s", (query, holds) => {
    expect(matches(query, body)).toBe(holds);
  });

  it.each(["toString", "constructor", "__proto__", "hasOwnProperty", "length", "constructor.name"])(
    "sees no %s that the body does not hold",
    (name) => {
      for (const a of [{}, [], "text", 1, true, null]) {
        expect(matches({ [`a.${name}`]: { $exists: true } }, { a })).toBe(false);
      }
      expect(matches({ [name]: { $exists: true } }, {})).toBe(false);
    },
  );

  it("sees fields with such names, and is not misled by them", () => {
    const hostile: unknown = JSON.parse(
      '{"__proto__":{"x":1},"constructor":{"name":1},"toString":2,"hasOwnProperty":3,"length":4}',
    );
    const names = ["__proto__.x", "constructor.name", "toString", "hasOwnProperty", "length"];
    const queries = names.map((name, at) => ({ [name]: Math.max(1, at) }));
    expect(queries.map((query) => matches(query, hostile))).toEqual([true, true, true, true, true]);
    expect(matches({ x: { $exists: true } }, hostile)).toBe(false);
    for (const condition of [{ $gt: 1 }, { $in: ["x"] }, { $size: 4 }, { $eq: { b: {} } }]) {
      expect(matches({ a: condition }, { a: hostile })).toBe(false);
      expect(matches({ a: condition }, { a: [hostile] })).toBe(false);
    }
    expect(matches({ a: { $eq: JSON.parse('{"__proto__":1}') } }, { a: {} })).toBe(false);
    expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
  });

  it.each([
    [undefined, false],
    [null, false],
    [1, false],
    ["text", false],
    [[{ a: 1 }], false],
  ])("takes %j, which no webhook is, for nothing", (root, holds) => {
    expect(matches({ a: 1 }, root)).toBe(holds);
    expect(matches({ a: null }, root)).toBe(true);
  });
});

const names = fc.constantFrom("a", "b", "c");
const scalar = fc.constantFrom<unknown>(null, true, false, 0, 1, 2, "", "a", "b");

describe("compileMatch, whatever the body", () => {
  const hostileName = fc.constantFrom("a", "0", "length", "__proto__", "constructor", "toString");
  const hostile = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, scalar, tie("array"), tie("object")),
    array: fc.array(tie("value"), { maxLength: 4 }),
    // From text, so that __proto__ is a field.
    object: fc
      .array(fc.tuple(hostileName, tie("value")), { maxLength: 4 })
      .map((fields): unknown =>
        JSON.parse(`{${fields.map(([k, v]) => `"${k}":${JSON.stringify(v)}`).join()}}`),
      ),
  })).value;
  const path = fc.array(hostileName, { minLength: 1, maxLength: 4 }).map((all) => all.join("."));
  const order = fc.constantFrom("$gt", "$gte", "$lt", "$lte");
  const { match } = fc.letrec<{ match: unknown; condition: unknown; field: unknown }>((tie) => ({
    condition: fc
      .oneof(
        { maxDepth: 3 },
        fc.tuple(fc.constantFrom("$eq", "$ne"), hostile),
        fc.tuple(order, fc.constantFrom<unknown>(0, 1, "", "a")),
        fc.tuple(fc.constantFrom("$in", "$nin"), fc.array(hostile, { minLength: 1, maxLength: 3 })),
        fc.tuple(fc.constant("$exists"), fc.boolean()),
        fc.tuple(fc.constant("$size"), fc.nat(3)),
        fc.tuple(fc.constant("$not"), tie("condition")),
        fc.tuple(fc.constant("$elemMatch"), fc.oneof(tie("match"), tie("condition"))),
      )
      .map((entry) => Object.fromEntries([entry])),
    field: fc.tuple(path, tie("condition")).map((entry) => Object.fromEntries([entry])),
    match: fc.oneof(
      { maxDepth: 3 },
      tie("field"),
      fc
        .tuple(
          fc.constantFrom("$and", "$or", "$nor"),
          fc.array(tie("match"), { minLength: 1, maxLength: 3 }),
        )
        .map((entry) => Object.fromEntries([entry])),
    ),
  }));

  it("answers and does not throw, and has reasons if and only if it does not match", () => {
    fc.assert(
      fc.property(match, hostile, (query, root) => {
        const { match: read, issues } = readMatch(query);
        fc.pre(issues.length === 0);
        const reasons = explainMatch(read, root);
        expect(reasons.length === 0).toBe(compileMatch(read)(root));
        for (const { message } of reasons) expect(message.length).toBeLessThan(1_200);
      }),
      { numRuns: 3_000 },
    );
  });

  it("does not change what is negated twice", () => {
    fc.assert(
      fc.property(match, hostile, (query, root) => {
        const { match: read, issues } = readMatch({ $nor: [{ $nor: [query] }] });
        fc.pre(issues.length === 0);
        expect(compileMatch(read)(root)).toBe(compileMatch(readMatch(query).match)(root));
      }),
    );
  });

  it("gives an opinion on junk without throwing", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (query, root) => {
        const { match: read } = readMatch(query);
        expect(typeof compileMatch(read)(root)).toBe("boolean");
      }),
    );
  });
});

describe("compileMatch beside another implementation", () => {
  /** Bodies and queries of which mingo answers as MongoDB does: no arrays below arrays, and no null. */
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 3 }, scalar, tie("object"), fc.array(scalar, { maxLength: 3 })),
    object: fc.dictionary(names, tie("any"), { maxKeys: 3, noNullPrototype: true }),
  }));
  const flat = fc.dictionary(names, scalar, { maxKeys: 3, noNullPrototype: true });
  const list = fc.array(flat, { maxLength: 3 });
  const root = fc.record({ a: fc.oneof(value.any, list), b: value.any }, { noNullPrototype: true });
  const path = fc.array(names, { minLength: 1, maxLength: 3 }).map((all) => all.join("."));
  const solid = scalar.filter((one) => one !== null);
  const comparable = fc.constantFrom<unknown>(0, 1, 2, "", "a", "b");
  const condition = fc
    .oneof(
      fc.tuple(fc.constantFrom("$eq", "$ne"), solid),
      fc.tuple(fc.constantFrom("$gt", "$gte", "$lt", "$lte"), comparable),
      fc.tuple(fc.constantFrom("$in", "$nin"), fc.array(solid, { minLength: 1, maxLength: 3 })),
    )
    .map((entry): MatchQuery => Object.fromEntries([entry]));
  const field = fc
    .tuple(
      path,
      fc.oneof(
        condition,
        condition.map(($not) => ({ $not })),
      ),
    )
    .map((entry): MatchQuery => Object.fromEntries([entry]));
  const group = fc
    .tuple(fc.constantFrom("$and", "$or", "$nor"), fc.array(field, { minLength: 1, maxLength: 3 }))
    .map((entry): MatchQuery => Object.fromEntries([entry]));

  it("answers alike", () => {
    fc.assert(
      fc.property(fc.oneof(field, group), root, (query, one) => {
        expect(matches(query, one)).toBe(new Query(query).test(one));
      }),
      { numRuns: 5_000 },
    );
  });
});
