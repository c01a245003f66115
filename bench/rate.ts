import { setTimeout as sleep } from "node:timers/promises";

import { listenForInterrupt, readOptions, runCommand } from "../cli/relay/command-line.ts";
import { printTable, withBench } from "./bench.ts";

const HELP = `Measures how exactly routes keep to their limits over a minute: three with a rate and one with
a limit of requests in flight, all of them behind, over 50 stations.

npm run bench:rate -- [options]

  --help

Prints the deliveries of a minute, and what the limit says.`;

const STATIONS = 50;
const RATES = [2, 10, 20];
const CONCURRENCY = 4;
const ANSWER_MS = 100;
const MINUTE_MS = 60_000;
/** So many that no route has caught up when the minute is over. */
const EVENTS = 2_400;

async function main(): Promise<number> {
  const { help } = readOptions({ help: { type: "boolean", default: false } });
  if (help) {
    console.log(HELP);
    return 0;
  }
  const arrivals = new Map<string, number[]>();
  let [inFlight, mostInFlight] = [0, 0];
  const options = {
    signal: listenForInterrupt(),
    answers: (path: string) => (path === "/crowd" ? ANSWER_MS : 0),
    onRequest: (path: string, _id: string, atMs: number) => {
      const known = arrivals.get(path) ?? [];
      arrivals.set(path, known);
      known.push(atMs);
      if (path !== "/crowd") return;
      inFlight += 1;
      mostInFlight = Math.max(mostInFlight, inFlight);
    },
    onAnswered: (path: string) => {
      if (path === "/crowd") inFlight -= 1;
    },
  };
  await withBench(options, async (bench) => {
    for (const rate of RATES) await bench.addRoute(`/rate-${rate}`, { ratePerSecond: rate });
    await bench.addRoute("/crowd", { concurrency: CONCURRENCY });
    await bench.send({ events: EVENTS, stations: STATIONS, perSecond: 60 });
    // A minute in which every route has something to deliver, and nothing else is going on.
    const fromMs = performance.now();
    await sleep(MINUTE_MS);
    const within = (path: string) =>
      (arrivals.get(path) ?? []).filter((atMs) => atMs >= fromMs && atMs < fromMs + MINUTE_MS);
    printTable([
      ["", "allowed", "delivered", "ratio"],
      ...RATES.map((rate) => {
        const count = within(`/rate-${rate}`).length;
        return [`${rate}/s`, String(rate * 60), String(count), (count / (rate * 60)).toFixed(3)];
      }),
    ]);
    console.log(`\nin flight at once, of ${CONCURRENCY} allowed: ${mostInFlight}`);
  });
  return 0;
}

await runCommand("bench:rate", main);
