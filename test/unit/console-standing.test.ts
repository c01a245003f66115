import { describe, expect, it } from "vitest";

import type { StationState } from "../../client/client.ts";
import { energyOf, powerOf, standingOf, standingOfConnector } from "../../web/live/standing.ts";

const AT = "2026-01-01T00:00:00.000Z";
const SESSION = { id: "s", connector: null, status: null, startedAt: null, soc: null, at: AT };

function state(
  overrides: Partial<StationState> = {},
  ...statuses: (string | null)[]
): StationState {
  const connectors = statuses.map((status, index) => ({ id: String(index), status, at: AT }));
  const nothing = { seq: 1, online: null, onlineAt: null, sessions: [], lastEventAt: null };
  return { station: "a", ...nothing, connectors, ...overrides };
}

describe("standingOfConnector", () => {
  it.each([
    ["Available", "available"],
    ["CHARGING", "charging"],
    ["SuspendedEVSE", "occupied"],
    ["Faulted", "faulted"],
    ["Unavailable", "unavailable"],
    ["something new", "unavailable"],
    ["", "unknown"],
    [null, "unknown"],
  ])("of %j is %s", (status, expected) => {
    expect(standingOfConnector(status)).toBe(expected);
  });
});

describe("standingOf", () => {
  it("takes a station that is offline for that, whatever its connectors said", () => {
    expect(standingOf(state({ online: false }, "Charging", "Faulted"))).toBe("offline");
  });

  it("goes by the most pressing connector", () => {
    expect(standingOf(state({}, "Available", "Charging", "Faulted"))).toBe("faulted");
    expect(standingOf(state({}, "Available", "Preparing"))).toBe("occupied");
  });

  it("takes a running session for charging, whatever the connectors say", () => {
    const sessions = [{ ...SESSION, energyWh: null, powerW: null }];
    expect(standingOf(state({ sessions }, "Available"))).toBe("charging");
  });

  it("knows nothing of a station that has said nothing", () => {
    expect(standingOf(state())).toBe("unknown");
    expect(standingOf(state({ online: true }))).toBe("available");
  });
});

describe("powerOf and energyOf", () => {
  it("add up what runs, and take a missing number for none", () => {
    const sessions = [
      { ...SESSION, energyWh: 5, powerW: 7_000 },
      { ...SESSION, energyWh: null, powerW: 400 },
    ];
    expect(powerOf(state({ sessions }))).toBe(7_400);
    expect(energyOf(state({ sessions }))).toBe(5);
  });
});
