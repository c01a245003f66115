import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";

import {
  EMPTY_STATE,
  type FoldableEvent,
  foldEvent,
  serializeState,
} from "../../src/domain/state.ts";
import {
  event,
  expectOnlyTime,
  fold,
  idsOf,
  iso,
  NOTHING,
  offline,
  online,
  shown,
  shownConnectors,
  T,
} from "../support/states.ts";

const Sample = z.object({ type: z.string(), createdAt: z.string() });

/** A sample of eDRV's, as a station gets it. */
function sample(name: string): FoldableEvent {
  const body = readFileSync(new URL(`../fixtures/edrv/${name}.json`, import.meta.url), "utf8");
  const { type, createdAt } = Sample.parse(JSON.parse(body));
  return { type, occurredAtMs: Date.parse(createdAt), body };
}

describe("foldEvent, of the samples that eDRV documents", () => {
  it("reads a station that comes online, with its connectors", () => {
    expect(shown(fold(sample("chargestation.online")))).toEqual({
      station: "s1",
      seq: 1,
      online: true,
      onlineAt: "2021-10-13T12:30:09.412Z",
      connectors: [
        { id: "5eafcdaf9e7760a2646be433", status: "Preparing", at: "2021-10-13T12:30:09.412Z" },
      ],
      sessions: [],
      lastEventAt: "2021-10-13T12:30:09.412Z",
    });
  });

  it("reads the status of connectors, and nothing of being online from it", () => {
    expect(shown(fold(sample("chargestation.connector_status.updated")))).toEqual({
      station: "s1",
      seq: 1,
      online: null,
      onlineAt: null,
      connectors: [
        { id: "5eafcdaf9e7760a2646be433", status: "Preparing", at: "2021-10-13T12:30:10.087Z" },
      ],
      sessions: [],
      lastEventAt: "2021-10-13T12:30:10.087Z",
    });
  });

  it.each(["session.started", "session.updated"])("reads a session from %s", (name) => {
    const at = iso(sample(name).occurredAtMs);
    expect(shown(fold(sample(name)))).toEqual({
      station: "s1",
      seq: 1,
      online: null,
      onlineAt: null,
      connectors: [],
      sessions: [
        {
          id: "62b1c19482f1fc562109c551",
          connector: "6192dea367f4bc131489c581",
          status: "Started",
          startedAt: "2022-06-21T13:03:59.000Z",
          energyWh: 1960,
          powerW: 3300,
          soc: 69,
          at,
        },
      ],
      lastEventAt: at,
    });
  });

  it("learns of an action only that there was one", () => {
    const action = sample("chargestation.get_composite_schedule.accepted");
    expectOnlyTime(fold(action), action.occurredAtMs);
  });

  it("shows no users, costs or places", () => {
    const state = fold(sample("chargestation.online"), sample("session.updated"));
    const text = serializeState("s1", 1, state);
    expect(text).not.toMatch(/user|61260088b0686130b470021c|cost|coordinates|iccid|rate/i);
  });
});

describe("foldEvent, of being online", () => {
  it("follows online and offline", () => {
    expect(shown(fold(online(0)))).toMatchObject({ online: true, onlineAt: iso(T) });
    const after = shown(fold(online(0), offline(1000)));
    expect(after).toMatchObject({ online: false, onlineAt: iso(T + 1000) });
  });

  it.each([
    "chargestation.updated",
    "chargestation.created",
    "chargestation.online.updated",
    "chargestation.connector_status.updated",
    "session.updated",
    "online",
  ])("hears nothing of it from %s", (type) => {
    expect(shown(fold(offline(0), event(type, 1, { online: true })))).toEqual({
      ...NOTHING,
      online: false,
      onlineAt: iso(T),
      lastEventAt: iso(T + 1),
    });
  });
});

