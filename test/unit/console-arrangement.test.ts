import { describe, expect, it } from "vitest";

import type { FleetStation } from "../../web/live/fleet-states.ts";
import { arrange, hold, readView, type View } from "../../web/pages/stations/arrangement.ts";

const VIEW: View = { search: "", standing: null, sort: "station", isReversed: false };

function station(id: string, overrides: Partial<FleetStation> = {}): FleetStation {
  const state = { station: id, seq: 1, online: true, onlineAt: null, lastEventAt: null };
  return {
    id,
    state: { ...state, connectors: [], sessions: [] },
    standing: "available",
    powerW: 0,
    energyWh: 0,
    lastEventAtMs: 0,
    changedAtMs: null,
    lastType: null,
    ...overrides,
  };
}

describe("arrange", () => {
  it("goes by id, whatever the order they came in", () => {
    expect(arrange([station("b"), station("a"), station("c")], VIEW)).toEqual(["a", "b", "c"]);
  });

  it("puts the most power first, and those of equal power by id", () => {
    const stations = [station("b"), station("c", { powerW: 7 }), station("a"), station("d")];
    expect(arrange(stations, { ...VIEW, sort: "power" })).toEqual(["c", "a", "b", "d"]);
  });

  it("puts the most pressing status first, or last when reversed", () => {
    const stations = [station("a"), station("b", { standing: "faulted" })];
    expect(arrange(stations, { ...VIEW, sort: "status" })).toEqual(["b", "a"]);
    expect(arrange(stations, { ...VIEW, sort: "status", isReversed: true })).toEqual(["a", "b"]);
  });

  it("shows those of one status, and those that a search names by a connector of theirs", () => {
    const connectors = [{ id: "Plug7", status: null, at: "2026-01-01T00:00:00.000Z" }];
    const named = station("b", { standing: "charging" });
    const stations = [station("a"), { ...named, state: { ...named.state, connectors } }];
    expect(arrange(stations, { ...VIEW, standing: "charging" })).toEqual(["b"]);
    expect(arrange(stations, { ...VIEW, search: " plug7 " })).toEqual(["b"]);
    expect(arrange(stations, { ...VIEW, search: "nobody" })).toEqual([]);
  });
});

describe("hold", () => {
  it("moves nobody, also not one that the view would not show any more", () => {
    const view: View = { ...VIEW, standing: "charging", sort: "power" };
    const stations = [station("a"), station("b", { standing: "charging", powerW: 9 })];
    const before = ["a", "b"];
    expect(hold(before, stations, view)).toBe(before);
  });

  it("puts newcomers at the end, and lets go of stations that are gone", () => {
    const stations = [station("0"), station("b"), station("c")];
    expect(hold(["c", "a", "b"], stations, VIEW)).toEqual(["c", "b", "0"]);
  });
});

describe("readView", () => {
  it("takes what it does not know for the usual view", () => {
    const query = new URLSearchParams("status=odd&sort=odd&order=odd");
    expect(readView(query)).toEqual(VIEW);
  });
});
