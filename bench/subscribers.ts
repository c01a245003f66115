import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";

export interface SubscriberOrder {
  readonly port: number;
  readonly count: number;
  /** Of the streams; the sockets take turns. */
  readonly paths: readonly string[];
  readonly headers: readonly string[];
  /** Whether all of them are sent the same frames; else only the first is looked at. */
  readonly areAlike: boolean;
  /** Whether the server answers pings, which tell it that its frames arrive. */
  readonly pings: boolean;
}

/** An event as the first of the subscribers saw it. */
export interface Arrival {
  readonly id: string;
  readonly atNs: bigint;
  readonly station: string | null;
  readonly seq: number | null;
}

export type ThreadReport =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly reason: string }
  | {
      readonly kind: "seen";
      readonly arrivals: readonly Arrival[];
      readonly leastBytes: number;
      readonly mostBytes: number;
    };

const SETTLE_LIMIT_MS = 30_000;

/** Subscribers in a thread of their own. */
export class Subscribers {
  readonly #thread: Worker;
  readonly #count: number;
  readonly #areAlike: boolean;
  #failure: string | null = null;
  #onReport: (report: ThreadReport) => void = () => {};

  private constructor(order: SubscriberOrder) {
    this.#count = order.count;
    this.#areAlike = order.areAlike;
    this.#thread = new Worker(new URL("./subscriber-thread.ts", import.meta.url), {
      workerData: order,
    });
    this.#thread.on("message", (report: ThreadReport) => {
      if (report.kind === "failed") this.#failure ??= report.reason;
      this.#onReport(report);
    });
  }

  /** Resolves when every one of them has been greeted. */
  static async open(order: SubscriberOrder): Promise<Subscribers> {
    const subscribers = new Subscribers(order);
    await new Promise<void>((resolve, reject) => {
      subscribers.#onReport = (report) => {
        if (report.kind === "ready") resolve();
        else if (report.kind === "failed") reject(new Error(report.reason));
      };
    });
    return subscribers;
  }

  /** What came, once the first has `count` events and all have the same bytes. */
  async collect(count: number): Promise<Arrival[]> {
    const arrivals: Arrival[] = [];
    for (const deadlineMs = Date.now() + SETTLE_LIMIT_MS; ; await sleep(20)) {
      if (this.#failure !== null) throw new Error(this.#failure);
      const seen = await this.#ask();
      if (seen.kind !== "seen") continue;
      arrivals.push(...seen.arrivals);
      const isComplete = !this.#areAlike || seen.leastBytes === seen.mostBytes;
      if (arrivals.length >= count && isComplete) return arrivals;
      if (Date.now() > deadlineMs) {
        throw new Error(
          `of ${count} events ${arrivals.length} came to the first of ${this.#count} subscribers, which got ${seen.leastBytes} to ${seen.mostBytes} bytes`,
        );
      }
    }
  }

  async close(): Promise<void> {
    this.#onReport = () => {};
    await this.#thread.terminate();
  }

  #ask(): Promise<ThreadReport> {
    return new Promise((resolve) => {
      this.#onReport = resolve;
      this.#thread.postMessage("collect");
    });
  }
}
