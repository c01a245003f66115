import { describe, expect, it, vi } from "vitest";

import { Fleet as Simulated } from "../../cli/simulator/fleet.ts";
import type { RelayedEvent, StationState } from "../../client/client.ts";
import {
  EMPTY_STATE,
  type StationState as Folded,
  foldEvent,
  serializeState,
} from "../../src/domain/state.ts";
import { ApiError } from "../../web/api/api.ts";
import { Fleet } from "../../web/live/fleet-states.ts";

const START_MS = Date.UTC(2026, 5, 1, 6);

/** What a relay would keep of the events that it accepted, one after the other. */
class Relay {
  readonly #stations = new Map<string, { folded: Folded; seq: number }>();

  accept(station: string, type: string, occurredAt: string, body: string): RelayedEvent {
    const { folded, seq } = this.#stations.get(station) ?? { folded: EMPTY_STATE, seq: 0 };
    const occurredAtMs = Date.parse(occurredAt);
    const late = occurredAtMs < (folded.lastEventAtMs ?? 0);
    const after = { folded: foldEvent(folded, { type, occurredAtMs, body }), seq: seq + 1 };
    this.#stations.set(station, after);
    const of = { id: `${station}.${after.seq}`, source: "src", station, seq: after.seq, late };
    return {
      ...of,
      type,
      class: "unknown",
      occurredAt,
      receivedAt: occurredAt,
      body: JSON.parse(body),
    };
  }

  state(station: string): StationState {
    const { folded, seq } = this.#stations.get(station) ?? { folded: EMPTY_STATE, seq: 0 };
    return JSON.parse(serializeState(station, seq, folded));
  }

  states(): StationState[] {
    return [...this.#stations]
      .filter(([, { folded }]) => !folded.isGone)
      .map(([id]) => this.state(id));
  }
}

const session = (id: string, status = "Started", at = "2026-06-01T06:00:00.000Z") =>
  [at, JSON.stringify({ createdAt: at, data: { _id: id, status } })] as const;

const never = () => new Promise<StationState>(() => {});
const byId = (a: StationState, b: StationState) => (a.station < b.station ? -1 : 1);
const shownBy = (fleet: Fleet) =>
  fleet
    .all()
    .map(({ state }) => state)
    .sort(byId);
const snapshot = (fleet: Fleet, stations: readonly StationState[]) =>
  fleet.takeSnapshot({ op: "snapshot", stations, first: true, done: true });

describe("Fleet", () => {
  it.each([1, 2, 3])(
    "shows what the relay shows, from a snapshot on, of a simulated fleet (%i)",
    async (seed) => {
      const simulated = new Simulated({ seed, stations: 12, dateAt: (ms) => START_MS + ms });
      const relay = new Relay();
      const fleet = new Fleet(async (station) => relay.state(station));
      for (let index = 0; index < 4_000; index += 1) {
        const { station, type, createdAt, body } = simulated.next();
        if (station === null) continue;
        const event = relay.accept(station, type, createdAt, body);
        if (index > 1_500) fleet.takeEvent(event, index);
        if (index === 1_500) snapshot(fleet, relay.states());
      }
      await vi.waitFor(() => expect(shownBy(fleet)).toEqual(relay.states().sort(byId)));
    },
  );

  it("replaces everything by a snapshot once its last page is there", () => {
    const relay = new Relay();
    for (const id of ["a", "b", "c"]) relay.accept(id, "session.started", ...session("s"));
    const fleet = new Fleet(never);
    snapshot(fleet, [relay.state("c")]);
    fleet.takeSnapshot({ op: "snapshot", stations: [relay.state("a")], first: true, done: false });
    expect(fleet.all().map(({ id }) => id)).toEqual(["c"]);
    // It is broken off, and begins anew.
    fleet.takeSnapshot({ op: "snapshot", stations: [relay.state("b")], first: true, done: false });
    fleet.takeSnapshot({ op: "snapshot", stations: [relay.state("a")], first: false, done: true });
    expect(fleet.all().map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it("keeps the last type of a station that has not moved when a snapshot comes", () => {
    const relay = new Relay();
    const fleet = new Fleet(never);
    fleet.takeEvent(relay.accept("a", "session.started", ...session("s")), 7);
    snapshot(fleet, relay.states());
    expect(fleet.get("a")).toMatchObject({ lastType: "session.started", changedAtMs: 7 });
  });

  it("asks about a session that may have ended, and folds on what comes meanwhile", async () => {
    const relay = new Relay();
    relay.accept("a", "session.started", ...session("s"));
    relay.accept("a", "session.ended", ...session("s", "Ended"));
    let answer: (state: StationState) => void = () => {};
    const ask = vi.fn(() => new Promise<StationState>((resolve) => (answer = resolve)));
    const fleet = new Fleet(ask);
    snapshot(fleet, relay.states());
    fleet.takeEvent(relay.accept("a", "session.updated", ...session("s")), 1);
    const slow = relay.state("a");
    fleet.takeEvent(relay.accept("a", "session.started", ...session("t")), 2);
    answer(slow);
    await vi.waitFor(() => expect(shownBy(fleet)).toEqual(relay.states()));
    fleet.takeEvent(relay.accept("a", "session.updated", ...session("s")), 3);
    expect(shownBy(fleet)).toEqual(relay.states());
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it("lets a station go that the relay does not list any more", async () => {
    const fleet = new Fleet(async () => {
      throw new ApiError(404, {});
    });
    fleet.takeEvent(new Relay().accept("a", "session.updated", ...session("s")), 1);
    await vi.waitFor(() => expect(fleet.size).toBe(0));
  });

  it("heeds no answer to what was asked before it was cleared", async () => {
    const relay = new Relay();
    const fleet = new Fleet(async () => relay.state("a"));
    fleet.takeEvent(relay.accept("a", "session.updated", ...session("s")), 1);
    fleet.clear();
    snapshot(fleet, [{ ...relay.state("a"), online: true }]);
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(fleet.get("a")?.state.online).toBe(true);
  });
});
