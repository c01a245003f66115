import { setTimeout as sleep } from "node:timers/promises";

import { type BenchCase, type BenchContext, CONNECTIONS } from "../case.ts";
import { measure } from "../contender.ts";
import { heapMiB } from "../profiler.ts";
import { type RelayContender, startRelayContender } from "../relay-contender.ts";
import type { Finding } from "../table.ts";
import { signWebhooks, stationId } from "../webhooks.ts";

const STATIONS = 50_000;
const SOCKETS = 5_000;
const AWAKE = 500;
/** Far more than a station holds ids of in memory (src/domain/event-ids.ts). */
const BUSY_EVENTS = 8_000;
/** An awake station holds its database open, and a process may hold only so many files open. */
const WAVE = 3_000;
/** After ten seconds without anything to do the runtime lets go of an object. */
const REST_MS = 15_000;

/** What the stations and the feed hold in memory. All objects are in one isolate here. */
export const memory: BenchCase = {
  name: "memory",
  about: "the heap of a feed with 5,000 sockets and 50,000 stations, and of a station",
  isQuick: false,
  run: async (context) => [await measureMemory(context)],
};

async function measureMemory({ code, onTurn }: BenchContext): Promise<Finding> {
  const relay = await startRelayContender(code, "memory", CONNECTIONS, true);
  const url = `http://127.0.0.1:${relay.workerd.port}/health`;
  const heap = () => heapMiB(relay.workerd.inspectorPort, () => fetch(url));
  try {
    await send(relay, 1, 0);
    const empty = await heap();
    await send(relay, 1, 0, BUSY_EVENTS);
    const busy = await heap();
    await send(relay, AWAKE, 1);
    const awake = await heap();
    await sleep(REST_MS);
    for (let first = 0; first < STATIONS; first += WAVE) {
      await send(relay, Math.min(WAVE, STATIONS - first), first);
      await sleep(REST_MS);
      onTurn();
    }
    // Of one station: a snapshot of all of them, for each, is not what is measured. A feed without a socket sleeps.
    const filter = [`?stations=${stationId(0)}`];
    await relay.subscribe(1, filter);
    const states = await heap();
    await relay.subscribe(SOCKETS, filter);
    const sockets = await heap();
    const row = (name: string, mib: number) => [name, mib.toFixed(1)];
    return {
      name: "memory",
      title: "JavaScript heap after garbage collection, MiB",
      header: ["", "MiB"],
      rows: [
        row("edge, tenant and feed, with one station", empty),
        row(`${BUSY_EVENTS} events more of that station, on top of that`, busy - empty),
        ["each station more", ((awake - busy) / AWAKE).toFixed(3)],
        row(`edge, tenant and a feed with ${STATIONS} stations and 1 socket`, states),
        row(`the same with ${SOCKETS} sockets`, sockets),
      ],
      figures: {},
    };
  } finally {
    await relay.stop();
  }
}

async function send(
  relay: RelayContender,
  stations: number,
  firstStation: number,
  count = stations,
): Promise<void> {
  const plan = { count, stations, firstStation };
  await measure({ ...relay, reconcile: async () => {} }, (load) =>
    load.closedLoop(signWebhooks(relay.door, plan), 300_000),
  );
}
