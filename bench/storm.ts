import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { RelayedEvent } from "../cli/relay/api.ts";
import { readOptions, runCommand } from "../cli/relay/command-line.ts";
import { isInOrder, Ledger } from "../cli/relay/ledger.ts";
import { note } from "../cli/relay/places.ts";
import { accountsTable } from "../cli/relay/reconciliation-table.ts";
import { Subscriber } from "../cli/relay/subscriber.ts";
import type { SimulatedEvent } from "../cli/simulator/emitter.ts";
import { createPoster } from "../cli/simulator/post.ts";
import { Sender } from "../cli/simulator/sender.ts";
import { DEFAULT_SETTINGS } from "../cli/simulator/settings.ts";
import { Tally } from "../cli/simulator/tally.ts";
import { exitAtInterrupt, readCount } from "./command.ts";
import { descriptorLimitOf, descriptorsOf } from "./descriptors.ts";
import { reconnectingFleet, type Voices } from "./reconnecting-fleet.ts";
import { type RelayContender, startRelayContender } from "./relay-contender.ts";
import { buildRelay } from "./relay-server.ts";

const HELP = `Has many stations connect, and then all of them lose their connection and come back: boot
notifications and the status of every connector, to the built Worker on bare workerd. Every
station that is awake holds descriptors open, so they come in waves that stay below the limit.
What is refused is sent again when the relay says so, and every event is accounted for.

npm run bench:storm -- [options]

  --stations N   (default 10000)
  --seed N       same seed, same fleet (default 1)
  --memory       state in memory in place of the disk
  --help

Exit code: 0 when every event was accepted and is accounted for, else 1.`;

const CONCURRENCY = 128;
/** By this a station that wakes is reckoned until it is known better: its database and its log. */
const DESCRIPTORS_PER_STATION = 4;
/** The share of the limit that stations may take. */
const SHARE = 0.7;
const LEAST_WAVE = 100;
const LOOK_MS = 500;
/** Longer than the runtime keeps a station that nothing is asked of. */
const STUCK_MS = 300_000;

async function main(): Promise<number> {
  const { stations, seed, memory, help } = readOptions({
    stations: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    memory: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  });
  if (help) {
    console.log(HELP);
    return 0;
  }
  exitAtInterrupt();
  const place = memory ? "memory" : "disk";
  const relay = await startRelayContender(buildRelay().code, place, 1);
  const fleet = reconnectingFleet(readCount("stations", stations), readCount("seed", seed));
  const run = new StormRun(relay);
  try {
    await run.subscribe();
    const limit = descriptorLimitOf(relay.workerd.pid);
    console.log(`${fleet.boot.size} stations; at most ${limit} descriptors`);
    await run.phase("boot", fleet.boot);
    await run.phase("storm", fleet.storm);
    return (await run.reconcile()) ? 0 : 1;
  } finally {
    await run.stop();
  }
}

/** One relay, one sender that sends again until it is answered 200, one subscriber. */
class StormRun {
  readonly #relay: RelayContender;
  readonly #tally = new Tally();
  readonly #sender: Sender;
  readonly #accepted = new Map<string, string>();
  readonly #streamed = new Ledger("feed", "complete");
  #subscriber: Subscriber | null = null;
  #perStation = DESCRIPTORS_PER_STATION;
  #most = 0;

