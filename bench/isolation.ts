import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";

import { listenForInterrupt, readOptions, runCommand } from "../cli/relay/command-line.ts";
import { type Bench, printTable, quantile, withBench } from "./bench.ts";

const HELP = `Measures whether slow destinations delay a fast one: one route that answers at once, alone
and beside six that answer after 29 s or never, in turns, in one run against one relay.

npm run bench:isolation -- [options]

  --rounds N    turns of each kind (default 3)
  --help

Prints the time from the start of a webhook's request to its arrival at the fast destination.`;

const STATIONS = 50;
const SLOW_ROUTES = 6;
const SLOW_ANSWER_MS = 29_000;
const TURN = { events: 400, stations: STATIONS, perSecond: 40 };
const WARM_UP = { events: STATIONS, stations: STATIONS, perSecond: 40 };

async function main(): Promise<number> {
  const { rounds, help } = readOptions({
    rounds: { type: "string", default: "3" },
    help: { type: "boolean", default: false },
  });
  if (help) {
    console.log(HELP);
    return 0;
  }
  const count = z.coerce.number().int().min(1).max(100).parse(rounds);
  const arrivals = new Map<string, number>();
  let hangingCount = 0;
  const options = {
    signal: listenForInterrupt(),
    answers: (path: string) =>
      path === "/fast" ? 0 : path === "/never" ? ("never" as const) : SLOW_ANSWER_MS,
    onRequest: (path: string, id: string, atMs: number) => {
      if (path === "/fast") arrivals.set(id, atMs);
      else hangingCount += 1;
    },
  };
  await withBench(options, async (bench) => {
    const [alone, beside]: [number[], number[]] = [[], []];
    await bench.addRoute("/fast");
    await turn(bench, arrivals);
    for (let round = 0; round < count; round += 1) {
      alone.push(...(await turn(bench, arrivals)));
      hangingCount = 0;
      const slow = await addSlowRoutes(bench);
      // Every station has one request waiting at every slow destination before anything is timed.
      await bench.send(WARM_UP);
      while (hangingCount < STATIONS * SLOW_ROUTES) await sleep(50);
      beside.push(...(await turn(bench, arrivals)));
      for (const id of slow) await bench.api.delete(`/v1/routes/${id}`);
      bench.hooks.letGo();
      await sleep(1_000);
    }
    report(alone, beside);
  });
  return 0;
}

function addSlowRoutes(bench: Bench): Promise<string[]> {
  return Promise.all(
    Array.from({ length: SLOW_ROUTES }, (_, index) =>
      bench.addRoute(index % 2 === 0 ? "/slow" : "/never"),
    ),
  );
}

/** Latencies of a turn's events, from the start of the webhook's request to the destination. */
async function turn(bench: Bench, arrivals: ReadonlyMap<string, number>): Promise<number[]> {
  const sent = await bench.send(TURN);
  while (![...sent.keys()].every((id) => arrivals.has(id))) await sleep(20);
  return [...sent].map(([id, atMs]) => (arrivals.get(id) ?? Number.NaN) - atMs);
}

function report(alone: readonly number[], beside: readonly number[]): void {
  const shares = [0.5, 0.9, 0.99];
  const row = (name: string, latencies: readonly number[]) => [
    name,
    String(latencies.length),
    ...shares.map((share) => quantile(latencies, share).toFixed(1)),
  ];
  const ratio = (share: number) => (quantile(beside, share) / quantile(alone, share)).toFixed(2);
  printTable([
    ["", "events", "p50 ms", "p90 ms", "p99 ms"],
    row("alone", alone),
    row(`beside ${SLOW_ROUTES} slow ones`, beside),
    ["ratio", "", ...shares.map(ratio)],
  ]);
}

await runCommand("bench:isolation", main);
