import { type Account, Ledger } from "../../cli/relay/ledger.ts";
import { type Delivery, Receiver } from "../../cli/relay/receiver.ts";
import type { Random } from "../../cli/simulator/random.ts";
import type { SentEvent } from "../../cli/simulator/simulator.ts";
import { Destination } from "./destination.ts";

/** A destination of a route for the types that begin in one way, and the account of it. */
export class RoutePlace {
  readonly destination: Destination;
  readonly receiver: Receiver;
  readonly #prefix: string;
  readonly #ledger: Ledger;

  constructor(name: string, prefix: string, random: Random) {
    this.#prefix = prefix;
    this.#ledger = new Ledger(name, "route");
    this.#ledger.badSignatures = 0;
    this.destination = new Destination(random);
    this.receiver = new Receiver({
      reply: this.destination.reply,
      onDelivery: (delivery, status) => this.#deliver(delivery, status),
    });
  }

  get receivedCount(): number {
    return this.#ledger.receivedCount;
  }

  expected(sent: ReadonlyMap<string, SentEvent>): Map<string, string> {
    const wanted = [...sent.values()].filter(({ type }) => type.startsWith(this.#prefix));
    return new Map(wanted.map(({ id, sha256 }) => [id, sha256]));
  }

  account(sent: ReadonlyMap<string, SentEvent>): Account {
    return this.#ledger.close(this.expected(sent));
  }

  #deliver({ isSigned, announcesGap, prevSeq, ...receipt }: Delivery, status: number | null): void {
    if (!isSigned) this.#ledger.badSignatures = (this.#ledger.badSignatures ?? 0) + 1;
    if (announcesGap) this.#ledger.announceGap(receipt.station);
    this.#ledger.receive(receipt, prevSeq, status === 200);
  }
}
