import { createHash } from "node:crypto";

import { ACCOUNT_STATION } from "../../src/domain/station-id.ts";
import type { Random } from "../simulator/random.ts";
import type { SentEvent } from "../simulator/simulator.ts";
import { type Api, RelayedEvent } from "./api.ts";
import { planFaults } from "./fault-plan.ts";
import { type Account, Ledger, type LedgerKind } from "./ledger.ts";
import { type Delivery, Receiver, type Reply } from "./receiver.ts";
import { Subscriber, type SubscriberOptions } from "./subscriber.ts";

/** As much of an event, from a stream or from a list, as goes into an account. */
type NotedEvent = Pick<RelayedEvent, "id" | "class" | "station" | "seq" | "body">;

type Wanted = (event: { readonly type: string; readonly station: string }) => boolean;

interface Place {
  readonly ledger: Ledger;
  readonly wants: Wanted;
}

/** What the relay says it has accepted, in the order of each station. */
export interface Listing {
  readonly name: string;
  readonly events: AsyncIterable<NotedEvent>;
}

export interface PlacesOptions {
  readonly relayUrl: string;
  readonly apiKey: string;
  readonly random: Random;
  /** What the receiver does; by default it fails now and then. */
  readonly reply?: (delivery: Delivery) => Reply;
}

const FILTER_STATIONS = 4;
const FILTER_TYPES = ["session.*", "chargestation.connector_status.updated"];
/** A connection is cut this long after its hello at most, and comes back this long after that. */
const MAX_CONNECTED_MS = 400;
const MAX_AWAY_MS = 100;

/** Everywhere an accepted event has to arrive, and an account of each. */
export class Places {
  readonly sent = new Map<string, SentEvent>();
  /** When an event reached the steady subscriber and the receiver, by id. */
  readonly framedAtMs = new Map<string, number>();
  readonly deliveredAtMs = new Map<string, number>();
  readonly refusals: string[] = [];
  readonly receiver: Receiver;
  readonly #options: PlacesOptions;
  readonly #places: Place[] = [];
  readonly #subscribers: Subscriber[] = [];
  readonly #stations = new Set<string>();
  /** The relay's own events that the route has brought. */
  readonly #noticeIds = new Set<string>();
  readonly #route: Ledger;
  readonly #steady: Ledger;
  readonly #dropping: Ledger;
  #dropper: Subscriber | null = null;
  #drops: ReturnType<typeof setTimeout> | undefined;
  #isDropping = true;

  constructor(options: PlacesOptions) {
    this.#options = options;
    this.#steady = this.#open("feed, steady", "complete", everything);
    this.#dropping = this.#open("feed, dropping", "complete", everything);
    this.#route = this.#open("route", "route", everything);
    this.#route.badSignatures = 0;
    this.receiver = new Receiver({
      reply: options.reply ?? planFaults(options.random),
      onDelivery: (delivery, status) => this.#deliver(delivery, status),
    });
  }

