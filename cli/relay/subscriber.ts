import { once } from "node:events";
import { WebSocket } from "ws";

import {
  connect,
  type Filter,
  type RelayedEvent,
  type Status,
  type Subscription,
} from "../../client/client.ts";

export interface SubscriberOptions {
  readonly relayUrl: string;
  readonly apiKey: string;
  readonly station?: string;
  readonly filter?: Filter;
  readonly from: string;
  readonly onEvent: (event: RelayedEvent, atMs: number) => void;
  /** Connected, for the first time or again. */
  readonly onConnected?: () => void;
  /** What came before is not followed without a hole. */
  readonly onGap?: (reason: string) => void;
}

const CLOSE_LIMIT_MS = 1_000;

/** A subscription through the client library, whose connection can be broken as networks break it. */
export class Subscriber {
  /** Connections after the first. */
  reconnectionCount = 0;
  /** Those among them that did not get all that they had missed. */
  gapCount = 0;
  eventCount = 0;
  readonly #options: SubscriberOptions;
  readonly #subscription: Subscription;
  readonly #opened = Promise.withResolvers<void>();
  #socket: WebSocket | null = null;
  #isConnected = false;
  #isOpened = false;
  #return: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    // Whoever waits for it learns of a refusal; nobody has to.
    this.#opened.promise.catch(() => {});
    const { relayUrl, apiKey, station, filter, from, onEvent, onGap } = options;
    const note = (socket: WebSocket) => {
      this.#socket = socket;
    };
    this.#subscription = connect({
      url: relayUrl,
      token: apiKey,
      station,
      filter,
      from,
      onEvent: (event) => {
        this.eventCount += 1;
        onEvent(event, Date.now());
      },
      onGap: ({ reason }) => {
        this.gapCount += 1;
        onGap?.(reason);
      },
      onStatus: (status) => this.#follow(status),
      WebSocket: class extends WebSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols, { perMessageDeflate: false });
          note(this);
        }
      },
    });
  }

  /** Resolves when it is connected; rejects when the relay refuses this subscription for good. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Cuts the connection as a network does; it is back after that time at the latest. */
  drop(returnAfterMs: number): void {
    this.#socket?.terminate();
    this.#return = setTimeout(() => {
      if (this.#subscription.status.state === "waiting") this.#subscription.reconnect();
    }, returnAfterMs);
  }

  async close(): Promise<void> {
    clearTimeout(this.#return);
    this.#subscription.close();
    const socket = this.#socket;
    if (socket === null || socket.readyState === WebSocket.CLOSED) return;
    const closed = once(socket, "close", { signal: AbortSignal.timeout(CLOSE_LIMIT_MS) });
    await closed.catch(() => socket.terminate());
  }

  #follow(status: Status): void {
    if (status.state === "closed" && status.reason === "refused") {
      const { code, detail } = status;
      this.#opened.reject(new Error(`No subscription: the relay refused with ${code} ${detail}.`));
    }
    const wasConnected = this.#isConnected;
    this.#isConnected = status.state === "live" || status.state === "catching_up";
    if (wasConnected || !this.#isConnected) return;
    if (this.#isOpened) this.reconnectionCount += 1;
    this.#isOpened = true;
    this.#opened.resolve();
    this.#options.onConnected?.();
  }
}
