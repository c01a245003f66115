import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  compileFilter,
  Filter,
  type Filterable,
  FilterScope,
  filterable,
} from "../../src/domain/filter.ts";
import {
  allowsFilter,
  allowsStation,
  compileVisibility,
  FULL_GRANT,
  Grant,
  narrowGrant,
  VIEWS,
  visibilityKey,
} from "../../src/domain/grant.ts";
import { SESSION_TYPES } from "../../src/domain/state.ts";
import { ACCOUNT_STATION } from "../../src/domain/station-id.ts";

const STATIONS = ["a", "b", "c", ACCOUNT_STATION];
const TYPES = ["session.started", "session.updated", "chargestation.online", "user.created"];
const PATTERNS = [...TYPES, "*", "session.*", "*.updated", "chargestation.*", "rate.*"];

/** An object with some of these parts, each left out as often as not. */
const some = <T extends Record<string, fc.Arbitrary<unknown>>>(parts: T) =>
  fc.record(parts, { requiredKeys: [] });
const scopeParts = {
  types: fc.subarray(PATTERNS, { minLength: 1 }),
  stations: fc.subarray(STATIONS, { minLength: 1 }),
};
const anyScope = some(scopeParts).map((scope) => FilterScope.parse(scope));
const anyFilter = some({
  ...scopeParts,
  match: fc.constantFrom({}, { n: 1 }, { n: { $gt: 1 } }, { $nor: [{ n: 1 }] }),
}).map((filter) => Filter.parse(filter));
const anyGrant: fc.Arbitrary<Grant> = fc.record({
  view: fc.constantFrom(...VIEWS),
  scopes: fc.array(anyScope, { maxLength: 2 }),
});
const anyRequest: fc.Arbitrary<Grant> = fc.record({
  view: fc.constantFrom(...VIEWS),
  scopes: anyScope.map((scope) => [scope]),
});

/** Every event that differs in something a filter can see: few enough to look at all of them. */
const EVENTS: readonly Filterable[] = STATIONS.flatMap((station) =>
  TYPES.flatMap((type) =>
    [1, 2].map((n) => filterable({ station, type }, () => JSON.stringify({ n }))),
  ),
);

const seen = (grant: Grant, filter: Filter) =>
  EVENTS.filter(compileVisibility(grant, filter).wants);

const shows = (...types: string[]) => FilterScope.parse({ types });

describe("compileVisibility", () => {
  it("lets through what every scope and the filter let through, and nothing else", () => {
    fc.assert(
      fc.property(anyGrant, anyFilter, (grant, filter) => {
        const parts = [...grant.scopes, filter].map((part) => compileFilter(part));
        const allowed = EVENTS.filter(
          (event) =>
            parts.every(({ wants }) => wants(event)) &&
            (grant.view === "events" || event.station !== ACCOUNT_STATION),
        );
        expect(seen(grant, filter)).toEqual(allowed);
      }),
    );
  });

  it("has no station in its snapshots, and no type, that a scope or the filter keeps out", () => {
    fc.assert(
      fc.property(anyGrant, anyFilter, (grant, filter) => {
        const { wantsStation, wantsType } = compileVisibility(grant, filter);
        for (const part of [...grant.scopes, filter].map((each) => compileFilter(each))) {
          const stations = STATIONS.filter(wantsStation);
          expect(stations.filter(part.wantsStation)).toEqual(stations);
          const types = TYPES.filter(wantsType);
          expect(types.filter(part.wantsType)).toEqual(types);
        }
      }),
    );
  });

  it.each(STATIONS)("shows an API key everything of %s", (station) => {
    const { view, wantsStation, showsSessions } = compileVisibility(FULL_GRANT, {});
    expect([view, wantsStation(station), showsSessions]).toEqual(["events", true, true]);
    expect(seen(FULL_GRANT, {})).toEqual(EVENTS);
  });

  it.each([
    ["of no scope", [], true],
    ["of all types", [shows("*")], true],
    ["of all types of sessions", [shows("session.*")], true],
    ["of each of those types by name", [shows(...SESSION_TYPES)], true],
    ["of all but one of them", [shows(...SESSION_TYPES.slice(1))], false],
    ["of some of those types", [shows("session.started", "session.ended")], false],
    ["of chargestations alone", [shows("chargestation.*")], false],
    ["of a ticket that has them, from a token that has not", [shows("a.*"), shows("*")], false],
    ["of a ticket that has them not, from a token that has", [shows("*"), shows("a.*")], false],
    ["of some stations", [FilterScope.parse({ stations: ["a"] })], true],
  ])("goes by the grant for the sessions in states: %s, %j, %s", (_name, scopes, expected) => {
    expect(compileVisibility({ view: "events", scopes }, {}).showsSessions).toBe(expected);
    expect(compileVisibility({ view: "state", scopes }, {}).showsSessions).toBe(false);
  });

  it("goes by the grant for sessions in states, and not by what is asked for", () => {
    expect(compileVisibility(FULL_GRANT, { types: ["chargestation.*"] }).showsSessions).toBe(true);
  });
});

