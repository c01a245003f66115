/** An event at one place, as that place told of it. */
export interface Receipt {
  readonly id: string;
  readonly station: string;
  readonly seq: number;
  /** Of the body, in hex. */
  readonly sha256: string;
}

export interface Account {
  readonly place: string;
  readonly expected: number;
  readonly received: number;
  readonly lost: number;
  /** Nobody sent these, or not to this place. */
  readonly unexpected: number;
  readonly duplicated: number;
  /** Came again under the same id, where at-least-once is the promise. */
  readonly repeated: number;
  readonly outOfOrder: number;
  readonly unannouncedGaps: number;
  readonly bodyMismatches: number;
  /** Null where nothing is signed. */
  readonly badSignatures: number | null;
}

export type LedgerKind =
  /** Every event of its stations: seq rises by one. */
  | "complete"
  /** Some of the events: seq rises. */
  | "filtered"
  /** At least once, each naming the one before it. */
  | "route";

/** What arrived at one place, judged as it arrives. */
export class Ledger {
  readonly #place: string;
  readonly #kind: LedgerKind;
  readonly #bodies = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #newestSeq = new Map<string, number>();
  /** Stations whose next hole has been announced. */
  #announced: Set<string> | "all" = new Set();
  #copies = 0;
  #outOfOrder = 0;
  #unannouncedGaps = 0;
  #bodyChanges = 0;
  badSignatures: number | null = null;

  constructor(place: string, kind: LedgerKind) {
    this.#place = place;
    this.#kind = kind;
  }

  get receivedCount(): number {
    return this.#taken.size;
  }

  /** A gap frame, or a gap header for one station. */
  announceGap(station: string | null): void {
    if (station === null) this.#announced = "all";
    else if (this.#announced !== "all") this.#announced.add(station);
  }

  /**
   * `prevSeq` is what a route says came before; streams do not say. What is not `taken` was
   * turned away, and only counts as received once it has come again.
   */
  receive(receipt: Receipt, prevSeq: number | null = null, taken = true): void {
    if (taken) this.#taken.add(receipt.id);
    const known = this.#bodies.get(receipt.id);
    if (known === undefined) {
      this.#bodies.set(receipt.id, receipt.sha256);
      this.pass(receipt, prevSeq);
      return;
    }
    this.#copies += 1;
    if (known !== receipt.sha256) this.#bodyChanges += 1;
    // Where it may come again, it comes before anything newer does.
    const isBehind = receipt.seq !== this.#newestSeq.get(receipt.station);
    if (this.#kind === "route" && isBehind) this.#outOfOrder += 1;
  }

  /** Judges the place of an event without counting it: one of the relay's own. */
  pass({ station, seq }: Pick<Receipt, "station" | "seq">, prevSeq: number | null = null): void {
    const newest = this.#newestSeq.get(station) ?? null;
    if (newest !== null && seq <= newest) {
      this.#outOfOrder += 1;
      return;
    }
    this.#newestSeq.set(station, seq);
    const isFollowing = this.#kind === "route" ? prevSeq === newest : seq === (newest ?? 0) + 1;
    if (this.#kind !== "filtered" && !isFollowing && !this.#isAnnounced(station)) {
      this.#unannouncedGaps += 1;
    }
  }

  /** The account, against what was sent: ids and the hashes of their bodies. */
  close(expected: ReadonlyMap<string, string>): Account {
    const matching = [...this.#taken].filter((id) => expected.has(id));
    const mismatches = matching.filter((id) => expected.get(id) !== this.#bodies.get(id)).length;
    const isRoute = this.#kind === "route";
    return {
      place: this.#place,
      expected: expected.size,
      received: matching.length,
      lost: expected.size - matching.length,
      unexpected: this.#taken.size - matching.length,
      duplicated: isRoute ? 0 : this.#copies,
      repeated: isRoute ? this.#copies : 0,
      outOfOrder: this.#outOfOrder,
      unannouncedGaps: this.#unannouncedGaps,
      bodyMismatches: mismatches + this.#bodyChanges,
      badSignatures: this.badSignatures,
    };
  }

  #isAnnounced(station: string): boolean {
    return this.#announced === "all" || this.#announced.delete(station);
  }
}

/** Nothing is wrong at this place. A repeat is not: the route promises at least once. */
export function isInOrder(account: Account): boolean {
  const { lost, unexpected, duplicated, outOfOrder, unannouncedGaps } = account;
  const { bodyMismatches, badSignatures } = account;
  const faults = [lost, unexpected, duplicated, outOfOrder, unannouncedGaps, bodyMismatches];
  return [...faults, badSignatures ?? 0].every((count) => count === 0);
}
