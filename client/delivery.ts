import { Acknowledger } from "./acknowledger.ts";
import type { Item } from "./items.ts";
import type { ConnectOptions } from "./options.ts";
import { Queue } from "./queue.ts";
import { SubscriptionError } from "./status.ts";

/** The last item of a frame stands for the frame: when it is taken, all of it is. */
interface Entry {
  /** Null for a frame that brought nothing but its cursor. */
  readonly item: Item | null;
  readonly chars: number;
  readonly cursor: string | null;
  /** False when the cursor is none to go on from, and only to be acknowledged. */
  readonly isPlace: boolean;
  readonly greeting: number;
}

/** What a frame brings, and where the stream stands after it. */
export interface Parcel {
  readonly items: readonly Item[];
  readonly chars: number;
  readonly cursor: string | null;
  readonly isPlace: boolean;
}

type Callbacks = Pick<ConnectOptions, "onEvent" | "onSnapshot" | "onState" | "onGap">;

export interface DeliveryHandlers {
  readonly acknowledge: (cursor: string) => void;
  readonly error: (error: SubscriptionError) => void;
  /** The reader left its loop. */
  readonly left: () => void;
}

/** Hands items to the application one after the other, and keeps account of what it has taken. */
export class Delivery {
  readonly #handlers: DeliveryHandlers;
  readonly #queue = new Queue<Entry>();
  readonly #acknowledger: Acknowledger;
  /** Grows with each hello and each end: what came before that is not acknowledged after it. */
  #greeting = 0;
  #cursor: string | null;
  #isTaking = false;
  #reader: "callbacks" | "iterator" | null = null;
  #refusal: SubscriptionError | null = null;

  constructor(cursor: string | null, callbacks: Callbacks, handlers: DeliveryHandlers) {
    this.#cursor = cursor;
    this.#handlers = handlers;
    this.#acknowledger = new Acknowledger(handlers.acknowledge);
    const { onEvent, onSnapshot, onState, onGap } = callbacks;
    if ((onEvent ?? onSnapshot ?? onState ?? onGap) === undefined) return;
    this.#reader = "callbacks";
    void this.#callBack(callbacks);
  }

  /** Up to where the application has taken everything; null before it has taken anything. */
  get cursor(): string | null {
    return this.#cursor;
  }

  /** A stream begins, or goes on, at that cursor. The first acknowledgement asks for more to be heeded. */
  begin(cursor: string, isPlace: boolean): void {
    this.#greeting += 1;
    this.#acknowledger.reset();
    this.#handlers.acknowledge(cursor);
    if (isPlace) this.put({ items: [], chars: 0, cursor, isPlace });
  }

  put({ items, chars, cursor, isPlace }: Parcel): void {
    const greeting = this.#greeting;
    for (const item of items.slice(0, -1)) {
      this.#queue.push({ item, chars: 0, cursor: null, isPlace: false, greeting });
    }
    const last = { item: items.at(-1) ?? null, chars, cursor, isPlace, greeting };
    // With nothing before it, nobody has to read it to have taken it.
    if (last.item === null && this.#queue.isEmpty && !this.#isTaking) this.#taken(last);
    else this.#queue.push(last);
  }

  /** What is not taken yet never will be: the place has been replaced. */
  discard(): void {
    this.#queue.clear();
  }

  /** Resolves when the application has at most so much left to take; null when it is so already. */
  drained(chars: number): Promise<void> | null {
    return this.#queue.drained(chars);
  }

  /** There is nobody to acknowledge anything to, nor will be for what the application has in hand. */
  pause(): void {
    this.#greeting += 1;
    this.#acknowledger.reset();
  }

  close(): void {
    this.pause();
    this.#queue.clear();
    this.#queue.end();
  }

  /** What is there can still be taken; then an iterator learns why nothing more comes. */
  refuse(refusal: SubscriptionError): void {
    this.pause();
    this.#refusal = refusal;
    this.#queue.end();
  }

  /** For one reader; leaving its loop closes the subscription. */
  async *iterate(): AsyncGenerator<Item, void, undefined> {
    if (this.#reader !== null) throw new Error(`The items are read already, by ${this.#reader}.`);
    this.#reader = "iterator";
    try {
      for await (const entry of this.#entries()) if (entry.item !== null) yield entry.item;
    } finally {
      this.#handlers.left();
    }
    if (this.#refusal !== null) throw this.#refusal;
  }

  async #callBack(callbacks: Callbacks): Promise<void> {
    for await (const { item } of this.#entries()) {
      try {
        if (item !== null) await callbackOf(callbacks, item);
      } catch (cause) {
        const message = "A callback failed; the subscription goes on with the next item.";
        this.#handlers.error(new SubscriptionError("callback_failed", message, { cause }));
      }
    }
  }

  /** An entry is taken when the next one is asked for. */
  async *#entries(): AsyncGenerator<Entry, void, undefined> {
    for (;;) {
      const entry = await this.#queue.read();
      if (entry === null) return;
      this.#isTaking = true;
      yield entry;
      this.#isTaking = false;
      this.#taken(entry);
    }
  }

  #taken({ cursor, isPlace, chars, greeting }: Entry): void {
    if (cursor === null) return;
    if (isPlace) this.#cursor = cursor;
    if (greeting === this.#greeting) this.#acknowledger.take(cursor, chars);
  }
}

function callbackOf(callbacks: Callbacks, item: Item): unknown {
  switch (item.op) {
    case "event":
      return callbacks.onEvent?.(item.event);
    case "snapshot":
      return callbacks.onSnapshot?.(item);
    case "state":
      return callbacks.onState?.(item);
    case "gap":
      return callbacks.onGap?.(item);
  }
}