  /** Resolves when both subscribers of the feed are there. */
  async subscribe(): Promise<void> {
    const steady = this.#subscribe(this.#steady, {
      onEvent: ({ id }, atMs) => this.framedAtMs.set(id, atMs),
    });
    const dropper = this.#subscribe(this.#dropping, { onConnected: () => this.#dropLater() });
    this.#dropper = dropper;
    await Promise.all([steady.opened, dropper.opened]);
  }

  /** The first stations heard of get subscribers of their own. */
  acknowledged(event: SentEvent): void {
    this.sent.set(event.id, event);
    const { station } = event;
    if (station === null || this.#stations.size >= FILTER_STATIONS) return;
    const isFirst = this.#stations.size === 0;
    const isNew = !this.#stations.has(station);
    this.#stations.add(station);
    if (isFirst) this.#subscribeToStation(station);
    if (isNew && this.#stations.size === FILTER_STATIONS) this.#subscribeFiltered();
  }

  /** From now on the connections stay. */
  stopDropping(): void {
    this.#isDropping = false;
    clearTimeout(this.#drops);
  }

  /** How often the dropping subscriber came back, and how often it did not get all it had missed. */
  get resumptions(): { resumed: number; notResumed: number } {
    const { reconnectionCount = 0, gapCount = 0 } = this.#dropper ?? {};
    return { resumed: reconnectionCount - gapCount, notResumed: gapCount };
  }

  /** Events that the receiver has taken. */
  get deliveredCount(): number {
    return this.#route.receivedCount;
  }

  get receivedCount(): number {
    return this.#places.reduce((sum, { ledger }) => sum + ledger.receivedCount, 0);
  }

  /** Whether every place has as much as it is to get. */
  get isComplete(): boolean {
    return this.#places.every(
      ({ ledger, wants }) => ledger.receivedCount >= this.#expected(wants).size,
    );
  }

  /** What the relay lists as accepted, as a place like the others, and all accounts. */
  async close(api: Api, list: Listing = feedListing(api)): Promise<Account[]> {
    const listed = new Ledger(list.name, "complete");
    for await (const event of list.events) note(listed, event);
    this.#places.unshift({ ledger: listed, wants: everything });
    return this.#places.map(({ ledger, wants }) => ledger.close(this.#expected(wants)));
  }

  async stop(): Promise<void> {
    this.stopDropping();
    await Promise.all(this.#subscribers.map((subscriber) => subscriber.close()));
    await this.receiver.close();
  }

  #open(name: string, kind: LedgerKind, wants: Wanted): Ledger {
    const ledger = new Ledger(name, kind);
    this.#places.push({ ledger, wants });
    return ledger;
  }

  #subscribeToStation(station: string): void {
    const wants: Wanted = (event) => event.station === station;
    const ledger = this.#open("one station", "complete", wants);
    this.#subscribe(ledger, { station });
  }

  #subscribeFiltered(): void {
    const stations = [...this.#stations];
    const wants: Wanted = ({ type, station }) =>
      stations.includes(station) &&
      (type.startsWith("session.") || type === "chargestation.connector_status.updated");
    const ledger = this.#open("feed, filtered", "filtered", wants);
    this.#subscribe(ledger, { filter: { stations, types: FILTER_TYPES } });
  }

  #subscribe(ledger: Ledger, options: Partial<SubscriberOptions>): Subscriber {
    const { relayUrl, apiKey } = this.#options;
    const subscriber = new Subscriber({
      relayUrl,
      apiKey,
      from: "start",
      ...options,
      onEvent: (event, atMs) => {
        note(ledger, event);
        options.onEvent?.(event, atMs);
      },
      onGap: () => ledger.announceGap(null),
    });
    subscriber.opened.catch(({ message }: Error) => this.refusals.push(message));
    this.#subscribers.push(subscriber);
    return subscriber;
  }

  #dropLater(): void {
    const { random } = this.#options;
    if (!this.#isDropping) return;
    this.#drops = setTimeout(
      () => this.#dropper?.drop(random.between(0, MAX_AWAY_MS)),
      random.between(0, MAX_CONNECTED_MS),
    );
  }

  #deliver(delivery: Delivery, status: number | null): void {
    const { id, station, seq, sha256, prevSeq, isSigned, type, atMs } = delivery;
    if (!isSigned) this.#route.badSignatures = (this.#route.badSignatures ?? 0) + 1;
    if (delivery.announcesGap) this.#route.announceGap(station);
    const isTaken = status === 200;
    if (type.startsWith("relay.")) {
      // Attempts that failed come again, and have their place already.
      if (!this.#noticeIds.has(id)) this.#route.pass({ station, seq }, prevSeq);
      this.#noticeIds.add(id);
    } else {
      this.#route.receive({ id, station, seq, sha256 }, prevSeq, isTaken);
    }
    if (isTaken && !this.deliveredAtMs.has(id)) this.deliveredAtMs.set(id, atMs);
  }

  #expected(wants: Wanted): Map<string, string> {
    const wanted = [...this.sent.values()].filter(({ type, station }) =>
      wants({ type, station: station ?? ACCOUNT_STATION }),
    );
    return new Map(wanted.map(({ id, sha256 }) => [id, sha256]));
  }
}

const everything: Wanted = () => true;

const feedListing = (api: Api): Listing => ({
  name: "GET /v1/events",
  events: api.list("/v1/events", RelayedEvent),
});

/** The relay's own events have their place in the order, and are nothing that was sent. */
export function note(ledger: Ledger, { id, station, seq, body, ...event }: NotedEvent): void {
  if (event.class === "relay") {
    ledger.pass({ station, seq });
    return;
  }
  // Frames carry the body as JSON within JSON. The simulator's bodies are what JSON.stringify
  // makes of them, so the same text comes out again.
  const sha256 = createHash("sha256").update(JSON.stringify(body)).digest("hex");
  ledger.receive({ id, station, seq, sha256 });
}
