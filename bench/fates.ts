import { Percentiles } from "../cli/simulator/percentiles.ts";
import type { Fate } from "./crowd.ts";
import type { SignedWebhook } from "./webhooks.ts";

/** What became of many requests. */
export class Fates {
  acceptedCount = 0;
  /** Those that are to be sent again: refused, or not answered. */
  readonly owed: SignedWebhook[] = [];
  /** By status, or by why there was none. */
  readonly counts = new Map<string, number>();
  /** Refused by 429 or 503, and not told when to come back. */
  untoldCount = 0;
  readonly acceptedMs = new Percentiles();
  readonly refusedMs = new Percentiles();

  take({ webhook, outcome, latencyMs }: Fate): void {
    const name = typeof outcome === "string" ? outcome : String(outcome.status);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    if (typeof outcome !== "string" && outcome.status === 200) {
      this.acceptedCount += 1;
      this.acceptedMs.add(latencyMs);
      return;
    }
    this.owed.push(webhook);
    if (typeof outcome === "string") return;
    this.refusedMs.add(latencyMs);
    if (outcome.retryAfterSeconds === null) this.untoldCount += 1;
  }

  count(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Of those that are neither accepted nor told to come back. */
  get errorCount(): number {
    return this.total - this.acceptedCount - this.count("429") - this.count("503");
  }

  /** `200 1,234, 503 56`. */
  toString(): string {
    return [...this.counts].map(([name, count]) => `${name} ${count}`).join(", ");
  }
}
