import { toUtf8 } from "../../src/domain/encoding.ts";
import type { Flaw, Outgoing } from "./disturbance.ts";
import type { SimulatedEvent } from "./emitter.ts";
import type { Answer, Poster, Silence } from "./poster.ts";
import { Queue } from "./queue.ts";
import { forge, type SigningOptions, sign } from "./signing.ts";
import type { Tally } from "./tally.ts";

export interface Acknowledgement {
  readonly event: SimulatedEvent;
  readonly isDuplicate: boolean;
  readonly attempts: number;
  /** Epoch milliseconds at which the attempt that was acknowledged began. */
  readonly sentAtMs: number;
  readonly latencyMs: number;
}

export interface SenderOptions {
  readonly poster: Poster;
  readonly signing: SigningOptions;
  readonly concurrency: number;
  /** Stretches or shortens the waits between attempts: 50 ms, doubling up to 2 s, by default. */
  readonly backoffFactor: number;
  readonly tally: Tally;
  readonly onAcknowledged: (acknowledgement: Acknowledgement) => void;
}

interface Delivery {
  readonly event: SimulatedEvent;
  readonly isDuplicate: boolean;
  attempts: number;
}

type Task = Delivery | { readonly forgedBody: string; readonly flaw: Flaw };

const FIRST_WAIT_MS = 50;
const MAX_WAIT_MS = 2_000;

/**
 * Sends as eDRV does. Types with a promised order go one at a time per station, each once the one
 * before it has been answered 200; all others go as they come. Both are sent again until then.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #lanes = new Map<string, Queue<Delivery>>();
  readonly #ready = new Queue<Task>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #waiters = new Set<{ readonly limit: number; readonly resolve: () => void }>();
  #inFlight = 0;
  #unfinished = 0;
  #isClosed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Given to the sender and neither acknowledged nor, if forged, answered yet. */
  get unfinished(): number {
    return this.#unfinished;
  }

  send(outgoing: Outgoing): void {
    this.#unfinished += 1;
    if (outgoing.kind === "forgery") {
      this.#ready.push({ forgedBody: outgoing.body, flaw: outgoing.flaw });
    } else {
      const { event, isDuplicate } = outgoing;
      this.#options.tally.countOffered(isDuplicate);
      this.#enqueue({ event, isDuplicate, attempts: 0 });
    }
    this.#pump();
  }

  /** Resolves once at most `limit` deliveries are unfinished, or when `signal` says so. */
  async drainedTo(limit: number, signal: AbortSignal): Promise<void> {
    if (this.#unfinished <= limit || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const waiter = { limit, resolve: () => finish() };
      const finish = () => {
        this.#waiters.delete(waiter);
        signal.removeEventListener("abort", finish);
        resolve();
      };
      this.#waiters.add(waiter);
      signal.addEventListener("abort", finish);
    });
  }

  /** Forgets everything that has not been tried yet; what was tried once is still seen through. */
  discardUntried(): void {
    const waiting = [...this.#lanes.values()].flatMap((lane) => lane.takeAll());
    const ready = this.#ready.takeAll();
    const isTried = (task: Task) => "event" in task && task.attempts > 0;
    for (const task of ready.filter(isTried)) this.#ready.push(task);
    for (const task of [...waiting, ...ready.filter((task) => !isTried(task))]) {
      this.#unfinished -= 1;
      if ("event" in task) this.#options.tally.countOffered(task.isDuplicate, -1);
    }
    this.#wake();
  }

  /** Gives up whatever is unfinished. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#options.poster.close();
  }

  #enqueue(delivery: Delivery): void {
    const { fifo, station } = delivery.event;
    if (!fifo || station === null) {
      this.#ready.push(delivery);
      return;
    }
    const lane = this.#lanes.get(station);
    if (lane !== undefined) {
      lane.push(delivery);
      return;
    }
    this.#lanes.set(station, new Queue());
    this.#ready.push(delivery);
  }

  #pump(): void {
    while (!this.#isClosed && this.#inFlight < this.#options.concurrency) {
      const task = this.#ready.take();
      if (task === undefined) return;
      this.#inFlight += 1;
      const work = "event" in task ? this.#attempt(task) : this.#sendForgery(task);
      void work.then(() => {
        this.#inFlight -= 1;
        this.#wake();
        this.#pump();
      });
    }
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { poster, signing, tally } = this.#options;
    const body = toUtf8(delivery.event.body);
    const sentAtMs = Date.now();
    const signature = await sign(body, signing, sentAtMs);
    const startedMs = performance.now();
    const answer = await poster.post(body, signature);
    const latencyMs = performance.now() - startedMs;
    if (this.#isClosed && typeof answer === "string") return;
    delivery.attempts += 1;
    tally.countAnswer(answer, delivery.attempts > 1);
    if (typeof answer === "string" || answer.status !== 200) this.#retry(delivery, answer);
    else this.#acknowledge(delivery, answer, sentAtMs, latencyMs);
  }

  #acknowledge(delivery: Delivery, answer: Answer, sentAtMs: number, latencyMs: number): void {
    const { event, isDuplicate, attempts } = delivery;
    this.#options.tally.countAcknowledged(event, isDuplicate, answer);
    this.#options.tally.latencies.add(latencyMs);
    this.#unfinished -= 1;
    if (event.fifo && event.station !== null) this.#advance(event.station);
    this.#options.onAcknowledged({ event, isDuplicate, attempts, sentAtMs, latencyMs });
  }

  #advance(station: string): void {
    const next = this.#lanes.get(station)?.take();
    if (next === undefined) this.#lanes.delete(station);
    else this.#ready.push(next);
  }

  #retry(delivery: Delivery, answer: Answer | Silence): void {
    if (this.#isClosed) return;
    const doubled = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** (delivery.attempts - 1));
    const wishedMs = typeof answer === "string" ? 0 : (answer.retryAfterMs ?? 0);
    const waitMs = Math.max(wishedMs, doubled * this.#options.backoffFactor);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#ready.push(delivery);
      this.#pump();
    }, waitMs);
    this.#timers.add(timer);
  }

  async #sendForgery(task: { readonly forgedBody: string; readonly flaw: Flaw }): Promise<void> {
    const { poster, signing, tally } = this.#options;
    const body = toUtf8(task.forgedBody);
    const signature = await forge(body, task.flaw, signing, Date.now());
    tally.countForgery(await poster.post(body, signature));
    this.#unfinished -= 1;
  }

  #wake(): void {
    for (const waiter of this.#waiters) {
      if (this.#unfinished <= waiter.limit) waiter.resolve();
    }
  }
}
