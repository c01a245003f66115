import type { Filter } from "./options.ts";
import type { Place } from "./place.ts";
import type { Token } from "./token.ts";

/** What is in force, should a subscription in band be refused. */
export interface InForce {
  readonly filter: Filter;
  readonly place: Place;
}

export interface SubscribeAsk {
  readonly kind: "subscribe";
  readonly filter: Filter;
  readonly from: string;
  /** Whether what the application has not taken yet is of no interest any more. */
  readonly discards: boolean;
  /** Null when there is nothing to fall back on. */
  previous: InForce | null;
}

/** Something that the relay answers with a hello, or with an error. */
export type Ask =
  | { readonly kind: "connect" }
  | SubscribeAsk
  | { readonly kind: "auth"; readonly token: Token };

/** One question at a time: the answers do not say to which they belong. */
export class Asks {
  readonly #send: (text: string) => void;
  #asks: Ask[] = [];

  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  /** A new connection is a question of its own, which has been asked. */
  restart(): void {
    this.#asks = [{ kind: "connect" }];
  }

  /** Nothing is answered before the hello of the connection itself. */
  get isConnecting(): boolean {
    return this.#asks[0]?.kind === "connect";
  }

  clear(): void {
    this.#asks = [];
  }

  /** The last subscription asked for, while it is not answered. */
  get subscribing(): SubscribeAsk | null {
    return this.#asks.findLast((ask) => ask.kind === "subscribe") ?? null;
  }

  add(ask: Ask): void {
    // One that was not sent yet has been overtaken.
    const [first, ...waiting] = this.#asks;
    const others = waiting.filter(({ kind }) => kind !== ask.kind);
    this.#asks = first === undefined ? [ask] : [first, ...others, ask];
    if (first === undefined) this.#send(frameOf(ask));
  }

  /** What was answered; the next one is sent. Null when nothing was asked. */
  answered(): Ask | null {
    const ask = this.#asks.shift() ?? null;
    const [next] = this.#asks;
    if (next !== undefined) this.#send(frameOf(next));
    return ask;
  }
}

function frameOf(ask: Ask): string {
  switch (ask.kind) {
    case "connect":
      return "";
    case "subscribe":
      return JSON.stringify({ op: "subscribe", filter: ask.filter, from: ask.from });
    case "auth":
      return JSON.stringify({ op: "auth", token: ask.token.token });
  }
}

export function ackFrame(cursor: string): string {
  return JSON.stringify({ op: "ack", cursor });
}
