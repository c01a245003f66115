import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";

import type { RelayedEvent, Status, Subscription } from "../../../client/client.ts";
import {
  eventBody,
  eventHead,
  RELAY_SOURCE,
  type StationEvent,
} from "../../../src/domain/event.ts";
import { RelayError } from "../../relay/relay.ts";
import { openStream, type StreamOptions } from "../stream.ts";
import type { Forwarder } from "./forwarder.ts";
import { FrameTexts } from "./frame-texts.ts";

/** Events that may wait for the local server in memory. */
const MAX_PENDING = 1_000;
const RESUME_PENDING = 500;
/**
 * How long the stream is held up when that many wait. The relay takes a subscriber that takes
 * nothing for longer than 30 s for a slow one; before that it is left, and gone on with later.
 */
const HOLD_MS = 10_000;

const EventHead = z.looseObject({
  id: z.string(),
  type: z.string(),
  source: z.string().nullable(),
  station: z.string(),
  seq: z.int(),
  late: z.boolean(),
  occurredAt: z.string(),
  receivedAt: z.string(),
});

export interface IntakeOptions extends Pick<StreamOptions, "url" | "key" | "filter" | "from"> {
  readonly forwarder: Forwarder;
  readonly onStatus: (status: Status) => void;
  readonly onGap: (reason: string) => void;
  /** More waits than is to be held here: the stream is left until most of it is delivered. */
  readonly onLeft: (pendingCount: number) => void;
  readonly onError: NonNullable<StreamOptions["onError"]>;
}

/** Brings events from the stream to the forwarder, no more than it can hold. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #texts = new FrameTexts();
  readonly #ended = Promise.withResolvers<void>();
  #subscription: Subscription | null = null;
  #from: string;
  #isClosed = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#from = options.from;
    this.#open();
  }

  /** Resolves when it is closed, rejects when the relay refuses for good. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Up to where everything has been taken in; null before the first connection. */
  get cursor(): string | null {
    return this.#subscription?.cursor ?? null;
  }

  close(): void {
    this.#isClosed = true;
    this.#subscription?.close();
    this.#ended.resolve();
  }

  #open(): void {
    if (this.#isClosed) return;
    const { url, key, filter, onError } = this.#options;
    this.#texts.clear();
    this.#subscription = openStream({
      ...{ url, key, filter, onError, from: this.#from },
      onFrame: (text) => this.#texts.read(text),
      onEvent: (event) => this.#take(event),
      onGap: ({ reason }) => this.#notice(reason),
      onStatus: (status) => this.#follow(status),
    });
  }

  async #take({ station, seq }: RelayedEvent): Promise<void> {
    const { forwarder } = this.#options;
    const text = this.#texts.take(station, seq);
    if (text === null) {
      this.#fail("The relay sent an event in a form that this version cannot read.");
      return;
    }
    forwarder.offer(readEvent(text), this.cursor);
    if (forwarder.pendingCount < MAX_PENDING) return;
    const held = new AbortController();
    const patience = sleep(HOLD_MS, undefined, { signal: held.signal }).catch(() => {});
    await Promise.race([forwarder.drained(RESUME_PENDING), patience]);
    held.abort();
    if (forwarder.pendingCount > RESUME_PENDING) this.#leave();
  }

  /** Until the local server has taken most of what is here. */
  #leave(): void {
    const { forwarder, onLeft } = this.#options;
    this.#closeAtPlace();
    onLeft(forwarder.pendingCount);
    void forwarder.drained(RESUME_PENDING).then(() => this.#open());
  }

  async #notice(reason: string): Promise<void> {
    if (reason === "slow" && this.cursor !== null) {
      // They were only not taken in time: from where the stream stood they come again.
      this.#closeAtPlace();
      this.#open();
      return;
    }
    const { forwarder, onGap } = this.#options;
    onGap(reason);
    if (reason !== "epoch") forwarder.noteHole();
    else await forwarder.forget();
  }

  #closeAtPlace(): void {
    this.#from = this.cursor ?? this.#from;
    this.#subscription?.close();
  }

  #follow(status: Status): void {
    // That it was left is no news to whoever is to see these.
    if (status.state === "closed" && status.reason === "asked") return;
    this.#options.onStatus(status);
    if (status.state === "closed" && status.reason === "refused") {
      this.#fail(`The relay refused: ${status.code} ${status.detail}`);
    }
  }

  #fail(message: string): void {
    this.#isClosed = true;
    this.#subscription?.close();
    this.#ended.reject(new RelayError(message));
  }
}

/** From the text that came, so that the body is what eDRV sent to the byte. */
function readEvent(text: string): StationEvent {
  const { occurredAt, receivedAt, source, ...head } = EventHead.parse(JSON.parse(eventHead(text)));
  return {
    id: head.id,
    type: head.type,
    source: source ?? RELAY_SOURCE,
    station: head.station,
    seq: head.seq,
    late: head.late,
    occurredAtMs: Date.parse(occurredAt),
    receivedAtMs: Date.parse(receivedAt),
    body: eventBody(text),
  };
}
