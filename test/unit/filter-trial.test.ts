import { describe, expect, it } from "vitest";

import { serializeEvent } from "../../src/domain/event.ts";
import type { Filter } from "../../src/domain/filter.ts";
import { FilterTrial, tryFilter } from "../../src/domain/filter-trial.ts";

const event = (body: unknown, type = "session.updated", station = "cs1") =>
  serializeEvent({
    id: "e1",
    type,
    source: "src_1",
    station,
    seq: 7,
    late: false,
    occurredAtMs: Date.UTC(2026, 10, 22),
    receivedAtMs: 0,
    body: JSON.stringify(body),
  });

const reasonsOf = (filter: Filter, body: unknown = {}, type?: string, station?: string) =>
  tryFilter(filter, [event(body, type, station)])[0]?.reasons;
const matchReasons = (match: Record<string, unknown>, body: unknown) => reasonsOf({ match }, body);

describe("tryFilter", () => {
  it("names the event and says that it matched", () => {
    const filter = { types: ["session.*"], stations: ["cs1"], match: { a: 1 } };
    expect(tryFilter(filter, [event({ a: 1 })])).toEqual([
      {
        event: {
          id: "e1",
          type: "session.updated",
          station: "cs1",
          seq: 7,
          occurredAt: "2026-11-22T00:00:00.000Z",
        },
        matched: true,
        reasons: [],
      },
    ]);
  });

  it("says of every part what it wanted and what it found", () => {
    const filter = { types: ["session.*", "*.online"], stations: ["cs1"], match: { a: 1 } };
    expect(reasonsOf(filter, { a: 2 }, "rate.created", "_account")).toEqual([
      { part: "types", message: "wanted session.* or *.online, found rate.created" },
      { part: "stations", message: "wanted cs1, found _account" },
      { part: "match", path: "a", message: 'wanted "$eq":1, found 2' },
    ]);
    expect(tryFilter(filter, [event({ a: 2 })])).toMatchObject([{ matched: false }]);
  });

  it.each([
    [5, "wanted t0 or t1 or t2 or t3 or t4, found x"],
    [7, "wanted t0 or t1 or t2 or t3 or t4 or one of 2 more, found x"],
  ])("names of %i types that were wanted five", (length, message) => {
    const types = Array.from({ length }, (_, at) => `t${at}`);
    expect(reasonsOf({ types }, {}, "x")).toEqual([{ part: "types", message }]);
  });

  it.each<[Record<string, unknown>, unknown, string, string]>([
    [
      { "data.status": { $in: ["Started"] } },
      { data: { status: "Ended" } },
      "data.status",
      'wanted "$in":["Started"], found "Ended"',
    ],
    [{ a: { $gt: 5 } }, { a: "7" }, "a", 'wanted "$gt":5, found "7"'],
    [{ "a.b": 1 }, { a: 1 }, "a.b", 'wanted "$eq":1, found nothing there'],
    [{ "a.b": 1 }, { a: [] }, "a.b", 'wanted "$eq":1, found nothing there'],
    [{ a: { $exists: false } }, { a: null }, "a", 'wanted "$exists":false, found null'],
    [{ a: 1 }, { a: { b: { c: 1 }, d: 2 } }, "a", 'wanted "$eq":1, found {"b", "d"}'],
    [
      { a: { $size: 2 } },
      { a: [1, [2], { b: 3 }, null, true, "x"] },
      "a",
      'wanted "$size":2, found [1, […], {…}, null, true, …]',
    ],
    [
      { "a.b": 1 },
      { a: [{ b: 2 }, { b: 3 }, {}, { b: 4 }, { b: 5 }] },
      "a.b",
      'wanted "$eq":1, found 2 and 3 and nothing there and 2 more',
    ],
    [{ a: { $not: { $lt: 3 } } }, { a: 2 }, "a", 'wanted "$not":{"$lt":3}, found 2'],
    [
      { a: { $elemMatch: { b: 1 } } },
      { a: [{ b: 2 }] },
      "a",
      'wanted "$elemMatch":{"b":1}, found [{…}]',
    ],
    [{ $and: [{ a: 1 }, { b: 1 }] }, { a: 1 }, "b", 'wanted "$eq":1, found nothing there'],
    [{ $nor: [{ a: 2 }, { a: 1 }] }, { a: 1 }, "$nor", 'wanted none of 2 to hold, found {"a":1}'],
  ])("says why %j does not match %j", (match, body, path, message) => {
    expect(matchReasons(match, body)).toEqual([{ part: "match", path, message }]);
  });

  it("says of each alternative why it does not hold, and of each condition", () => {
    expect(matchReasons({ $or: [{ a: 1 }, { b: { $gt: 1, $lt: 0 } }] }, { b: 1 })).toEqual([
      { part: "match", path: "$or", message: "wanted one of 2 to hold, found none that does" },
      { part: "match", path: "a", message: 'wanted "$eq":1, found nothing there' },
      { part: "match", path: "b", message: 'wanted "$gt":1, found 1' },
      { part: "match", path: "b", message: 'wanted "$lt":0, found 1' },
    ]);
  });

  it("counts no more values than there are", () => {
    expect(matchReasons({ "a.b": 1 }, { a: [{ b: 2 }, { b: 3 }, {}] })).toMatchObject([
      { message: 'wanted "$eq":1, found 2 and 3 and nothing there' },
    ]);
  });

  it("says nothing of the conditions of a path that hold", () => {
    expect(matchReasons({ a: { $gt: 1, $lt: 3 } }, { a: [4] })).toEqual([
      { part: "match", path: "a", message: 'wanted "$lt":3, found [4]' },
    ]);
    expect(matchReasons({ a: { $gt: 1, $lt: 3 }, b: 1 }, { a: 3, b: 1 })).toEqual([
      { part: "match", path: "a", message: 'wanted "$lt":3, found 3' },
    ]);
  });

  it("is short, whatever is wanted or found", () => {
    const long = "x".repeat(15_000);
    const stations = Array.from({ length: 1_000 }, (_, at) => `cs${at}`);
    const alternatives = Array.from({ length: 60 }, (_, at) => ({ [`p${at}`]: at }));
    const filters: [Filter, unknown][] = [
      [{ match: { a: long } }, { a: `${long}y` }],
      [{ match: { a: { $size: 1 } } }, { a: Array(1_000).fill(long) }],
      [{ match: { a: 1 } }, { a: Object.fromEntries(stations.map((name) => [name + long, 1])) }],
      [{ match: { "a.b": 1 } }, { a: Array(1_000).fill({ b: long }) }],
      [{ match: { $nor: [{ a: long }] } }, { a: long }],
      [{ match: { $or: alternatives } }, {}],
      [{ stations: stations.slice(1) }, {}],
      [{ types: stations }, {}],
    ];
    for (const [filter, body] of filters) {
      const reasons = reasonsOf(filter, body, "session.updated", "cs0") ?? [];
      expect(reasons.length).toBeGreaterThan(0);
      expect(reasons.length).toBeLessThanOrEqual(20);
      for (const { message } of reasons) expect(message.length).toBeLessThan(800);
    }
  });

  it("looks no deeper than it shows", () => {
    const levels = 100_000;
    const body: unknown = { deep: 0 };
    const text = event(body).replace(
      '{"deep":0}',
      `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`,
    );
    expect(tryFilter({ match: { a: 1 } }, [text])[0]?.reasons).toEqual([
      { part: "match", path: "a", message: 'wanted "$eq":1, found [[…]]' },
    ]);
  });
});

describe("FilterTrial", () => {
  it("takes a filter, and 20 events of all types unless told otherwise", () => {
    expect(FilterTrial.parse({ filter: {} })).toEqual({ filter: {}, limit: 20 });
  });

  it.each([
    [{ filter: {}, type: "session.*" }, true],
    [{ filter: {}, type: "session.**" }, false],
    [{ filter: {}, type: ["session.*"] }, false],
    [{ filter: {}, limit: 0 }, false],
    [{ filter: {}, limit: 1 }, true],
    [{ filter: {}, limit: 2 }, true],
    [{ filter: {}, limit: 49 }, true],
    [{ filter: {}, limit: 50 }, true],
    [{ filter: {}, limit: 51 }, false],
    [{ filter: {}, limit: "5" }, false],
    [{ filter: {}, types: ["x"] }, false],
    [{ filter: { match: { a: { $regex: "" } } } }, false],
    [{}, false],
  ])("of %j is accepted: %s", (trial, accepted) => {
    expect(FilterTrial.safeParse(trial).success).toBe(accepted);
  });
});
