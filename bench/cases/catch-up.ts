import { setTimeout as sleep } from "node:timers/promises";

import { openStream } from "../../cli/chargewire/stream.ts";
import type { From } from "../../client/client.ts";
import { type BenchCase, type BenchContext, CONNECTIONS } from "../case.ts";
import { type Contender, measure } from "../contender.ts";
import { floorContender, startFloors } from "../floor-contender.ts";
import { type RelayContender, startRelayContender } from "../relay-contender.ts";
import { median } from "../rounds.ts";
import type { Finding } from "../table.ts";
import { signWebhooks } from "../webhooks.ts";

const EVENTS = 10_000;
const STATIONS = 5_000;
const SLEEPERS = 200;
/** After ten seconds without anything to do the runtime lets go of an object. */
const SLEEP_MS = 12_000;

/** What a subscriber waits for, and the first event after a rest. */
export const catchUp: BenchCase = {
  name: "catch-up",
  about: "a resume of 10,000 events, a snapshot of 5,000 stations, the first event after a rest",
  isQuick: false,
  run: async (context) => {
    const relay = await startRelayContender(context.code, "memory", CONNECTIONS);
    try {
      await fill(relay, EVENTS, STATIONS);
      const { rounds } = context;
      return [
        await timesOf(`Resume of ${EVENTS} events`, rounds, () => resume(relay)),
        await timesOf(`Snapshot of ${STATIONS} stations`, rounds, () => snapshot(relay)),
        await coldStarts(context),
      ];
    } finally {
      await relay.stop();
    }
  },
};

async function fill(contender: Contender, count: number, stations: number): Promise<void> {
  const webhooks = signWebhooks(contender.door, { count, stations });
  await measure({ ...contender, reconcile: async () => {} }, (load) =>
    load.closedLoop(webhooks, 300_000),
  );
}

async function timesOf(
  title: string,
  rounds: number,
  once: () => Promise<number>,
): Promise<Finding> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) times.push(await once());
  const sorted = [...times].sort((a, b) => a - b).map((ms) => ms.toFixed(0));
  return {
    name: title,
    title: `${title}, by the client library`,
    header: ["", "median", "least", "most"],
    rows: [["ms", median(times).toFixed(0), sorted[0] ?? "", sorted.at(-1) ?? ""]],
    figures: { ms: times },
  };
}

/** From the call to the last of the events that are kept, each once and in order. */
async function resume(relay: RelayContender): Promise<number> {
  const seen = new Set<string>();
  const ms = await subscribe(relay, "start", (end) => ({
    onEvent: ({ id }) => {
      if (seen.has(id)) throw new Error(`${id} came twice`);
      seen.add(id);
      if (seen.size === EVENTS) end();
    },
  }));
  return ms;
}

async function snapshot(relay: RelayContender): Promise<number> {
  return subscribe(relay, "snapshot", (end) => ({
    onStatus: ({ state }) => {
      if (state === "live") end();
    },
  }));
}

function subscribe(
  relay: RelayContender,
  from: From,
  listen: (end: () => void) => Partial<Parameters<typeof openStream>[0]>,
): Promise<number> {
  const startMs = performance.now();
  return new Promise((resolve) => {
    const subscription = openStream({
      url: `http://127.0.0.1:${relay.workerd.port}`,
      key: relay.apiKey,
      filter: {},
      from,
      ...listen(() => {
        resolve(performance.now() - startMs);
        subscription.close();
      }),
    });
  });
}

async function coldStarts(context: BenchContext): Promise<Finding> {
  const relay = await startRelayContender(context.code, "disk", CONNECTIONS);
  const server = await startFloors("disk");
  const floor = floorContender(server, "gathered", CONNECTIONS);
  try {
    const rows: string[][] = [];
    for (const contender of [relay, floor]) {
      await fill(contender, SLEEPERS, SLEEPERS);
      const [cold, warm]: [number[], number[]] = [[], []];
      for (let round = 0; round < 3; round += 1) {
        await sleep(SLEEP_MS);
        cold.push(...(await oneByOne(contender)));
        warm.push(...(await oneByOne(contender)));
        context.onTurn();
      }
      rows.push([contender.name, median(cold).toFixed(2), median(warm).toFixed(2)]);
    }
    return {
      name: "cold start",
      title: `POST to answer of a station's first event after a rest, one at a time, on disk`,
      header: ["", "after a rest, ms", "awake, ms"],
      rows,
      figures: {},
    };
  } finally {
    await relay.stop();
    await floor.stop();
    await server.stop();
  }
}

async function oneByOne(contender: Contender): Promise<readonly number[]> {
  const webhooks = signWebhooks(contender.door, { count: SLEEPERS, stations: SLEEPERS });
  const alone = { ...contender, reconcile: async () => {} };
  const latencies: number[] = [];
  for (const webhook of webhooks) {
    const { slice } = await measure(alone, (load) => load.closedLoop([webhook], 60_000));
    latencies.push(...slice.latenciesMs);
  }
  return latencies;
}
