import { setTimeout as sleep } from "node:timers/promises";

import { Connection } from "./connection.ts";
import type { SignedWebhook } from "./webhooks.ts";

/** In which the server's closing of idle connections is noticed, after webhooks were signed. */
const NOTICE_MS = 20;

/** What became of a slice of load. */
export interface Slice {
  /** In the order of their answers. */
  readonly answered: readonly SignedWebhook[];
  readonly seconds: number;
  /** From the time when a webhook was due to its answer, in milliseconds; in the order of `answered`. */
  readonly latenciesMs: readonly number[];
  /** When each was due, on the clock that all threads share. */
  readonly dueNs: ReadonlyMap<string, bigint>;
}

/** Connections that stay open, each with one request under way at most. */
export class Load {
  readonly #connections: Connection[];

  constructor(port: number, connectionCount: number) {
    this.#connections = Array.from({ length: connectionCount }, () => new Connection(port));
  }

  /** As fast as the answers come, until the time is over or the webhooks are used up. */
  async closedLoop(webhooks: readonly SignedWebhook[], ms: number, status = 200): Promise<Slice> {
    const answered: SignedWebhook[] = [];
    const latenciesMs: number[] = [];
    let next = 0;
    await sleep(NOTICE_MS);
    const startedMs = performance.now();
    const drive = async (connection: Connection) => {
      while (performance.now() - startedMs < ms) {
        const webhook = webhooks[next];
        next += 1;
        if (webhook === undefined) return;
        const sentMs = performance.now();
        await send(connection, webhook, status);
        answered.push(webhook);
        latenciesMs.push(performance.now() - sentMs);
      }
    };
    await Promise.all(this.#connections.map(drive));
    const seconds = (performance.now() - startedMs) / 1000;
    return { answered, seconds, latenciesMs, dueNs: new Map() };
  }

  /** At a steady rate, whatever becomes of the answers; latencies count from the time due. */
  async openLoop(webhooks: readonly SignedWebhook[], perSecond: number): Promise<Slice> {
    const answered: SignedWebhook[] = [];
    const latenciesMs: number[] = [];
    const dueNs = new Map<string, bigint>();
    const free = [...this.#connections];
    const underWay: Promise<void>[] = [];
    await sleep(NOTICE_MS);
    const startNs = process.hrtime.bigint();
    const startMs = performance.now();
    for (const [index, webhook] of webhooks.entries()) {
      const dueMs = startMs + (index * 1000) / perSecond;
      await untilMs(dueMs);
      dueNs.set(webhook.id, startNs + BigInt(Math.round((dueMs - startMs) * 1e6)));
      while (free.length === 0) await sleep(0);
      const connection = free.pop();
      if (connection === undefined) continue;
      const sent = send(connection, webhook, 200).then(() => {
        answered.push(webhook);
        latenciesMs.push(performance.now() - dueMs);
        free.push(connection);
      });
      underWay.push(sent);
    }
    await Promise.all(underWay);
    return { answered, seconds: (performance.now() - startMs) / 1000, latenciesMs, dueNs };
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}

/** Timers are a millisecond late; the last one is waited for turn by turn. */
async function untilMs(ms: number): Promise<void> {
  const early = ms - performance.now() - 1.5;
  if (early > 0) await sleep(early);
  while (performance.now() < ms) await new Promise(setImmediate);
}

async function send(
  connection: Connection,
  { bytes }: SignedWebhook,
  expected: number,
): Promise<void> {
  const { status } = await connection.exchange(bytes);
  if (status !== expected) throw new Error(`a webhook was answered ${status}`);
}
