import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  EMPTY_STATE,
  type FoldableEvent,
  foldEvent,
  forgetStation,
  type StationState,
} from "../../src/domain/state.ts";
import {
  connector,
  deleted,
  event,
  expectGoneUntil,
  fold,
  foldOnto,
  HOUR,
  idsOf,
  iso,
  NOTHING,
  offline,
  online,
  session,
  shown,
  shownConnectors,
  shownSessions,
  T,
} from "../support/states.ts";

describe("foldEvent, of events that come late", () => {
  it("is not set back by them", () => {
    const state = fold(online(10), connector(10, "Charging"), session(10));
    const now = shown(state);
    expect(shown(fold(online(10), offline(5)))).toMatchObject({
      online: true,
      onlineAt: iso(T + 10),
    });
    expect(shown(foldEvent(state, connector(5, "Available"))).connectors).toEqual(now.connectors);
    expect(shown(foldEvent(state, session(5, "se1", "created"))).sessions).toEqual(now.sessions);
    expect(shown(foldEvent(state, offline(5))).lastEventAt).toBe(iso(T + 10));
  });

  it("still learns from them what it did not know", () => {
    const before = fold(connector(10, "Charging"), session(10));
    const late = [offline(5), connector(5, "Faulted", "c2"), session(5, "se2")];
    const after = shown(foldOnto(before, ...late));
    expect(after.online).toBe(false);
    expect(idsOf(after.connectors)).toEqual(["c1", "c2"]);
    expect(idsOf(after.sessions)).toEqual(["se1", "se2"]);
  });

  it("goes by the later one of equal times", () => {
    expect(shown(fold(online(5), offline(5))).online).toBe(false);
    expect(shown(fold(offline(5), online(5))).online).toBe(true);
    expect(shownConnectors(connector(5, "A"), connector(5, "B"))[0]?.status).toBe("B");
    expect(shownSessions(session(5, "se1", "A"), session(5, "se1", "B"))[0]?.status).toBe("B");
  });
});

describe("foldEvent, of a station that is deleted", () => {
  const full = fold(online(0), connector(0, "Charging"), session(0));

  it("forgets what was there", () => {
    const gone = foldEvent(full, deleted(10));
    expect(shown(gone)).toEqual({ ...NOTHING, lastEventAt: iso(T + 10) });
    expect(gone).toEqual(fold(deleted(10)));
    expectGoneUntil(gone, 10);
  });

  it("is there again with the next event, and knows only that", () => {
    for (const next of [online(20), session(20, "se2"), event("chargestation.updated", 20)]) {
      expect(fold(online(0), deleted(10), next).isGone).toBe(false);
    }
    const back = foldOnto(full, deleted(10), connector(20, "Available", "c2"));
    expect(back.isGone).toBe(false);
    expect(shown(back)).toMatchObject({ online: null, sessions: [] });
    expect(idsOf(shown(back).connectors)).toEqual(["c2"]);
  });

  it("does not come back by an event from before", () => {
    const gone = foldEvent(full, deleted(10));
    for (const late of [online(5), connector(5, "A"), session(5), event("user.updated", 5)]) {
      expect(foldEvent(gone, late)).toEqual(gone);
    }
    expect(gone.isGone).toBe(true);
  });

  it("goes by the later one when an event is of the same time", () => {
    const back = fold(deleted(10), online(10));
    expect([back.isGone, shown(back).online]).toEqual([false, true]);
    const gone = fold(online(10), deleted(10));
    expect(shown(gone).online).toBeNull();
    expectGoneUntil(gone, 10);
  });

  it("keeps what is newer than a deletion that comes late", () => {
    const state = fold(connector(5, "Old"), online(20), session(20), deleted(10));
    expect(state.isGone).toBe(false);
    expect(shown(state)).toMatchObject({ online: true, connectors: [] });
    expect(idsOf(shown(state).sessions)).toEqual(["se1"]);
  });

  it.each([
    ["its being online", online(5)],
    ["a connector", connector(5, "Charging")],
    ["a session", session(5)],
  ])("does not learn %s from before its deletion once it is there again", (_name, late) => {
    const back = fold(deleted(10), event("chargestation.updated", 20));
    expect(foldEvent(back, late)).toEqual(back);
  });

  it("keeps the newer of two deletions", () => {
    expectGoneUntil(fold(deleted(10), deleted(5)), 10);
    expectGoneUntil(fold(deleted(5), deleted(10)), 10);
  });
});

describe("forgetStation", () => {
  it("forgets all that is known, even what claims to be later than now", () => {
    const state = fold(online(HOUR), connector(HOUR, "Charging"), session(HOUR));
    const gone = forgetStation(state, T);
    expect(shown(gone)).toMatchObject({
      online: null,
      onlineAt: null,
      connectors: [],
      sessions: [],
    });
    expectGoneUntil(gone, HOUR);
    expectGoneUntil(forgetStation(EMPTY_STATE, T), 0);
  });
});

