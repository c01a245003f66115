import { isRecent } from "../domain/clock.ts";
import { Gather } from "../domain/gather.ts";
import type { AttemptSample } from "../domain/metric-counts.ts";
import { invariant } from "../domain/result.ts";
import type { Standing } from "../domain/route.ts";
import { serializeState } from "../domain/state.ts";
import type { PushBatch, PushReply } from "./feed.ts";
import type { Journal } from "./station-journal.ts";
import { recordOf, type StationRecord } from "./station-record.ts";
import type { UntoldAttempts } from "./station-untold-attempts.ts";

/** One push carries at most this; the rest follows in the next. */
const PUSH_EVENTS = 500;
const PUSH_CHARS = 250_000;
/** What the feed said of the routes is relied on for this long. */
const FRESH_MS = 1_000;

export interface PushWorld {
  readonly push: (batch: PushBatch) => Promise<PushReply>;
  /** The feed knows this version of the routes; events after `afterSeq` were received under it. */
  readonly onVersion: (version: number, afterSeq: number) => Promise<void>;
  /** How the routes fare, as the feed knows it now. */
  readonly onStanding: (standing: Standing) => void;
}

/** The tenant has been removed; nothing of it is kept or relayed any more. */
export class GoneError extends Error {
  override readonly name = "GoneError";
}

/**
 * Hands the station's events to the feed in order: one push is in flight, and what comes
 * meanwhile goes with the next.
 */
export class Pusher {
  readonly #journal: Journal;
  readonly #station: string;
  readonly #world: PushWorld;
  readonly #untold: UntoldAttempts;
  /** The newest seq that any push has carried, answered or not: under which routes these were received is not certain. */
  #triedSeq = 0;
  #heardMs = 0;
  #freshAfterSeq = 0;
  readonly #gather: Gather<"settle" | "check", true>;
  /** The newest seq the feed is known to have, or null after a wake, until it says. */
  #pushedSeq: number | null = null;

  /** The newest events, in their order, as far as they need not be read from the log again. */
  #recent: readonly StationRecord[] = [];

  constructor(journal: Journal, untold: UntoldAttempts, station: string, world: PushWorld) {
    this.#journal = journal;
    this.#untold = untold;
    this.#station = station;
    this.#world = world;
    this.#gather = new Gather((asked) => this.#run(asked));
  }

  /** Resolves when the feed holds every event of the log, and newer routes it knew of are in force. */
  settle(): Promise<true> {
    return this.#gather.add("settle");
  }

  /** The same, but asks the feed in any case. */
  check(): Promise<true> {
    return this.#gather.add("check");
  }

  /**
   * Whether the feed has spoken of the routes since the events after `seq` came, all that there are, and
   * only just.
   */
  isFresh(seq: number, nowMs: number): boolean {
    const hasAll = this.#journal.seq <= this.#journal.matchedSeq;
    return seq >= this.#freshAfterSeq && hasAll && isRecent(this.#heardMs, nowMs, FRESH_MS);
  }

  /** Events that the log has just taken in: the next push has them at hand. */
  remember(records: readonly StationRecord[]): void {
    const recent = [...this.#recent, ...records];
    this.#recent = cut(recent).length === recent.length ? recent : [];
  }

  /** After an append to a station that just woke: what came before is taken to be with the feed, which corrects it. */
  assumePushed(seq: number): void {
    this.#pushedSeq ??= seq;
  }

  async #run(asked: readonly ("settle" | "check")[]): Promise<true[]> {
    const target = this.#journal.seq;
    let mustAsk = asked.includes("check") || this.#pushedSeq === null;
    while (mustAsk || (this.#pushedSeq ?? 0) < target) {
      mustAsk = false;
      await this.#pushOnce();
    }
    return asked.map(() => true);
  }

  async #pushOnce(): Promise<void> {
    const from = this.#pushedSeq;
    const events = from === null ? [] : this.#eventsAfter(from);
    const triedSeq = this.#triedSeq;
    const lastSeq = events.at(-1)?.offset ?? 0;
    this.#triedSeq = Math.max(triedSeq, lastSeq);
    const { attempts } = this.#journal.tally;
    const reply = await this.#world.push({
      station: this.#station,
      oldestSeq: this.#journal.oldestSeq,
      events: events.map(({ offset, type, json, counted }) => ({
        seq: offset,
        type,
        json,
        counted,
      })),
      state: this.#stateText(events),
      removed: this.#journal.state.isGone,
      totals: this.#journal.tally.totals(),
      // Only events are written, and what comes with them.
      attempts: events.length === 0 ? [] : this.#attemptSamples(),
    });
    if (reply.gone) throw new GoneError();
    if (events.length > 0 && reply.lastSeq >= lastSeq) this.#untold.told(attempts);
    this.#world.onStanding(reply);
    const heldBefore = Math.min(from ?? reply.lastSeq, reply.lastSeq);
    // What this push brought was received under the routes that are now in force.
    await this.#world.onVersion(reply.version, Math.max(heldBefore, triedSeq));
    this.#journal.matchedSeq = reply.lastSeq;
    this.#heardMs = Date.now();
    this.#freshAfterSeq = heldBefore;
    invariant(from === null || reply.lastSeq !== from || events.length === 0, "a push goes on");
    // A feed that was set back lacks what is kept nowhere any more: the next event tells it so.
    const isLost = from !== null && events.length === 0 && reply.lastSeq < this.#journal.seq;
    const pushedSeq = isLost ? this.#journal.seq : reply.lastSeq;
    this.#pushedSeq = pushedSeq;
    this.#recent = this.#recent.filter(({ offset }) => offset > pushedSeq);
  }

  /** From memory when it has all of them: read what was just written only when there is need. */
  #eventsAfter(seq: number): readonly StationRecord[] {
    const oldest = this.#recent[0]?.offset;
    const newest = this.#recent.at(-1)?.offset;
    if (oldest !== undefined && oldest <= seq + 1 && newest === this.#journal.seq) {
      return cut(this.#recent.filter(({ offset }) => offset > seq));
    }
    return cut(this.#journal.read(seq, PUSH_EVENTS).map(recordOf));
  }

  #attemptSamples(): AttemptSample[] {
    return this.#untold.samples((seq) => this.#journal.receivedAtMs(seq));
  }

  /** The state goes with the newest event only: an older one is about to be followed. */
  #stateText(events: readonly StationRecord[]): string | null {
    const { state, seq } = this.#journal;
    if (events.at(-1)?.offset !== seq) return null;
    return serializeState(this.#station, seq, state);
  }
}

/** As many as one push carries. */
function cut(records: readonly StationRecord[]): readonly StationRecord[] {
  let chars = 0;
  const end = records.findIndex(({ json }, index) => {
    chars += json.length;
    return chars > PUSH_CHARS || index >= PUSH_EVENTS;
  });
  return end < 0 ? records : records.slice(0, Math.max(end, 1));
}
