import { setTimeout as sleep } from "node:timers/promises";

import { type Hooks, openHooks } from "./hooks.ts";

const SETTLE_LIMIT_MS = 60_000;

/** Destinations that answer at once, and what has come to each, by event. */
export class Receivers {
  readonly #hooks: Hooks;
  readonly #arrivals: Map<string, bigint>[];

  private constructor(hooks: Hooks, arrivals: Map<string, bigint>[]) {
    this.#hooks = hooks;
    this.#arrivals = arrivals;
  }

  static async open(count: number): Promise<Receivers> {
    const arrivals = Array.from({ length: count }, () => new Map<string, bigint>());
    const hooks = await openHooks({
      answers: () => 0,
      onRequest: (path, eventId) => {
        const own = arrivals[Number(path.slice(1))];
        // The first counts: a route may be sent an event again.
        if (own?.has(eventId) === false) own.set(eventId, process.hrtime.bigint());
      },
    });
    return new Receivers(hooks, arrivals);
  }

  get urls(): readonly string[] {
    return this.#arrivals.map((_, index) => `${this.#hooks.url}/${index}`);
  }

  /** Resolves when every one of them has every one of these; when the first of them had each. */
  async collect(ids: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
    for (const deadlineMs = Date.now() + SETTLE_LIMIT_MS; ; await sleep(20)) {
      const missing = this.#arrivals.flatMap((own) => ids.filter((id) => !own.has(id)));
      if (missing.length === 0) return this.#arrivals[0] ?? new Map();
      if (Date.now() > deadlineMs) throw new Error(`${missing.length} deliveries never came`);
    }
  }

  close(): void {
    this.#hooks.close();
  }
}
