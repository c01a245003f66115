import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { EVENT_TYPES } from "../../src/domain/catalogue.ts";
import {
  EMPTY_STATE,
  type FoldableEvent,
  foldEvent,
  type StationState,
  serializeState,
} from "../../src/domain/state.ts";
import {
  availabilityOf,
  removedStation,
  seqOfState,
  withoutSessions,
} from "../../src/domain/state-view.ts";
import { MARKER, marked } from "../support/markers.ts";
import { connector, fold, iso, online, session, T } from "../support/states.ts";

const FIELDS = ["station", "seq", "online", "onlineAt", "connectors", "lastEventAt"];

const sample = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/edrv/${name}`, import.meta.url), "utf8"));
const SAMPLES = [
  sample("chargestation.data.json"),
  sample("session.data.json"),
  sample("chargestation.get_composite_schedule.accepted.json"),
];

const event = (type: string, data: unknown, at: number): FoldableEvent => ({
  type,
  occurredAtMs: T + at,
  body: JSON.stringify(marked({ _id: "x", type, object: "any", data, createdAt: iso(T + at) })),
});

/** As a public map gets it. */
const shown = (state: StationState): string => availabilityOf(serializeState("cs1", 9, state));
const connectorsOf = (text: string): unknown => JSON.parse(text).connectors;

/** Holds that nothing of what the events said is in it, besides what is promised. */
function expectAvailabilityAlone(text: string): void {
  expect(text).not.toContain(MARKER);
  const { connectors, ...rest } = JSON.parse(text);
  expect(Object.keys({ ...rest, connectors }).sort()).toEqual([...FIELDS].sort());
  for (const each of connectors) expect(Object.keys(each)).toEqual(["id", "status", "at"]);
}

describe("availabilityOf", () => {
  it("knows of 93 types", () => {
    expect(EVENT_TYPES).toHaveLength(93);
  });

  it.each(EVENT_TYPES)("gives away nothing of what a %s says", (type) => {
    for (const data of SAMPLES) {
      const state = foldEvent(fold(online(0), session(1)), event(type, data, 10));
      expectAvailabilityAlone(shown(state));
    }
  });

  it("gives away nothing of all of them together, in any order", () => {
    const anyEvent = fc
      .tuple(fc.constantFrom(...EVENT_TYPES), fc.constantFrom(...SAMPLES), fc.integer())
      .map(([type, data, at]) => event(type, data, at % 1_000_000));
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 20 }), (events) => {
        expectAvailabilityAlone(shown(events.reduce(foldEvent, EMPTY_STATE)));
      }),
    );
  });

  it("gives away nothing of bodies of any shape", () => {
    const names = ["_id", "chargestation", "connectors", "connector", "status", "online"].concat([
      "user",
      "rfid",
      "cost",
      "metrics",
      "energy_report",
      "bootInfo",
      "removed",
      "sessions",
    ]);
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom("c1", "Available", "Other", 7, true, null),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names), tie("value"), { maxKeys: 4 }),
      ),
    }));
    const anyEvent = fc
      .tuple(fc.constantFrom(...EVENT_TYPES), fc.dictionary(fc.constantFrom(...names), value))
      .map(([type, data]) => event(type, data, 1));
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 5 }), (events) => {
        expectAvailabilityAlone(shown(events.reduce(foldEvent, EMPTY_STATE)));
      }),
    );
  });

  it("holds no ICCID, IMSI, place, id tag, user or cost of a station in full use", () => {
    const told = [
      ["chargestation.online", SAMPLES[0]],
      ["session.started", SAMPLES[1]],
      ["session.updated", { ...(SAMPLES[1] as object), id_tag: "IDTAG-1" }],
    ] as const;
    const events = told.map(([type, data], at) => ({
      type,
      occurredAtMs: T + at,
      body: JSON.stringify({ type, data }),
    }));
    const text = shown(events.reduce(foldEvent, EMPTY_STATE));
    const secrets = ["89883070000004642862", "234500011399988", "52.33", "IDTAG", "61260088b"];
    for (const secret of [...secrets, "0.588", "1960", "usd", "62b1c194", "session"]) {
      expect(text).not.toContain(secret);
    }
    expect(connectorsOf(text)).toMatchObject([{ status: "Preparing" }]);
  });

  it.each([
    "Available",
    "Occupied",
    "Preparing",
    "Charging",
    "SuspendedEVSE",
    "SuspendedEV",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
  ])("shows OCPP's status %s", (status) => {
    const state = fold(connector(0, status));
    expect(connectorsOf(shown(state))).toEqual([{ id: "c1", status, at: iso(T) }]);
  });

  it.each([
    "available",
    "CHARGING",
    "Charging ",
    "Reserved by Ann",
    "+31 6 1234 5678",
    "constructor",
    "__proto__",
    MARKER,
  ])("shows null for the status %j, which is not OCPP's", (status) => {
    const state = fold(connector(0, status));
    expect(connectorsOf(shown(state))).toEqual([{ id: "c1", status: null, at: iso(T) }]);
  });

  it("is not taken in by a station that is called like a part of a state", () => {
    const text = availabilityOf(serializeState("sessions", 1, fold(online(0))));
    expect(JSON.parse(text)).toEqual({
      station: "sessions",
      seq: 1,
      online: true,
      onlineAt: iso(T),
      connectors: [],
      lastEventAt: iso(T),
    });
  });
});

describe("withoutSessions", () => {
  it("differs from the state in its sessions alone", () => {
    const state = serializeState("cs1", 3, fold(online(0), connector(1, MARKER), session(2)));
    expect(JSON.parse(state).sessions).toHaveLength(1);
    expect(JSON.parse(withoutSessions(state))).toEqual({ ...JSON.parse(state), sessions: [] });
  });
});

describe("removedStation", () => {
  it("has the fields of an availability, and says that it is gone", () => {
    const { removed, ...rest } = JSON.parse(removedStation("cs1"));
    expect([removed, Object.keys(rest)]).toEqual([true, FIELDS]);
    expect(rest).toMatchObject({ station: "cs1", online: null, connectors: [] });
  });
});

describe("seqOfState", () => {
  it.each([
    [serializeState("a.b:c_d-e", 42, EMPTY_STATE), 42],
    [serializeState("_account", 0, EMPTY_STATE), 0],
    [`{"states":[${serializeState("a", 1, EMPTY_STATE)}]}`, 0],
    ["{}", 0],
    ["", 0],
  ])("reads %.40s", (text, seq) => {
    expect(seqOfState(text)).toBe(seq);
  });
});