describe("foldEvent, of connectors", () => {
  const status = (offsetMs: number, connectors: unknown) =>
    event("chargestation.connector_status.updated", offsetMs, { connectors });

  it("changes the connectors it is told of and keeps the others", () => {
    const both = status(0, [
      { _id: "c1", status: "Available" },
      { _id: "c2", status: "Charging" },
    ]);
    const one = status(5, [{ _id: "c2", status: "Finishing" }]);
    expect(shownConnectors(both, one)).toEqual([
      { id: "c1", status: "Available", at: iso(T) },
      { id: "c2", status: "Finishing", at: iso(T + 5) },
    ]);
  });

  it("keeps the status of a connector that is named without one", () => {
    const charging = status(0, [{ _id: "c1", status: "Charging" }]);
    for (const named of [{ _id: "c1" }, { _id: "c1", status: "" }]) {
      expect(shownConnectors(charging, status(5, [named]))).toMatchObject([
        { id: "c1", status: "Charging" },
      ]);
    }
  });

  it("cuts a status of unreasonable length", () => {
    const connectors = shownConnectors(status(0, [{ _id: "c1", status: "x".repeat(10_000) }]));
    expect(connectors[0]?.status).toBe("x".repeat(64));
  });

  it.each([
    null,
    {},
    "c1",
    [null, 7, "c1", [], {}],
    [{ _id: 7, status: "Available" }],
    [{ _id: "a/b", status: "Available" }],
    [{ id: "c1", status: "Available" }],
  ])("finds none in %j", (connectors) => {
    expect(shownConnectors(status(0, connectors))).toEqual([]);
  });

  it("keeps at most 64, the newest", () => {
    const each = Array.from({ length: 70 }, (_, at) => status(at, [{ _id: `c${at}` }]));
    const newest = Array.from({ length: 64 }, (_, at) => `c${at + 6}`);
    expect(idsOf(shownConnectors(...each))).toEqual(newest);
  });

  it("reads of a list the first 64", () => {
    const list = Array.from({ length: 70 }, (_, at) => ({ _id: `c${at}`, status: "Available" }));
    expect(idsOf(shownConnectors(status(0, list)))).toEqual(
      list.slice(0, 64).map(({ _id }) => _id),
    );
  });

  it("keeps the newest of them when many older ones come late, all at one time", () => {
    const late = Array.from({ length: 64 }, (_, at) => ({ _id: `late${at}`, status: "x" }));
    const first = status(10, [{ _id: "c1", status: "Charging" }]);
    const ids = idsOf(shownConnectors(first, status(5, late)));
    expect(ids).toHaveLength(64);
    expect(ids).toContain("c1");
  });
});

describe("foldEvent, of anything", () => {
  it.each(["", "{", "null", "[]", '{"data":null}', '{"data":[]}', '{"data":{"_id":7}}', "{}"])(
    "learns only the time from the body %j",
    (body) => {
      for (const type of ["session.updated", "chargestation.updated", "x", "session.ended"]) {
        expectOnlyTime(foldEvent(EMPTY_STATE, { type, occurredAtMs: T, body }), T);
      }
    },
  );

  it.each(["user.updated", "load_management.group.updated", "session", "constructor"])(
    "learns only the time from a %s",
    (type) => {
      const data = { _id: "se1", status: "Started", connectors: [{ _id: "c1" }] };
      expectOnlyTime(fold(event(type, 0, data)), T);
    },
  );

  it("learns nothing of sessions or connectors from actions on them", () => {
    const data = { _id: "se1", status: "Started", connectors: [{ _id: "c1" }] };
    for (const type of ["session.set_power_limit.accepted", "chargestation.reboot.requested"]) {
      expectOnlyTime(fold(event(type, 0, data)), T);
    }
  });

  it("never throws, and its state survives being stored as JSON", () => {
    const types = fc.constantFrom(
      "session.updated",
      "session.ended",
      "chargestation.online",
      "chargestation.deleted",
      "chargestation.connector_status.updated",
    );
    const measure = fc.record({ value: fc.jsonValue(), unit: fc.jsonValue() });
    const data = fc.record(
      {
        _id: fc.oneof(fc.constantFrom("a", "b"), fc.jsonValue()),
        status: fc.jsonValue(),
        connector: fc.jsonValue(),
        connectors: fc.oneof(fc.jsonValue(), fc.array(fc.record({ _id: fc.string() }))),
        metrics: fc.oneof(fc.jsonValue(), fc.record({ energyConsumed: fc.jsonValue() })),
        energy_report: fc.oneof(measure, fc.record({ power: measure, state_of_charge: measure })),
      },
      { requiredKeys: [] },
    );
    const events = fc.array(fc.tuple(types, fc.nat({ max: 9 }), fc.oneof(data, fc.jsonValue())));
    fc.assert(
      fc.property(events, (parts) => {
        const state = fold(...parts.map(([type, at, any]) => event(type, at, any)));
        JSON.stringify(state, (_, value: unknown) => {
          expect(value).not.toBeUndefined();
          if (typeof value === "number") expect(value).toSatisfy(Number.isFinite);
          return value;
        });
        expect(() => shown(state)).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });
});
