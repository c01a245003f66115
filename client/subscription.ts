import { AUTH_PROTOCOL_PREFIX, CloseCode, PROTOCOL } from "../src/protocol/codes.ts";
import { Announcer } from "./announcer.ts";
import { Asks, ackFrame, type InForce, type SubscribeAsk } from "./asks.ts";
import { type Address, platformWebSocket } from "./connection.ts";
import { Delivery } from "./delivery.ts";
import { type Item, itemsOf } from "./items.ts";
import { Link } from "./link.ts";
import { type ConnectOptions, DEFAULT_TIMING, type Filter, type From } from "./options.ts";
import { afterFrame, afterHello, afterRenewal, type Place, placeAt, resumeFrom } from "./place.ts";
import { Renewal } from "./renewal.ts";
import type {
  ByeFrame,
  ContentFrame,
  ErrorFrame,
  HelloFrame,
  ServerFrame,
} from "./server-frames.ts";
import { type Status, SubscriptionError } from "./status.ts";
import { streamUrl } from "./stream-url.ts";
import type { Token } from "./token.ts";

const VERSION = 1;
const WORDS_OF_PLACE: readonly string[] = ["now", "snapshot", "start"];

/**
 * A subscription to a stream, which stays until it is closed or refused: it reconnects, resumes
 * where it was, renews its token, and brings every event once and in order.
 *
 * Its items come to the callbacks given to `connect`, or to one `for await`; leaving that loop
 * closes the subscription, and a refusal is thrown out of it.
 */
export class Subscription implements AsyncIterable<Item> {
  readonly #options: ConnectOptions;
  readonly #announcer: Announcer;
  readonly #delivery: Delivery;
  readonly #link: Link;
  readonly #asks: Asks;
  readonly #renewal: Renewal;
  #filter: Filter;
  #place: Place;
  /** What the present connection was opened with. */
  #addressed: { readonly filter: Filter | null; readonly from: string };
  #behind = 0;
  #isOpen = false;
  /** True between asking for another filter and the hello that grants it. */
  #isDropping = false;
  /** The place was replaced while there was no connection to tell. */
  #discardsOnHello = false;

