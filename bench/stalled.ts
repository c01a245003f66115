import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import * as z from "zod";

import { listenForInterrupt, readOptions, runCommand } from "../cli/relay/command-line.ts";
import { PING, PROTOCOL } from "../src/protocol/codes.ts";
import { type Bench, printTable, quantile, withBench } from "./bench.ts";

const HELP = `Measures what subscribers that read nothing cost: the memory of the relay, and the latency of one
that reads, alone and beside them, in one run against one relay.

npm run bench:stalled -- [options]

  --sockets N   subscribers that stop reading (default 100)
  --help

Prints the time from the start of a webhook's request to its frame at the subscriber that reads, and
the memory of all of the relay's processes (wrangler's included).`;

const TURN = { events: 2_000, stations: 50, perSecond: 50, padding: 6 * 1024 };
const WARM_UP = { events: 200, stations: 50, perSecond: 40 };
const PING_INTERVAL_MS = 1_000;

async function main(): Promise<number> {
  const { sockets, help } = readOptions({
    sockets: { type: "string", default: "100" },
    help: { type: "boolean", default: false },
  });
  if (help) {
    console.log(HELP);
    return 0;
  }
  const count = z.coerce.number().int().min(1).max(2_000).parse(sockets);
  const options = { signal: listenForInterrupt(), answers: () => 0, onRequest: () => {} };
  await withBench(options, async (bench) => {
    const reader = await openReader(bench);
    await bench.send(WARM_UP);
    const before = memoryMiB(bench.processGroup);
    const alone = await turn(bench, reader);
    const settled = memoryMiB(bench.processGroup);
    const stalled = await Promise.all(Array.from({ length: count }, () => stall(bench)));
    const beside = await turn(bench, reader);
    const loaded = memoryMiB(bench.processGroup);
    const sentMiB = (TURN.events * TURN.padding) / 1024 / 1024;
    const row = (name: string, latencies: readonly number[], mib: number) => [
      name,
      String(latencies.length),
      ...[0.5, 0.9, 0.99].map((share) => quantile(latencies, share).toFixed(1)),
      mib.toFixed(0),
    ];
    printTable([
      ["", "events", "p50 ms", "p90 ms", "p99 ms", "MiB after"],
      ["at the start", "", "", "", "", before.toFixed(0)],
      row("alone", alone, settled),
      row(`beside ${count} stalled`, beside, loaded),
    ]);
    console.log(
      `${sentMiB.toFixed(0)} MiB of events a turn; each stalled one holds ${((loaded - settled) / count).toFixed(1)} MiB of them.`,
    );
    for (const socket of [...stalled, reader.socket]) socket.terminate();
  });
  return 0;
}

interface Reader {
  readonly socket: WebSocket;
  /** When each event's frame came, by the event's id. */
  readonly arrivals: Map<string, number>;
}

async function openReader(bench: Bench): Promise<Reader> {
  const socket = await open(bench);
  const arrivals = new Map<string, number>();
  socket.on("message", (data) => {
    const atMs = performance.now();
    if (String(data).startsWith('{"op":"gap"')) throw new Error("the one that reads fell behind");
    for (const [, id] of String(data).matchAll(/\{"id":"([0-9a-f]{24})"/g)) {
      if (id !== undefined) arrivals.set(id, atMs);
    }
  });
  const pings = setInterval(() => socket.send(PING), PING_INTERVAL_MS);
  socket.on("close", () => clearInterval(pings));
  return { socket, arrivals };
}

async function stall(bench: Bench): Promise<WebSocket> {
  const socket = await open(bench);
  socket.pause();
  return socket;
}

function open({ url, apiKey }: Bench): Promise<WebSocket> {
  const socket = new WebSocket(new URL("/v1/stream", url), [PROTOCOL, `auth.${apiKey}`], {
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    socket.once("message", () => resolve(socket));
    socket.once("error", reject);
  });
}

async function turn(bench: Bench, { arrivals }: Reader): Promise<number[]> {
  const sent = await bench.send(TURN);
  while (![...sent.keys()].every((id) => arrivals.has(id))) await sleep(20);
  return [...sent].map(([id, atMs]) => (arrivals.get(id) ?? Number.NaN) - atMs);
}

/** Resident memory of a process group. Linux alone tells it this way. */
function memoryMiB(processGroup: number): number {
  const pages = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const group = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
        if (group !== processGroup) return 0;
        return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
      } catch {
        // It has ended meanwhile.
        return 0;
      }
    });
  return (pages.reduce((total, each) => total + each, 0) * 4096) / 1024 / 1024;
}

await runCommand("bench:stalled", main);
