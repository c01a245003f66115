import { WebSocket } from "ws";

import { connect, type RelayedEvent, type Status, type Subscription } from "../client/client.ts";

/** What all pages are connected through. */
export interface PageNetwork {
  isDown: boolean;
}

/** Nothing listens there. */
const NOWHERE = "ws://127.0.0.1:1/";

/** A page with the client library, which has all events from the start on to get once and in order. */
export class Page {
  eventCount = 0;
  outOfOrderCount = 0;
  gapCount = 0;
  /** When it had all that there was after the last time that it had lost its connection. */
  backAtMs: number | null = null;
  isRefused = false;
  readonly #seqs = new Map<string, number>();
  readonly #subscription: Subscription;
  #socket: WebSocket | null = null;

  constructor(url: string, token: string, network: PageNetwork) {
    const note = (socket: WebSocket) => {
      this.#socket = socket;
    };
    this.#subscription = connect({
      url,
      token,
      from: "start",
      onEvent: (event) => this.#take(event),
      onGap: () => {
        this.gapCount += 1;
      },
      onStatus: (status) => this.#follow(status),
      WebSocket: class extends WebSocket {
        constructor(address: string, protocols: string[]) {
          super(network.isDown ? NOWHERE : address, protocols, { perMessageDeflate: false });
          note(this);
        }
      },
    });
  }

  get isBack(): boolean {
    return this.backAtMs !== null;
  }

  /** As a network does it. */
  drop(): void {
    this.backAtMs = null;
    this.#socket?.terminate();
  }

  /** Now, whatever the library would have waited for. */
  comeBack(): void {
    this.#subscription.reconnect();
  }

  close(): void {
    this.#subscription.close();
    this.#socket?.terminate();
  }

  #take({ station, seq, ...event }: RelayedEvent): void {
    const expected = (this.#seqs.get(station) ?? 0) + 1;
    if (seq !== expected) this.outOfOrderCount += 1;
    this.#seqs.set(station, seq);
    if (event.class !== "relay") this.eventCount += 1;
  }

  #follow(status: Status): void {
    if (status.state === "live") this.backAtMs ??= performance.now();
    if (status.state === "closed" && status.reason === "refused") this.isRefused = true;
  }
}
