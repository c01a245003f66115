import { createHmac, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { Api, NewRoute, Source, Tenant } from "../cli/relay/api.ts";
import { startHost } from "../cli/relay/reconciliation-host.ts";
import { createPoster } from "../cli/simulator/post.ts";
import { type Hooks, type HooksOptions, openHooks } from "./hooks.ts";

const SECRET = "a-secret-of-the-benchmark";
const CONNECTIONS = 64;
const ANSWER_LIMIT_MS = 30_000;
const MAX_TRIES = 20;
const RETRY_MS = 500;

/** A relay of its own with one tenant, and destinations for its routes. */
export interface Bench {
  readonly api: Api;
  readonly url: string;
  readonly apiKey: string;
  /** Everything the relay consists of runs in this process group. */
  readonly processGroup: number;
  readonly hooks: Hooks;
  /** The id of a new route to a path of the destinations. */
  readonly addRoute: (path: string, settings?: Record<string, unknown>) => Promise<string>;
  /**
   * Sends events at a steady rate, station after station; resolves, when all are accepted, to
   * when the request of each began, by event.
   */
  readonly send: (sending: Sending) => Promise<Map<string, number>>;
}

export interface Sending {
  readonly events: number;
  readonly stations: number;
  /** Where to begin among them (default 0). */
  readonly firstStation?: number;
  readonly perSecond: number;
  /** Bytes that each body is made longer by. */
  readonly padding?: number;
}

/** Runs a benchmark against a relay that is started for it, and stops all of it. */
export async function withBench(
  options: HooksOptions & { readonly signal: AbortSignal },
  run: (bench: Bench) => Promise<void>,
): Promise<void> {
  const host = await startHost({ keep: false, signal: options.signal });
  const hooks = await openHooks(options);
  try {
    const operator = new Api(host.url, host.operatorKey);
    const { apiKey } = await operator.post("/v1/tenants", { name: "Benchmark" }, Tenant);
    const api = new Api(host.url, apiKey);
    const source = { name: "benchmark", secret: SECRET };
    const { ingestPath } = await api.post("/v1/sources", source, Source);
    const poster = createPoster(new URL(ingestPath, host.url), CONNECTIONS, ANSWER_LIMIT_MS);
    const addRoute = async (path: string, settings = {}) => {
      const input = { name: path.slice(1), url: hooks.url + path, timeoutMs: 30_000, ...settings };
      return (await api.post("/v1/routes", input, NewRoute)).id;
    };
    const post = async (body: Buffer) => {
      const t = Date.now();
      const v1 = createHmac("sha256", SECRET).update(`${t}.`).update(body).digest("hex");
      let answer = await poster.post(body, `t=${t},v1=${v1}`);
      // What the relay has no time for is sent again, as eDRV does.
      for (let tries = 1; tries < MAX_TRIES && isUnavailable(answer); tries += 1) {
        await sleep(RETRY_MS);
        answer = await poster.post(body, `t=${t},v1=${v1}`);
      }
      if (typeof answer === "string" || answer.status !== 200) {
        throw new Error(`a webhook was not accepted: ${JSON.stringify(answer)}`);
      }
    };
    const { url, relay } = host;
    const processGroup = relay?.processGroup ?? 0;
    await run({
      api,
      url,
      apiKey,
      processGroup,
      hooks,
      addRoute,
      send: (sending) => sendSteadily(sending, post),
    });
    poster.close();
  } finally {
    hooks.close();
    await host.stop();
  }
}

const isUnavailable = (answer: string | { readonly status: number }) =>
  typeof answer === "string" || answer.status === 503;

async function sendSteadily(
  { events, stations, firstStation = 0, perSecond, padding = 0 }: Sending,
  post: (body: Buffer) => Promise<void>,
): Promise<Map<string, number>> {
  const sent = new Map<string, number>();
  const startedMs = performance.now();
  const answers: Promise<void>[] = [];
  for (let index = 0; index < events; index += 1) {
    await sleep(Math.max(0, startedMs + (index * 1000) / perSecond - performance.now()));
    const id = randomBytes(12).toString("hex");
    sent.set(id, performance.now());
    answers.push(post(Buffer.from(webhook(id, (firstStation + index) % stations, padding))));
  }
  await Promise.all(answers);
  return sent;
}

function webhook(id: string, station: number, padding: number): string {
  const createdAt = new Date().toISOString();
  const chargestation = station.toString(16).padStart(24, "0");
  const data = {
    _id: "b".repeat(24),
    chargestation,
    metrics: { energyConsumed: 1 },
    note: "x".repeat(padding),
  };
  return JSON.stringify({ _id: id, type: "session.updated", object: "session", data, createdAt });
}

/** Prints rows of cells in columns, the first one wide. */
export function printTable(rows: readonly (readonly string[])[]): void {
  for (const [name = "", ...cells] of rows) {
    console.log(name.padEnd(24) + cells.map((cell) => cell.padStart(10)).join(""));
  }
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
