import { setTimeout as sleep } from "node:timers/promises";

import { Percentiles } from "../simulator/percentiles.ts";
import { createRandom } from "../simulator/random.ts";
import {
  type SimulationProgress,
  type SimulationReport,
  simulate,
} from "../simulator/simulator.ts";
import { isClean } from "../simulator/summary.ts";
import { Api, NewRoute, Source, Tenant } from "./api.ts";
import { type Account, isInOrder } from "./ledger.ts";
import { Places } from "./places.ts";
import { hostFor, type StartedRelay, startHost } from "./reconciliation-host.ts";

export interface ReconciliationOptions {
  readonly stations: number;
  readonly events: number;
  readonly seed: number;
  /** Leaves the relay's data, or the tenant in a running relay, where they are. */
  readonly keep: boolean;
  /** A running relay; null starts one that is gone at the end. */
  readonly target: { readonly url: string; readonly operatorKey: string } | null;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: SimulationProgress) => void;
  readonly onTrouble?: (line: string) => void;
}

export interface Reconciliation {
  readonly accounts: readonly Account[];
  readonly simulation: SimulationReport;
  /** How often the dropping subscriber came back to where it was. */
  readonly resumedCount: number;
  /** From the first webhook until everything had arrived everywhere. */
  readonly elapsedMs: number;
  readonly latencies: {
    readonly frame: Percentiles;
    readonly delivery: Percentiles;
  };
  /** In words, what a reader must know; empty when all is well. */
  readonly findings: readonly string[];
  /** The relay that was started, and by now is gone; null for one that ran already. */
  readonly relay: StartedRelay | null;
}

const SECRET = "secret-of-the-reconciliation";
const CONCURRENCY = 64;
/** A retry soon, and then so often that only a destination that never recovers loses an event. */
export const RETRY_SECONDS = [0.05, 0.1, 0.2, 0.5, 1, 1, 1, 1, 1, 1, 1, 1];
const LOOK_INTERVAL_MS = 50;
/** Longer than anything by which the relay comes back to what it owes. */
const STALLED_MS = 40_000;

/** Sends a storm of webhooks, and accounts for each of them at every place it has to reach. */
export async function reconcile(options: ReconciliationOptions): Promise<Reconciliation> {
  const { target } = options;
  const host = target === null ? await startHost(options) : hostFor(target);
  const operator = new Api(host.url, host.operatorKey);
  try {
    const { id, apiKey } = await operator.post("/v1/tenants", { name: "Reconciliation" }, Tenant);
    try {
      return { ...(await account(options, host.url, apiKey)), relay: host.relay };
    } finally {
      if (target !== null && !options.keep) await operator.delete(`/v1/tenants/${id}`);
    }
  } finally {
    await host.stop();
  }
}

async function account(
  options: ReconciliationOptions,
  relayUrl: string,
  apiKey: string,
): Promise<Omit<Reconciliation, "relay">> {
  const api = new Api(relayUrl, apiKey);
  const places = new Places({ relayUrl, apiKey, random: createRandom(options.seed) });
  try {
    const ingestPath = await setUp(api, places);
    const startedMs = performance.now();
    const simulation = await send(options, relayUrl + ingestPath, places);
    places.stopDropping();
    await untilArrived(places, options.signal);
    const elapsedMs = performance.now() - startedMs;
    const accounts = await places.close(api);
    const { resumed, notResumed } = places.resumptions;
    return {
      accounts,
      simulation,
      resumedCount: resumed,
      elapsedMs,
      latencies: {
        frame: latenciesOf(places, places.framedAtMs),
        delivery: latenciesOf(places, places.deliveredAtMs),
      },
      findings: [...findingsOf(accounts, simulation, notResumed), ...places.refusals],
    };
  } finally {
    await places.stop();
  }
}

/** A source, a route to the receiver, and the subscribers of the feed. Answers the ingest path. */
async function setUp(api: Api, places: Places): Promise<string> {
  const { receiver } = places;
  const source = await api.post("/v1/sources", { name: "Simulator", secret: SECRET }, Source);
  const destination = {
    name: "Receiver",
    url: await receiver.listen(),
    retry: { scheduleSeconds: RETRY_SECONDS },
  };
  const route = await api.post("/v1/routes", destination, NewRoute);
  receiver.trust(route.secret);
  await places.subscribe();
  return source.ingestPath;
}

function send(
  { stations, events, seed, signal, onProgress }: ReconciliationOptions,
  url: string,
  places: Places,
): Promise<SimulationReport> {
  return simulate({
    url,
    secret: SECRET,
    stations,
    count: events,
    seed,
    signal,
    speed: Number.POSITIVE_INFINITY,
    concurrency: CONCURRENCY,
    duplicates: 5,
    reorder: 10,
    badSignatures: 2,
    storm: true,
    onAcknowledged: (event) => places.acknowledged(event),
    ...(onProgress !== undefined && { onProgress }),
  });
}

/** Returns when nothing is missing, or when nothing has moved for too long. */
export async function untilArrived(places: Places, signal: AbortSignal): Promise<void> {
  let received = -1;
  let movedMs = Date.now();
  while (!places.isComplete && Date.now() - movedMs < STALLED_MS) {
    signal.throwIfAborted();
    if (places.receivedCount !== received) movedMs = Date.now();
    received = places.receivedCount;
    await sleep(LOOK_INTERVAL_MS);
  }
}

function latenciesOf({ sent }: Places, arrivedAtMs: ReadonlyMap<string, number>): Percentiles {
  const latencies = new Percentiles();
  for (const { id, sentAtMs } of sent.values()) {
    const atMs = arrivedAtMs.get(id);
    // An attempt that is repeated may have arrived with the one before it.
    if (atMs !== undefined) latencies.add(Math.max(0, atMs - sentAtMs));
  }
  return latencies;
}

function findingsOf(
  accounts: readonly Account[],
  simulation: SimulationReport,
  notResumed: number,
): string[] {
  const off = accounts.filter((account) => !isInOrder(account)).map(({ place }) => place);
  return [
    ...(off.length > 0 ? [`Not in order: ${off.join("; ")}.`] : []),
    ...(isClean(simulation) ? [] : ["The simulator was not answered as it has to be."]),
    ...(simulation.interrupted ? ["The run was stopped early."] : []),
    ...(notResumed > 0 ? [`${notResumed} reconnections did not get all they had missed.`] : []),
  ];
}
