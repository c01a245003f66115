import { setTimeout as sleep } from "node:timers/promises";

import { type Answer, Connection } from "./connection.ts";
import type { SignedWebhook } from "./webhooks.ts";

/** Who waits longer has given up, as senders do. */
const PATIENCE_MS = 30_000;
const TICK_MS = 2;
const PAUSE_MS = 1_000;

/** What became of one request. */
export interface Fate {
  readonly webhook: SignedWebhook;
  /** `silent`: no answer, or none in time. `unsent`: every connection there may be was waiting. */
  readonly outcome: Answer | "silent" | "unsent";
  readonly sentAtMs: number;
  /** From the time when it was due. */
  readonly latencyMs: number;
}

/** Sends at a steady rate whatever becomes of the answers, over as many connections as that takes. */
export class Crowd {
  readonly #port: number;
  readonly #mostConnections: number;
  readonly #free: Connection[] = [];
  #openCount = 0;
  /** The most that were waiting for an answer at a time. */
  mostUnderWay = 0;
  #underWay = 0;

  constructor(port: number, mostConnections: number) {
    this.#port = port;
    this.#mostConnections = mostConnections;
  }

  /** Until the time is over or the webhooks are used up; resolves when all have had their fate. */
  async steadily(
    webhooks: Iterator<SignedWebhook>,
    perSecond: number,
    ms: number,
    take: (fate: Fate) => void,
  ): Promise<void> {
    let startMs = performance.now();
    let lastMs = startMs;
    const underWay = new Set<Promise<void>>();
    for (let sentCount = 0; lastMs - startMs < ms; lastMs = performance.now()) {
      for (; sentCount < ((lastMs - startMs) * perSecond) / 1000; sentCount += 1) {
        const next = webhooks.next();
        if (next.done === true) break;
        const sent = this.#send(next.value, startMs + (sentCount * 1000) / perSecond).then(take);
        underWay.add(sent);
        void sent.finally(() => underWay.delete(sent));
      }
      await sleep(TICK_MS);
      // While this process did not run nothing was due: that says nothing of the relay.
      const pausedMs = performance.now() - lastMs;
      if (pausedMs > PAUSE_MS) startMs += pausedMs;
    }
    await Promise.all(underWay);
  }

  close(): void {
    for (const connection of this.#free) connection.close();
  }

  async #send(webhook: SignedWebhook, dueMs: number): Promise<Fate> {
    const sentAtMs = Date.now();
    const connection = this.#free.pop() ?? this.#open();
    if (connection === null) return { webhook, outcome: "unsent", sentAtMs, latencyMs: 0 };
    this.#underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.#underWay);
    const giveUp = setTimeout(() => connection.close(), PATIENCE_MS);
    const outcome = await connection.exchange(webhook.bytes).catch(() => "silent" as const);
    clearTimeout(giveUp);
    this.#underWay -= 1;
    this.#free.push(connection);
    return { webhook, outcome, sentAtMs, latencyMs: performance.now() - dueMs };
  }

  #open(): Connection | null {
    if (this.#openCount >= this.#mostConnections) return null;
    this.#openCount += 1;
    return new Connection(this.#port);
  }
}

/** Webhooks for stations in turn, signed as they are needed; without end. */
export function* endless(sign: (count: number) => readonly SignedWebhook[], batch: number) {
  for (;;) yield* sign(batch);
}