describe("narrowGrant", () => {
  it("never lets through more than the grant that it narrows, nor than was asked of it", () => {
    fc.assert(
      fc.property(anyGrant, anyRequest, anyFilter, (grant, request, filter) => {
        const narrow = narrowGrant(grant, request);
        const narrowed = seen(narrow, filter);
        expect(seen(grant, filter)).toEqual(expect.arrayContaining(narrowed));
        expect(seen(request, filter)).toEqual(expect.arrayContaining(narrowed));
        const views = [grant.view, request.view];
        expect(narrow.view).toBe(views.includes("state") ? "state" : "events");
      }),
    );
  });

  it("keeps what a key gives to a token, and that to a ticket, within what is read back", () => {
    fc.assert(
      fc.property(anyRequest, anyRequest, (first, second) => {
        const grant = narrowGrant(narrowGrant(FULL_GRANT, first), second);
        expect(Grant.parse(JSON.parse(JSON.stringify(grant)))).toEqual(grant);
      }),
    );
  });

  it("shows no sessions that the grant before did not show", () => {
    fc.assert(
      fc.property(anyGrant, anyRequest, (grant, request) => {
        const before = compileVisibility(grant, {}).showsSessions;
        const after = compileVisibility(narrowGrant(grant, request), {}).showsSessions;
        expect(before || !after).toBe(true);
      }),
    );
  });
});

describe("visibilityKey", () => {
  it("is the same only for those who see the same", () => {
    const byKey = new Map<string, unknown>();
    for (const [grant, filter] of fc.sample(fc.tuple(anyGrant, anyFilter), 3_000)) {
      const key = visibilityKey(grant, filter);
      const what = { view: grant.view, seen: seen(grant, filter) };
      expect(byKey.get(key) ?? what).toEqual(what);
      byKey.set(key, what);
    }
  });

  it("does not go by the order of what is listed, nor by what is listed twice", () => {
    const one = visibilityKey({ view: "events", scopes: [{ stations: ["a", "b"] }] }, {});
    const other = visibilityKey({ view: "events", scopes: [{ stations: ["b", "a", "b"] }] }, {});
    expect(one).toBe(other);
  });

  it("tells a scope from the same words in the filter", () => {
    const scope = { stations: ["a"] };
    const granted = visibilityKey({ view: "events", scopes: [scope] }, {});
    const asked = visibilityKey({ view: "events", scopes: [] }, scope);
    expect(granted).not.toBe(asked);
  });
});

describe("allowsStation", () => {
  it.each([
    ["events", [], "a", true],
    ["events", [], ACCOUNT_STATION, true],
    ["state", [], "a", true],
    ["state", [], ACCOUNT_STATION, false],
    ["events", [{ stations: ["a"] }], "a", true],
    ["events", [{ stations: ["a"] }], "b", false],
    ["events", [{ stations: ["a", "b"] }, { stations: ["b", "c"] }], "b", true],
    ["events", [{ stations: ["a", "b"] }, { stations: ["b", "c"] }], "a", false],
    ["events", [{ stations: ["a", "b"] }, { stations: ["b", "c"] }], "c", false],
    ["state", [{ stations: [ACCOUNT_STATION] }], ACCOUNT_STATION, false],
  ] as const)("says of the view %s with %j and station %s: %s", (view, scopes, station, is) => {
    expect(allowsStation(Grant.parse({ view, scopes }), station)).toBe(is);
  });
});

describe("allowsFilter", () => {
  it.each([
    ["events", { match: { a: 1 } }, true],
    ["state", { match: { a: 1 } }, false],
    // It lets all bodies pass, and is refused all the same: the rule is about who may use it.
    ["state", { match: {} }, false],
    ["state", { types: ["*"], stations: ["a"] }, true],
  ] as const)("says of the view %s with %j: %s", (view, filter, is) => {
    expect(allowsFilter({ view, scopes: [] }, Filter.parse(filter))).toBe(is);
  });
});
