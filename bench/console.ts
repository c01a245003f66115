import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";

import { listenForInterrupt, readOptions, runCommand } from "../cli/relay/command-line.ts";
import { type Bench, printTable, quantile, withBench } from "./bench.ts";
import { type ConsolePage, type Measured, openConsole } from "./console-page.ts";

const HELP = `Measures how the console draws: a relay of its own with many stations, events at a steady rate,
and the stations page in Chromium.

npm run bench:console -- [options]     (after npm run build:console)

  --stations N    stations of the fleet (default 5000)
  --rate N        events per second (default 200)
  --seconds N     of each measurement (default 15)
  --help

Prints the time until the first station is shown, frame times at rest and while scrolling, and the
page's heap. CHROMIUM names the browser when it is in no usual place.`;

const FILL_PER_SECOND = 1_000;
const FILL_AT_ONCE = 50;
const TEXT = { type: "string" } as const;
const Count = z.coerce.number().int().min(1).max(100_000);

async function main(): Promise<number> {
  const options = readOptions({
    stations: { ...TEXT, default: "5000" },
    rate: { ...TEXT, default: "200" },
    seconds: { ...TEXT, default: "15" },
    help: { type: "boolean", default: false },
  });
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const [stations, rate, seconds] = [options.stations, options.rate, options.seconds].map((text) =>
    Count.parse(text),
  );
  const hooks = { answers: () => 0, onRequest: () => {}, signal: listenForInterrupt() };
  await withBench(hooks, async (bench) => {
    await fill(bench, stations ?? 0);
    await measure(bench, stations ?? 0, rate ?? 0, (seconds ?? 0) * 1_000);
  });
  return 0;
}

/** An event of each station, as fast as the relay takes them: each one is an object to be made. */
async function fill(bench: Bench, stations: number): Promise<void> {
  for (let firstStation = 0; firstStation < stations; firstStation += FILL_AT_ONCE) {
    const events = Math.min(FILL_AT_ONCE, stations - firstStation);
    await bench.send({ events, stations, firstStation, perSecond: FILL_PER_SECOND });
  }
}

async function measure(
  bench: Bench,
  stations: number,
  rate: number,
  lengthMs: number,
): Promise<void> {
  const page = await openConsole(bench.url, bench.apiKey);
  try {
    console.log(`first station shown after ${page.firstStationMs.toFixed(0)} ms\n`);
    const heads = ["", "frames", "p50 ms", "p95 ms", "p99 ms", "longest", "dropped", "> 50 ms"];
    const quiet = await rowOf("no events, at rest", page, () => sleep(lengthMs));
    const quietScroll = await rowOf("no events, scrolling", page, () => page.scroll(lengthMs));
    // So many that they last for both measurements.
    const events = Math.ceil((rate * (2 * lengthMs + 5_000)) / 1_000);
    const sent = bench.send({ events, stations, perSecond: rate });
    await sleep(2_000);
    const rest = await rowOf(`${rate}/s, at rest`, page, () => sleep(lengthMs));
    const scroll = await rowOf(`${rate}/s, scrolling`, page, () => page.scroll(lengthMs));
    await sent;
    printTable([heads, quiet, quietScroll, rest, scroll]);
    console.log(`\nheap: ${(await page.heapMiB()).toFixed(1)} MiB`);
  } finally {
    await page.close();
  }
}

async function rowOf(
  name: string,
  page: ConsolePage,
  during: () => Promise<unknown>,
): Promise<string[]> {
  const { frames, longTasks }: Measured = await page.measure(during);
  const shares = [0.5, 0.95, 0.99].map((share) => quantile(frames, share).toFixed(1));
  const longest = Math.max(...frames).toFixed(1);
  // A frame that lasts longer than one and a half of 60 Hz has cost at least one.
  const dropped = frames.reduce(
    (sum, ms) => sum + Math.max(0, Math.round(ms / (1000 / 60)) - 1),
    0,
  );
  return [name, String(frames.length), ...shares, longest, String(dropped), String(longTasks)];
}

await runCommand("bench:console", main);
