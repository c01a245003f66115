import { createHmac, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";

import { Api, NewRoute, Source, Tenant } from "../cli/relay/api.ts";
import { listenForInterrupt, readOptions, runCommand } from "../cli/relay/command-line.ts";
import { startHost } from "../cli/relay/reconciliation-host.ts";
import { createPoster, type Poster } from "../cli/simulator/post.ts";
import { openHooks } from "./hooks.ts";

const HELP = `Measures whether slow destinations delay a fast one: one route that answers at once, alone
and beside six that answer after 29 s or never, in turns, in one run against one relay.

npm run bench:isolation -- [options]

  --rounds N    turns of each kind (default 3)
  --help

Prints the time from the start of a webhook's request to its arrival at the fast destination.`;

const STATIONS = 50;
const SLOW_ROUTES = 6;
const SLOW_ANSWER_MS = 29_000;
const EVENTS_PER_SECOND = 40;
const TURN_EVENTS = 400;
const SECRET = "a-secret-of-the-benchmark";

interface Bench {
  readonly api: Api;
  readonly poster: Poster;
  readonly hooksUrl: string;
  readonly arrivals: Map<string, number>;
  readonly hangingCount: () => number;
  readonly letGo: () => void;
}

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
  const signal = listenForInterrupt();
  const host = await startHost({ keep: false, signal });
  const arrivals = new Map<string, number>();
  let hanging = 0;
  const hooks = await openHooks({
    answers: (path) => (path === "/fast" ? 0 : path === "/never" ? "never" : SLOW_ANSWER_MS),
    onRequest: (path, id, atMs) => {
      if (path === "/fast") arrivals.set(id, atMs);
      else hanging += 1;
    },
  });
  try {
    const operator = new Api(host.url, host.operatorKey);
    const { apiKey } = await operator.post("/v1/tenants", { name: "Isolation" }, Tenant);
    const api = new Api(host.url, apiKey);
    const { ingestPath } = await api.post("/v1/sources", { name: "b", secret: SECRET }, Source);
    const poster = createPoster(new URL(ingestPath, host.url), 64, 30_000);
    const letGo = () => {
      hanging = 0;
      hooks.letGo();
    };
    const hangingCount = () => hanging;
    await measure({ api, poster, hooksUrl: hooks.url, arrivals, hangingCount, letGo }, count);
    poster.close();
  } finally {
    hooks.close();
    await host.stop();
  }
  return 0;
}

async function measure(bench: Bench, rounds: number): Promise<void> {
  await addRoute(bench, "fast");
  await turn(bench);
  const [alone, beside]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    alone.push(...(await turn(bench)));
    const slow = await Promise.all(
      Array.from({ length: SLOW_ROUTES }, (_, index) =>
        addRoute(bench, index % 2 === 0 ? "slow" : "never"),
      ),
    );
    // Every station has one request waiting at every slow destination before anything is timed.
    await send(bench, STATIONS);
    while (bench.hangingCount() < STATIONS * SLOW_ROUTES) await sleep(50);
    beside.push(...(await turn(bench)));
    for (const id of slow) await bench.api.delete(`/v1/routes/${id}`);
    bench.letGo();
    await sleep(1_000);
  }
  const rows = [
    ["", "events", "p50 ms", "p90 ms", "p99 ms"],
    row("alone", alone),
    row(`beside ${SLOW_ROUTES} slow ones`, beside),
    [
      "ratio",
      "",
      ...[0.5, 0.9, 0.99].map((at) => (quantile(beside, at) / quantile(alone, at)).toFixed(2)),
    ],
  ];
  for (const [name = "", ...cells] of rows) {
    console.log(name.padEnd(20) + cells.map((cell) => cell.padStart(10)).join(""));
  }
}

async function addRoute({ api, hooksUrl }: Bench, name: string): Promise<string> {
  const input = { name, url: `${hooksUrl}/${name}`, timeoutMs: 30_000 };
  return (await api.post("/v1/routes", input, NewRoute)).id;
}

/** Latencies of a turn's events, from the start of the webhook's request to the destination. */
async function turn(bench: Bench): Promise<number[]> {
  const sent = await send(bench, TURN_EVENTS);
  while (![...sent.keys()].every((id) => bench.arrivals.has(id))) await sleep(20);
  return [...sent].map(([id, atMs]) => (bench.arrivals.get(id) ?? Number.NaN) - atMs);
}

/** Sends at a steady rate, station after station; when each request began, by event. */
async function send({ poster }: Bench, count: number): Promise<Map<string, number>> {
  const sent = new Map<string, number>();
  const startedMs = performance.now();
  const answers: Promise<void>[] = [];
  for (let index = 0; index < count; index += 1) {
    await sleep(Math.max(0, startedMs + (index * 1000) / EVENTS_PER_SECOND - performance.now()));
    const id = randomBytes(12).toString("hex");
    const body = Buffer.from(webhook(id, index % STATIONS));
    sent.set(id, performance.now());
    answers.push(post(poster, body));
  }
  await Promise.all(answers);
  return sent;
}

async function post(poster: Poster, body: Buffer): Promise<void> {
  const t = Date.now();
  const v1 = createHmac("sha256", SECRET).update(`${t}.`).update(body).digest("hex");
  const answer = await poster.post(body, `t=${t},v1=${v1}`);
  if (typeof answer === "string" || answer.status !== 200) {
    throw new Error(`a webhook was not accepted: ${JSON.stringify(answer)}`);
  }
}

function webhook(id: string, station: number): string {
  const createdAt = new Date().toISOString();
  const chargestation = station.toString(16).padStart(24, "0");
  const data = { _id: "b".repeat(24), chargestation, metrics: { energyConsumed: 1 } };
  return JSON.stringify({ _id: id, type: "session.updated", object: "session", data, createdAt });
}

function row(name: string, latencies: readonly number[]): string[] {
  const at = (share: number) => quantile(latencies, share).toFixed(1);
  return [name, String(latencies.length), at(0.5), at(0.9), at(0.99)];
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

await runCommand("bench:isolation", main);
