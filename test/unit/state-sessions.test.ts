import { describe, expect, it } from "vitest";

import { foldEvent, MAX_SESSIONS } from "../../src/domain/state.ts";
import {
  event,
  fold,
  foldOnto,
  HOUR,
  idsOf,
  online,
  session,
  shown,
  shownSessions,
  T,
} from "../support/states.ts";

const ended = (offsetMs: number, id = "se1", type = "session.ended") =>
  event(type, offsetMs, { _id: id, status: "Ended" });

describe("foldEvent, of sessions", () => {
  it.each(["session.ended", "session.cancelled", "session.start_failure"])(
    "ends one at %s, whenever that happened",
    (type) => {
      expect(shownSessions(session(5), ended(10, "se1", type))).toEqual([]);
      expect(shownSessions(session(10), ended(5, "se1", type))).toEqual([]);
    },
  );

  it.each(["Ended", "ended", "CANCELLED", "canceled", "Completed"])(
    "ends one whose status is %s",
    (status) => {
      expect(shownSessions(session(5), session(10, "se1", status))).toEqual([]);
    },
  );

  it.each(["session.stop_failure", "session.target.cost.reached", "session.ev_charged"])(
    "does not end one at %s",
    (type) => {
      const data = { _id: "se1", status: "Started" };
      expect(idsOf(shownSessions(session(5), event(type, 10, data)))).toEqual(["se1"]);
    },
  );

  it("does not revive one within 24 hours of its end, in whatever order they come", () => {
    const over = fold(session(0), ended(10));
    for (const offsetMs of [5, 10, 11, HOUR, 24 * HOUR + 9]) {
      expect(shown(foldEvent(over, session(offsetMs))).sessions).toEqual([]);
    }
    expect(shownSessions(ended(10), online(24 * HOUR + 9), session(5))).toEqual([]);
  });

  it("does not forget one that ended because another event comes late", () => {
    expect(shownSessions(ended(10), online(-48 * HOUR), session(5))).toEqual([]);
  });

  it("forgets an ended one after a day, so that its memory is bounded", () => {
    const later = online(24 * HOUR + 10);
    expect(fold(ended(10), later)).toEqual(fold(later));
  });

  it("remembers one that is said to have ended twice once, and as of the later end", () => {
    expect(fold(ended(20), ended(10))).toEqual(fold(ended(20)));
    expect(fold(ended(10), ended(20))).toEqual(fold(ended(20)));
  });

  it("remembers a hundred ended ones", () => {
    const ids = Array.from({ length: 100 }, (_, at) => `se${at}`);
    const over = fold(...ids.map((id) => ended(10, id)));
    const late = ids.map((id) => session(5, id));
    expect(shown(foldOnto(over, ...late)).sessions).toEqual([]);
  });

  it.each([MAX_SESSIONS - 1, MAX_SESSIONS, MAX_SESSIONS + 1])(
    "keeps the newest 32 of %i",
    (count) => {
      const ids = Array.from({ length: count }, (_, at) => `se${at}`);
      const sessions = shownSessions(...ids.map((id, at) => session(at, id)));
      expect(idsOf(sessions)).toEqual(ids.slice(-32));
    },
  );

  it("does not let a late one displace a newer one", () => {
    const ids = Array.from({ length: 32 }, (_, at) => `se${at}`);
    const full = fold(...ids.map((id, at) => session(10 + at, id)));
    const idsAfter = (at: number, id: string) =>
      idsOf(shown(foldEvent(full, session(at, id))).sessions);
    expect(idsAfter(5, "late")).toEqual(ids);
    expect(idsAfter(100, "new")).toEqual([...ids.slice(1), "new"]);
  });

  it("does not let late ones, all at one time, displace a newer one", () => {
    const late = Array.from({ length: 32 }, (_, at) => session(5, `late${at}`));
    expect(idsOf(shownSessions(session(10, "newest"), ...late))).toContain("newest");
  });
});