type Make = (offsetMs: number) => FoldableEvent;

const RUN_MS = 14_000;
const SESSION_IDS = ["se1", "se2", "se3"];

/** What anyone can see of a state, in an order of its own. */
function visible(state: StationState): unknown {
  const { connectors, sessions, ...rest } = shown(state);
  const byId = (a: { readonly id: string }, b: { readonly id: string }) =>
    a.id < b.id ? -1 : Number(a.id > b.id);
  return {
    ...rest,
    isGone: state.isGone,
    connectors: connectors.toSorted(byId),
    sessions: sessions.toSorted(byId),
    remembered: remembered(state),
  };
}

/** What it does not show but goes by: the sessions that are over, and since when anything counts. */
function remembered(state: StationState): unknown {
  const revived = foldOnto(state, ...SESSION_IDS.map((id) => session(RUN_MS, id, "Charging")));
  const running = new Set(idsOf(shown(revived).sessions));
  const times = Array.from({ length: RUN_MS / 1000 }, (_, index) => index * 1000);
  return {
    over: SESSION_IDS.filter((id) => !running.has(id)),
    counts: times.filter((at) => {
      const after = shown(foldEvent(state, session(at, "another")));
      return idsOf(after.sessions).includes("another");
    }),
  };
}

/** Holds that these events give the same state in the order of their times and in any other. */
function expectAnyOrder(make: fc.Arbitrary<Make>): void {
  const arrivals = fc.array(make, { minLength: 1, maxLength: 14 }).chain((makes) => {
    const events = makes.map((at, index) => at(index * 1000));
    const shuffled = fc.shuffledSubarray(events, { minLength: events.length });
    return fc.tuple(fc.constant(events), shuffled);
  });
  fc.assert(
    fc.property(arrivals, ([events, shuffled]) => {
      expect(visible(fold(...shuffled))).toEqual(visible(fold(...events)));
    }),
    { numRuns: 400 },
  );
}

describe("foldEvent, in any order of arrival", () => {
  const status = fc.constantFrom("Available", "Charging", "Faulted");
  const connectors = fc.array(fc.record({ _id: fc.constantFrom("c1", "c2", "c3"), status }), {
    minLength: 1,
    maxLength: 3,
  });
  const measures = fc.record({
    connector: fc.constantFrom("c1", "c2"),
    status: fc.constantFrom("Started", "Charging", "Ended"),
    metrics: fc.nat({ max: 9 }).map((wh) => ({
      energyConsumed: wh,
      chargingStart: "2026-11-22T10:00:00Z",
    })),
    energy_report: fc.nat({ max: 9 }).map((value) => ({
      power: { value, unit: "kW" },
      state_of_charge: { value, unit: "Percent" },
    })),
  });
  const sessionId = fc.constantFrom(...SESSION_IDS);
  const power = fc.constantFrom("chargestation.online", "chargestation.offline").map(
    (type): Make =>
      (at) =>
        event(type, at),
  );
  const connectorEvent = fc
    .tuple(
      fc.constantFrom("chargestation.connector_status.updated", "chargestation.online"),
      connectors,
    )
    .map(
      ([type, list]): Make =>
        (at) =>
          event(type, at, { connectors: list }),
    );
  const sessionType = fc.constantFrom(
    "session.started",
    "session.updated",
    "session.updated",
    "session.ended",
    "session.set_power_limit.accepted",
  );
  const sessionEvent = fc.tuple(sessionType, sessionId, measures).map(
    ([type, _id, rest]): Make =>
      (at) =>
        event(type, at, { _id, ...rest }),
  );
  const partial = fc.oneof(
    fc
      .tuple(sessionId, fc.subarray(["connector", "status", "metrics", "energy_report"]), measures)
      .map(([_id, kept, rest]): Make => {
        const entries = Object.entries(rest).filter(([name]) => kept.includes(name));
        return (at) => event("session.updated", at, { _id, ...Object.fromEntries(entries) });
      }),
    fc.constant<Make>((at) => event("chargestation.updated", at, { connectors: [{ _id: "c1" }] })),
  );

  it("comes to the same state", () => {
    expectAnyOrder(fc.oneof(power, connectorEvent, sessionEvent));
  });

  it("comes to the same state when events leave things out", () => {
    expectAnyOrder(fc.oneof(power, connectorEvent, sessionEvent, partial));
  });

  it("comes to the same state when the station is deleted in between", () => {
    expectAnyOrder(fc.oneof(power, connectorEvent, sessionEvent, fc.constant<Make>(deleted)));
  });
});
