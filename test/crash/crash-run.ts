import { setTimeout as sleep } from "node:timers/promises";

import { type Account, isInOrder } from "../../cli/relay/ledger.ts";
import { Percentiles } from "../../cli/simulator/percentiles.ts";
import { createRandom, mixSeed, type Random } from "../../cli/simulator/random.ts";
import { type SimulationReport, simulate } from "../../cli/simulator/simulator.ts";
import { isClean } from "../../cli/simulator/summary.ts";
import { BareRelay } from "../support/bare-relay.ts";
import { CrashWorld, SECRET } from "./crash-world.ts";

export interface CrashOptions {
  /** While events are sent; one more follows with the senders stopped. */
  readonly kills: number;
  readonly stations: number;
  /** Events per second; null is as fast as they are taken. */
  readonly rate: number | null;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onLine?: (line: string) => void;
}

export interface LastKill {
  /** Events that were acknowledged and not delivered when it was killed, by route. */
  readonly owed: readonly number[];
  /** Of the same when everything was delivered that ever was. */
  readonly left: readonly number[];
  /** From the start on the same state until all was delivered, with nothing sent. */
  readonly elapsedMs: number;
}

export interface CrashReport {
  readonly kills: number;
  /** Those among them that came before it had answered anything. */
  readonly killsInStart: number;
  /** From the start of the process until it answered. */
  readonly startMs: Percentiles;
  readonly sending: SimulationReport;
  readonly accounts: readonly Account[];
  readonly last: LastKill;
  /** How often the dropping subscriber came back to where it was. */
  readonly resumedCount: number;
  /** In words, what a reader must know; empty when all is well. */
  readonly findings: readonly string[];
}

const CONCURRENCY = 64;
/** Between the relay's first answer and its end. */
const MAX_UP_MS = 2_000;
const MAX_DOWN_MS = 300;
/** Some ends come while it starts. */
const START_SHARE = 0.2;
const MAX_STARTING_MS = 150;
const OWED_EVENTS = 200;
/** However slow the machine is, what was tried is acknowledged in the end. */
const SEEN_THROUGH_MS = 60_000;

/** Kills the relay at random instants while events are sent, and accounts for each of them. */
export async function crash(options: CrashOptions): Promise<CrashReport> {
  const relay = await BareRelay.build();
  try {
    await relay.start();
    const { world, ingestPath } = await CrashWorld.open(relay, options.seed);
    try {
      return await new CrashRun(relay, world, relay.url + ingestPath, options).run();
    } finally {
      await world.stop();
    }
  } finally {
    await relay.stop();
  }
}

class CrashRun {
  readonly #relay: BareRelay;
  readonly #world: CrashWorld;
  readonly #ingestUrl: string;
  readonly #options: CrashOptions;
  readonly #random: Random;
  readonly #startMs = new Percentiles();
  #kills = 0;
  #killsInStart = 0;

  constructor(relay: BareRelay, world: CrashWorld, ingestUrl: string, options: CrashOptions) {
    this.#relay = relay;
    this.#world = world;
    this.#ingestUrl = ingestUrl;
    this.#options = options;
    this.#random = createRandom(mixSeed(options.seed, 5));
  }

  async run(): Promise<CrashReport> {
    const { places } = this.#world;
    const sending = await this.#killWhileSending();
    places.stopDropping();
    const last = await this.#killWhileOwing();
    const accounts = await this.#world.accounts();
    const { resumed, notResumed } = places.resumptions;
    return {
      kills: this.#kills,
      killsInStart: this.#killsInStart,
      startMs: this.#startMs,
      sending,
      accounts,
      last,
      resumedCount: resumed,
      findings: [
        ...accounts.filter((one) => !isInOrder(one)).map(({ place }) => `Not in order: ${place}.`),
        ...(isClean(sending) ? [] : ["The simulator was not answered as it has to be."]),
        ...(notResumed > 0 ? [`${notResumed} reconnections did not get all they had missed.`] : []),
        ...gaveUp(await this.#world.deadLetterCount()),
        ...places.refusals,
      ],
    };
  }

  async #killWhileSending(): Promise<SimulationReport> {
    const { kills, signal } = this.#options;
    const stop = new AbortController();
    const sending = this.#send({ signal: AbortSignal.any([stop.signal, signal]) });
    try {
      while (this.#kills < kills) {
        signal.throwIfAborted();
        await this.#killOnce();
      }
      await sleep(this.#random.between(0, MAX_UP_MS));
    } finally {
      stop.abort();
    }
    return sending;
  }

  /** Once, or once more while it starts again. */
  async #killOnce(): Promise<void> {
    const upMs = this.#random.between(0, MAX_UP_MS);
    await sleep(upMs);
    await this.#relay.kill();
    this.#kills += 1;
    if (this.#kills < this.#options.kills && this.#random.chance(START_SHARE)) {
      this.#relay.launch();
      await sleep(this.#random.between(0, MAX_STARTING_MS));
      await this.#relay.kill();
      this.#kills += 1;
      this.#killsInStart += 1;
    }
    if (this.#random.chance(0.5)) await sleep(this.#random.between(0, MAX_DOWN_MS));
    const startMs = await this.#start();
    const { sent } = this.#world.places;
    this.#options.onLine?.(
      `kill ${this.#kills} of ${this.#options.kills}, up for ${upMs.toFixed(0)} ms; back in ${startMs.toFixed(0)} ms; ${sent.size} events acknowledged`,
    );
  }

  /** With deliveries owed and nobody sending: what is owed is made without any new event. */
  async #killWhileOwing(): Promise<LastKill> {
    // One is in the middle of an attempt, one fails until its breaker opens, one waits in a gate.
    this.#world.feel(["silent", "down", "silent"]);
    await this.#send({ count: OWED_EVENTS, rate: null, seed: this.#options.seed + 1 });
    await sleep(this.#random.between(0, MAX_UP_MS));
    const { owed } = this.#world;
    await this.#relay.kill();
    this.#kills += 1;
    this.#world.feel(["well", "well", "well"]);
    await sleep(this.#random.between(0, 10 * MAX_DOWN_MS));
    const startedMs = performance.now();
    await this.#start();
    await this.#world.untilArrived(this.#options.signal);
    return { owed, left: this.#world.owed, elapsedMs: performance.now() - startedMs };
  }

  async #start(): Promise<number> {
    const startedMs = performance.now();
    await this.#relay.start();
    const startMs = performance.now() - startedMs;
    this.#startMs.add(startMs);
    return startMs;
  }

  #send(options: {
    signal?: AbortSignal;
    count?: number;
    rate?: null;
    seed?: number;
  }): Promise<SimulationReport> {
    const { stations, rate, seed, signal } = this.#options;
    return simulate({
      url: this.#ingestUrl,
      secret: SECRET,
      stations,
      seed,
      signal,
      rate,
      speed: Number.POSITIVE_INFINITY,
      concurrency: CONCURRENCY,
      backoffFactor: 0.25,
      abortedDrainMs: SEEN_THROUGH_MS,
      duplicates: 5,
      reorder: 10,
      badSignatures: 2,
      ...options,
      onAcknowledged: (event) => this.#world.places.acknowledged(event),
    });
  }
}

const gaveUp = (count: number) => (count > 0 ? [`${count} events were given up.`] : []);