  constructor(relay: RelayContender) {
    this.#relay = relay;
    const { door, workerd } = relay;
    const url = new URL(door.paths[0] ?? "", `http://127.0.0.1:${workerd.port}`);
    this.#sender = new Sender({
      poster: createPoster(url, CONCURRENCY, DEFAULT_SETTINGS.timeoutMs),
      signing: { ...DEFAULT_SETTINGS, secret: door.secret },
      concurrency: CONCURRENCY,
      backoffFactor: 1,
      tally: this.#tally,
      onAcknowledged: ({ event: { id, body } }) => {
        this.#accepted.set(id, createHash("sha256").update(body).digest("hex"));
      },
    });
  }

  async subscribe(): Promise<void> {
    this.#subscriber = new Subscriber({
      relayUrl: `http://127.0.0.1:${this.#relay.workerd.port}`,
      apiKey: this.#relay.apiKey,
      from: "start",
      onEvent: (event) => note(this.#streamed, event),
      onGap: () => this.#streamed.announceGap(null),
    });
    await this.#subscriber.opened;
  }

  /** All stations, in waves of as many as there are descriptors for. */
  async phase(name: string, voices: Voices): Promise<void> {
    const left = [...voices];
    const startMs = performance.now();
    for (let wave = 1; left.length > 0; wave += 1) {
      const room = await this.#untilRoom(Math.min(LEAST_WAVE, left.length));
      // The first one shows what a station takes.
      const stations = left.splice(0, this.#most === 0 ? LEAST_WAVE : room);
      const before = descriptorsOf(this.#relay.workerd.pid);
      const most = await this.#send(stations.flatMap(([, events]) => events));
      if (this.#most === 0) this.#perStation = Math.max(1, (most - before) / stations.length);
      this.#most = Math.max(this.#most, most);
      const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
      console.log(
        `${name}, wave ${wave}: ${stations.length} stations, ${most} descriptors, ${seconds} s`,
      );
    }
    const events = [...voices.values()].flat().length;
    const perSecond = (events * 1000) / (performance.now() - startMs);
    console.log(`${name}: ${events} events, ${perSecond.toFixed(0)} a second`);
  }

  async reconcile(): Promise<boolean> {
    let received = -1;
    while (received !== this.#streamed.receivedCount) {
      received = this.#streamed.receivedCount;
      if (received < this.#accepted.size) await sleep(5_000);
    }
    const listed = new Ledger("GET /v1/events", "complete");
    for await (const event of this.#relay.api.list("/v1/events", RelayedEvent)) note(listed, event);
    const accounts = [listed, this.#streamed].map((ledger) => ledger.close(this.#accepted));
    const { events, acknowledgedEvents, statuses, retries } = this.#tally;
    console.log(`answers       ${JSON.stringify(statuses)}, ${retries} sent again`);
    console.log(`accepted      ${acknowledgedEvents} of ${events} events`);
    console.log(`descriptors   ${this.#most} at most, ${this.#perStation.toFixed(1)} per station`);
    for (const line of ["", ...accountsTable(accounts), ""]) console.log(line);
    const isWell = acknowledgedEvents === events && accounts.every(isInOrder);
    console.log(isWell ? "Every event is accounted for." : "Events are NOT accounted for.");
    return isWell;
  }

  async stop(): Promise<void> {
    this.#sender.close();
    await this.#subscriber?.close();
    await this.#relay.stop();
  }

  /** Resolves once all is accepted, to the most descriptors that were open. */
  async #send(events: readonly SimulatedEvent[]): Promise<number> {
    const { pid } = this.#relay.workerd;
    let most = 0;
    const look = () => {
      most = Math.max(most, descriptorsOf(pid));
    };
    const looking = setInterval(look, LOOK_MS);
    for (const event of events) this.#sender.send({ kind: "event", event, isDuplicate: false });
    await this.#sender.drainedTo(0, new AbortController().signal);
    look();
    clearInterval(looking);
    return most;
  }

  /** Waits until stations have fallen asleep, if need be. How many have room. */
  async #untilRoom(least: number): Promise<number> {
    const { pid } = this.#relay.workerd;
    const most = descriptorLimitOf(pid) * SHARE - CONCURRENCY;
    for (const deadlineMs = Date.now() + STUCK_MS; ; await sleep(LOOK_MS)) {
      const room = Math.floor((most - descriptorsOf(pid)) / this.#perStation);
      if (room >= least) return room;
      if (Date.now() > deadlineMs) throw new Error("the relay does not give descriptors back");
    }
  }
}

await runCommand("bench:storm", main);
process.exit();