  constructor(options: ConnectOptions) {
    this.#options = options;
    const { filter = {}, from = "now", token, timing } = options;
    this.#filter = filter;
    this.#place = placeAt(from);
    this.#addressed = { filter, from };
    // Whatever is wrong with the address is thrown here.
    this.#address("");
    this.#announcer = new Announcer(options);
    const error = (error: SubscriptionError) => this.#announcer.report(error);
    this.#asks = new Asks((text) => this.#link.send(text));
    this.#renewal = new Renewal(token, {
      send: (token) => this.#asks.add({ kind: "auth", token }),
      error,
    });
    this.#delivery = new Delivery(WORDS_OF_PLACE.includes(from) ? null : from, options, {
      acknowledge: (cursor) => this.#link.send(ackFrame(cursor)),
      error,
      left: () => this.close(),
    });
    const link = {
      token,
      WebSocket: options.WebSocket ?? platformWebSocket(),
      timing: { ...DEFAULT_TIMING, ...timing },
    };
    this.#link = new Link(link, {
      address: (token) => this.#address(token),
      drained: (chars) => this.#delivery.drained(chars),
      opened: (token) => this.#opened(token),
      frame: (frame, chars) => this.#receive(frame, chars),
      lost: () => this.#lost(),
      status: (status) => this.#announcer.show(status),
      refused: (code, detail) => this.#refuse(code, detail),
      error,
    });
  }

  get status(): Status {
    return this.#announcer.status;
  }

  /**
   * The place up to which the application has taken everything; null before the first. Given as
   * `from` to a later `connect`, nothing is lost; of the frame in hand, events may come again.
   */
  get cursor(): string | null {
    return this.#delivery.cursor;
  }

  /**
   * Replaces the filter, without a new connection. Without `from` it goes on where the stream
   * stands; with it, what was not taken yet is dropped when the relay agrees. A filter that the
   * relay refuses is an error, and the one before stays.
   */
  subscribe(filter: Filter, from?: From): void {
    if (this.#isClosed) return;
    const discards = from !== undefined;
    const asked = this.#asks.subscribing;
    const previous = asked === null ? { filter: this.#filter, place: this.#place } : asked.previous;
    this.#filter = filter;
    if (discards) this.#place = placeAt(from);
    if (this.#isOpen) this.#subscribeInBand(discards || asked?.discards === true, previous);
    else this.#discardsOnHello ||= discards;
  }

  /** Makes a new connection now, and resumes. */
  reconnect(): void {
    if (!this.#isClosed) this.#link.reconnect();
  }

  /** Ends everything: iterators, timers, the connection. What was not taken is dropped. */
  close(): void {
    if (this.#isClosed) return;
    this.#end();
    this.#delivery.close();
    this.#announcer.show({ state: "closed", reason: "asked" });
  }

  [Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    return this.#delivery.iterate();
  }

  get #isClosed(): boolean {
    return this.status.state === "closed";
  }

  #address(token: string): Address {
    const { url: relayUrl, station } = this.#options;
    const from = resumeFrom(this.#place);
    const { url, carriesFilter } = streamUrl(relayUrl, station, this.#filter, from);
    this.#addressed = { filter: carriesFilter ? this.#filter : null, from };
    return { url, protocols: [PROTOCOL, AUTH_PROTOCOL_PREFIX + token] };
  }

  #opened(token: Token): void {
    this.#isOpen = true;
    this.#asks.restart();
    this.#renewal.renewed(token);
    const { filter, from } = this.#addressed;
    this.#isDropping = false;
    // Too long for the address, or replaced since.
    if (filter === this.#filter && from === resumeFrom(this.#place)) return;
    this.#subscribeInBand(this.#discardsOnHello, null);
  }

  #lost(): void {
    this.#isOpen = false;
    this.#discardsOnHello ||= this.#asks.subscribing?.discards === true;
    this.#asks.clear();
    this.#renewal.stop();
    this.#delivery.pause();
  }

  #receive(frame: Exclude<ServerFrame, ByeFrame>, chars: number): void {
    switch (frame.op) {
      case "hello":
        this.#greet(frame);
        break;
      case "error":
        this.#complain(frame);
        break;
      case "other":
        break;
      default:
        // Of the old filter, or of none that was asked for.
        if (!this.#isDropping) this.#take(frame, chars);
    }
  }

  #greet(hello: HelloFrame): void {
    if (hello.v !== VERSION) {
      this.#refuse(CloseCode.version, `The relay speaks version ${hello.v}.`);
      return;
    }
    const ask = this.#asks.answered();
    switch (ask?.kind) {
      case "connect":
        this.#link.greeted(hello.heartbeatMs);
        if (!this.#isDropping) this.#begin(this.#addressed.from, hello, this.#discardsOnHello);
        break;
      case "subscribe":
        this.#granted(ask, hello);
        break;
      case "auth":
        this.#place = afterRenewal(this.#place);
        this.#renewal.renewed(ask.token);
    }
  }

  #granted({ filter, from, discards }: SubscribeAsk, hello: HelloFrame): void {
    const next = this.#asks.subscribing;
    if (next === null) this.#begin(from, hello, discards);
    else next.previous = { filter, place: afterHello(from, hello) };
  }

  #begin(asked: string, hello: HelloFrame, discards: boolean): void {
    this.#isDropping = false;
    this.#discardsOnHello = false;
    if (discards) this.#delivery.discard();
    this.#place = afterHello(asked, hello);
    this.#behind = hello.behind;
    this.#delivery.begin(hello.cursor, this.#place.snapshot === "none");
    this.#showProgress();
  }

  #take(frame: ContentFrame, chars: number): void {
    const before = this.#place;
    this.#place = afterFrame(before, frame);
    if (frame.op === "events" || frame.op === "state") this.#behind = frame.behind ?? 0;
    if (frame.op === "snapshot") this.#behind = 0;
    this.#delivery.put({
      items: itemsOf(frame, before),
      chars,
      cursor: frame.op === "gap" ? null : frame.cursor,
      isPlace: this.#place.snapshot === "none",
    });
    this.#showProgress();
  }

  /** An error may answer a question, but not the one for a connection. */
  #complain({ code, detail }: ErrorFrame): void {
    const error = new SubscriptionError(code, detail);
    const ask = this.#asks.isConnecting ? null : this.#asks.answered();
    if (ask?.kind === "auth") this.#renewal.failed(error);
    else this.#announcer.report(error);
    if (ask?.kind === "subscribe" && this.#asks.subscribing === null) this.#fallBack(ask, error);
  }

  #fallBack({ previous }: SubscribeAsk, { code, message }: SubscriptionError): void {
    if (previous === null) {
      this.#refuse(400, `${code}: ${message}`);
      return;
    }
    this.#filter = previous.filter;
    this.#place = previous.place;
    this.#subscribeInBand(false, null);
  }

  #subscribeInBand(discards: boolean, previous: InForce | null): void {
    this.#isDropping = true;
    const from = resumeFrom(this.#place);
    this.#asks.add({ kind: "subscribe", filter: this.#filter, from, discards, previous });
  }

  #refuse(code: number, detail: string): void {
    if (this.#isClosed) return;
    this.#end();
    const error = new SubscriptionError("refused", `The relay refused (${code}): ${detail}`);
    this.#delivery.refuse(error);
    this.#announcer.show({ state: "closed", reason: "refused", code, detail });
    this.#announcer.report(error);
  }

  #end(): void {
    this.#isOpen = false;
    this.#renewal.stop();
    this.#link.close();
  }

  #showProgress(): void {
    const { snapshot } = this.#place;
    const behind = snapshot === "none" ? this.#behind : null;
    if (behind === 0) this.#announcer.show({ state: "live" });
    else this.#announcer.show({ state: "catching_up", behind });
  }
}
