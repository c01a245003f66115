import { fleet } from "./fleet.ts";
import type { Sample } from "./sample.ts";
import { powerOf } from "./standing.ts";
import { Pulse } from "./throttle.ts";

const EVERY_MS = 5_000;
/** A day. */
const MAX_SAMPLES = 17_280;

/** Sessions and power of all stations, looked at every few seconds while somebody is signed in. */
class Samples {
  readonly #pulse = new Pulse(0);
  #samples: Sample[] = [];
  #timer: ReturnType<typeof setInterval> | null = null;

  /** Oldest first. */
  list(): readonly Sample[] {
    void this.#pulse.beat.value;
    return this.#samples;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#take(Date.now()), EVERY_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#samples = [];
    this.#pulse.now();
  }

  #take(atMs: number): void {
    if (!fleet.isKnown) return;
    const states = fleet.all().map(({ state }) => state);
    const sessions = states.reduce((sum, state) => sum + (state.sessions?.length ?? 0), 0);
    const powerW = states.reduce((sum, state) => sum + powerOf(state), 0);
    this.#samples = [...this.#samples, { atMs, sessions, powerW }].slice(-MAX_SAMPLES);
    this.#pulse.now();
  }
}

export const samples = new Samples();
