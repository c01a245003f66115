import type { SimulatedEvent } from "../cli/simulator/emitter.ts";
import { Fleet } from "../cli/simulator/fleet.ts";

/** All of a fleet's stations connect within so many milliseconds of virtual time. */
const BOOT_MS = 8_000;
/** And are back within so many after they were cut off. */
const STORM_MS = 7_000;
/** One of so many stations is set up only later. */
const NEWCOMER_EVERY = 15;

/** What each station says, in its order. */
export type Voices = ReadonlyMap<string, readonly SimulatedEvent[]>;

/**
 * A fleet whose stations connect (boot, and the status of each connector), and then all lose
 * their connection and come back.
 */
export function reconnectingFleet(
  stationCount: number,
  seed: number,
): { readonly boot: Voices; readonly storm: Voices } {
  const startMs = Date.now();
  const fleet = new Fleet({
    seed,
    stations: stationCount + Math.ceil(stationCount / (NEWCOMER_EVERY - 1)) + 1,
    dateAt: (virtualMs) => startMs + virtualMs,
  });
  const boot = listen(fleet, BOOT_MS);
  fleet.startStorm();
  const storm = listen(fleet, BOOT_MS + STORM_MS);
  const chosen = [...boot.keys()].slice(0, stationCount);
  const only = (voices: Voices) =>
    new Map(chosen.map((station) => [station, voices.get(station) ?? []]));
  return { boot: only(boot), storm: only(storm) };
}

function listen(fleet: Fleet, untilMs: number): Voices {
  const voices = new Map<string, SimulatedEvent[]>();
  for (let event = fleet.next(); event.atMs <= untilMs; event = fleet.next()) {
    if (event.station === null) continue;
    const said = voices.get(event.station) ?? [];
    said.push(event);
    voices.set(event.station, said);
  }
  return voices;
}