/** The one session of a station that has heard this of it. */
function heard(data: Record<string, unknown>) {
  return shownSessions(event("session.updated", 0, { _id: "se1", ...data }))[0] ?? null;
}

describe("foldEvent, of a session's numbers", () => {
  it.each([
    [1960, 1960],
    ["1960", 1960],
    ["1960.5", 1960.5],
    [0, 0],
    ["0", 0],
    [null, null],
    [true, null],
    ["", null],
    [" ", null],
    ["12 kWh", null],
    ["Infinity", null],
    [{ value: 5 }, null],
    [[5], null],
  ])("reads energy consumed of %j as %j Wh", (energyConsumed, energyWh) => {
    expect(heard({ metrics: { energyConsumed } })?.energyWh).toBe(energyWh);
  });

  it.each([
    [{ value: "3.3", unit: "kW" }, 3300],
    [{ value: 3.3, unit: "kW" }, 3300],
    [{ value: "7.4", unit: "KW" }, 7400],
    [{ value: "0.1234567", unit: "kW" }, 123.457],
    [{ value: 3300, unit: "W" }, 3300],
    [{ value: "3300.5", unit: "w" }, 3300.5],
    [{ value: 11, unit: null }, 11],
    [{ value: 11 }, 11],
    [{ value: "-1.5", unit: "kW" }, -1500],
    [{ value: 0, unit: "kW" }, 0],
    [{ value: null, unit: "kW" }, null],
    [{ value: "n/a", unit: "kW" }, null],
    [{ unit: "kW" }, null],
    [3.3, null],
    [null, null],
  ])("reads power of %j as %j W", (power, powerW) => {
    expect(heard({ energy_report: { power } })?.powerW).toBe(powerW);
  });

  it.each([
    [{ value: "69", unit: "Percent" }, 69],
    [{ value: 69, unit: "Percent" }, 69],
    [{ value: 0.52, unit: null }, 52],
    [{ value: "0.52", unit: null }, 52],
    [{ value: 0.29 }, 29],
    [{ value: 0.5, unit: "Percent" }, 0.5],
    [{ value: 1, unit: null }, 100],
    [{ value: 1, unit: "Percent" }, 1],
    [{ value: 0, unit: null }, 0],
    [{ value: 69, unit: null }, 69],
    [{ value: "full" }, null],
    [0.52, null],
    [null, null],
  ])("reads the state of charge of %j as %j percent", (state_of_charge, soc) => {
    expect(heard({ energy_report: { state_of_charge } })?.soc).toBe(soc);
  });

  it("does not show a number that JSON cannot", () => {
    const body = `{"data":{"_id":"se1","metrics":{"energyConsumed":1e999}}}`;
    const endless = { type: "session.updated", occurredAtMs: T, body };
    expect(shownSessions(endless)).toMatchObject([{ id: "se1", energyWh: null }]);
    // Nor is it kept in place of one that JSON can.
    const before = event("session.updated", -1, { _id: "se1", metrics: { energyConsumed: 5 } });
    expect(shownSessions(before, endless)).toMatchObject([{ id: "se1", energyWh: 5 }]);
  });

  it("reads a start in any zone, and none that is no time", () => {
    const startedAt = (chargingStart: unknown) => heard({ metrics: { chargingStart } })?.startedAt;
    expect(startedAt("2022-06-21T15:03:59+02:00")).toBe("2022-06-21T13:03:59.000Z");
    expect([null, 7, "soon", "2022-06-21"].map(startedAt)).toEqual([null, null, null, null]);
  });

  it("reads a connector as an id or an object with one", () => {
    expect(heard({ connector: "c1" })?.connector).toBe("c1");
    expect(heard({ connector: { _id: "c1" } })?.connector).toBe("c1");
    expect(heard({ connector: "a/b" })?.connector).toBeNull();
    expect(heard({})?.connector).toBeNull();
  });
});
