import { describeEventType } from "../../src/domain/catalogue.ts";
import { keepAccount } from "./account-life.ts";
import { Emitter, type SimulatedEvent, type World } from "./emitter.ts";
import { Schedule } from "./schedule.ts";
import { buildStation, type Rate, type Station } from "./station.ts";
import { liveStation, reconnectInStorm } from "./station-life.ts";

export interface FleetOptions {
  readonly seed: number;
  readonly stations: number;
  /** The date of an event, in epoch milliseconds, for its virtual time since the start. */
  readonly dateAt: (virtualMs: number) => number;
}

/** When the stations that are there from the beginning were set up: the same in every run. */
const FIRST_SETUP_MS = Date.UTC(2021, 9, 12, 8);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** One station in so many is set up during the first half hour of the run. */
const NEWCOMER_EVERY = 15;

/** N stations and their account, as an endless stream of events in order of virtual time. */
export class Fleet {
  readonly #schedule = new Schedule();
  readonly #world: World;
  readonly #office: Emitter;
  readonly #userIds: readonly string[];
  readonly #locationIds: readonly string[];
  readonly #rates: readonly Rate[];
  readonly #stations = new Set<Station>();
  #outbox: SimulatedEvent[] = [];
  #taken = 0;
  #ownerCount = 0;

  constructor({ seed, stations, dateAt }: FleetOptions) {
    this.#world = {
      seed,
      schedule: this.#schedule,
      dateAt,
      isFifo: (type) => describeEventType(type)?.fifo ?? false,
      publish: (event) => this.#outbox.push(event),
    };
    this.#office = new Emitter(this.#world, this.#ownerCount++);
    const { random } = this.#office;
    const mintIds = (count: number) =>
      Array.from({ length: count }, () => this.#office.mintId(FIRST_SETUP_MS));
    this.#userIds = mintIds(60);
    this.#locationIds = mintIds(Math.ceil(stations / 6));
    this.#rates = mintIds(6).map((id) => ({
      id,
      currency: "EUR",
      pricePerKwh: random.integer(25, 79) / 100,
      pricePerMinute: random.integer(0, 5) / 100,
      startFee: random.integer(0, 4) / 4,
    }));
    for (let index = 0; index < stations; index++) this.#foundStation(index);
    const stationIds = () => [...this.#stations].slice(0, 50).map(({ id }) => id);
    this.#schedule.start(keepAccount(this.#office, stationIds), { ended: false });
  }

  get nowMs(): number {
    return this.#schedule.nowMs;
  }

  /** The next event; a fleet never falls silent. */
  next(): SimulatedEvent {
    for (;;) {
      const event = this.#outbox[this.#taken];
      if (event !== undefined) {
        this.#taken += 1;
        return event;
      }
      this.#outbox = [];
      this.#taken = 0;
      if (!this.#schedule.step()) throw new Error("nothing happens in this fleet any more");
    }
  }

  /** Every station drops its connection and comes back within seconds, from this moment on. */
  startStorm(): void {
    for (const station of this.#stations) {
      this.#schedule.start(reconnectInStorm(station), station);
    }
  }

  #foundStation(index: number): void {
    const { random } = this.#office;
    if (index % NEWCOMER_EVERY === 7) this.#addLater(random.between(MINUTE, 30 * MINUTE));
    else this.#add(FIRST_SETUP_MS + index * HOUR, random.between(0, 8_000), false);
  }

  #addLater(delayMs: number): void {
    const fleet = this;
    function* setUp() {
      fleet.#add(fleet.#world.dateAt(fleet.nowMs), 0, true);
      yield 0;
    }
    const wait = { ended: false };
    this.#schedule.start(setUp(), wait, delayMs);
  }

  #add(createdAtMs: number, delayMs: number, isNew: boolean): void {
    const station = buildStation({
      world: this.#world,
      ownerIndex: this.#ownerCount++,
      createdAtMs,
      locationIds: this.#locationIds,
      rates: this.#rates,
    });
    this.#stations.add(station);
    const onRemoved = () => {
      this.#stations.delete(station);
      this.#addLater(10 * MINUTE);
    };
    const life = { schedule: this.#schedule, userIds: this.#userIds, isNew, onRemoved };
    this.#schedule.start(liveStation(station, life), station, delayMs);
  }
}
