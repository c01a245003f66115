import { createRandom, mixSeed, type Random } from "./random.ts";
import type { Schedule } from "./schedule.ts";

/** One webhook of the simulated fleet, before anything is sent. */
export interface SimulatedEvent {
  readonly id: string;
  /** Virtual milliseconds since the start of the run. */
  readonly atMs: number;
  readonly type: string;
  /** Null for what concerns no single station. */
  readonly station: string | null;
  readonly fifo: boolean;
  readonly createdAt: string;
  readonly body: string;
}

/** What every simulated thing shares. */
export interface World {
  readonly seed: number;
  readonly schedule: Schedule;
  /** The date, in epoch milliseconds, that events of this virtual moment carry. */
  readonly dateAt: (virtualMs: number) => number;
  readonly isFifo: (type: string) => boolean;
  readonly publish: (event: SimulatedEvent) => void;
}

export interface Occurrence {
  readonly type: string;
  /** What eDRV calls the resource: `session`, `action`, `chargestation`. */
  readonly object: string;
  readonly station: string | null;
  readonly data: unknown;
}

/**
 * The voice of one station, or of the account: its random numbers, its ids and its dates.
 * Dates of one emitter strictly rise, so that the order of its events can be read off them.
 */
export class Emitter {
  readonly random: Random;
  readonly world: World;
  readonly #owner: string;
  #counter: number;
  #lastDateMs = Number.NEGATIVE_INFINITY;

  constructor(world: World, ownerIndex: number) {
    this.world = world;
    this.random = createRandom(mixSeed(world.seed, ownerIndex));
    this.#owner = hex(mixSeed(world.seed, 0x1d) & 0xffff, 4) + hex(ownerIndex, 6);
    this.#counter = this.random.integer(0, 0xffffff);
  }

  get nowMs(): number {
    return this.world.schedule.nowMs;
  }

  dateMs(): number {
    const dateMs = Math.floor(this.world.dateAt(this.nowMs));
    return Math.max(dateMs, this.#lastDateMs);
  }

  date(): string {
    return new Date(this.dateMs()).toISOString();
  }

  /** A MongoDB ObjectId: four bytes of time in seconds, five of its maker, three of a counter. */
  mintId(dateMs = this.dateMs()): string {
    this.#counter = (this.#counter + 1) & 0xffffff;
    return hex(Math.floor(dateMs / 1000), 8) + this.#owner + hex(this.#counter, 6);
  }

  emit({ type, object, station, data }: Occurrence): void {
    const dateMs = Math.max(this.dateMs(), this.#lastDateMs + 1);
    this.#lastDateMs = dateMs;
    const id = this.mintId(dateMs);
    const createdAt = new Date(dateMs).toISOString();
    const body = JSON.stringify({ _id: id, data, object, type, createdAt });
    const fifo = this.world.isFifo(type);
    this.world.publish({ id, atMs: this.nowMs, type, station, fifo, createdAt, body });
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
