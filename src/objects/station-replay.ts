import type { Attempt } from "../domain/attempt-log.ts";
import type { StationEvent } from "../domain/event.ts";
import type { Outcome } from "../domain/outcome.ts";
import { attemptsAt, compileSelection, type ReplaySelection } from "../domain/replay.ts";
import type { StationRoute } from "../domain/route.ts";
import type { Later } from "../domain/throttle.ts";
import type { Journal } from "./station-journal.ts";

/** Events that a search reads at a time; the station does other work in between. */
const READ_EVENTS = 200;

/** One attempt that the tenant asks for. */
export interface ReplayTurn {
  readonly replayId: string;
  /** As it is now. */
  readonly route: StationRoute;
  readonly afterSeq: number;
  /** Failed attempts at the event after `afterSeq`. */
  readonly attempts: number;
  /** What is to be sent: the next event of the log that is selected, or this very one. */
  readonly from:
    | { readonly kind: "log"; readonly untilSeq: number; readonly selection: ReplaySelection }
    | { readonly kind: "event"; readonly event: StationEvent };
}

/** What an attempt came to, or when its turn is; null when nothing was left to be sent. */
export type ReplayAnswer = { readonly seq: number; readonly outcome: Outcome | Later } | null;

/** The events of one station that a replay is to send. */
export interface ReplayCount {
  readonly matched: number;
  /** Of the first and the last of them; 0 when there are none. */
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export interface ReplayWorld {
  readonly attempt: (
    route: StationRoute,
    facts: { readonly event: StationEvent; readonly attempt: number; readonly replay: string },
  ) => Promise<Outcome | Later>;
  /** Puts an attempt into the delivery log. */
  readonly note: (
    routeId: string,
    attempt: Pick<Attempt, "seq" | "attempt" | "replay">,
    outcome: Outcome,
  ) => void;
}

/**
 * A station's part in replays: it finds the events and makes the attempts, beside its lanes and
 * without touching them. What is to be done next, and when, the tenant decides and keeps.
 */
export class StationReplays {
  readonly #journal: Journal;
  readonly #world: ReplayWorld;
  /** Attempts in flight, by replay. */
  readonly #turns = new Map<string, { afterSeq: number; answer: Promise<ReplayAnswer> }>();

  constructor(journal: Journal, world: ReplayWorld) {
    this.#journal = journal;
    this.#world = world;
  }

  async count(selection: ReplaySelection): Promise<ReplayCount> {
    const count = { matched: 0, firstSeq: 0, lastSeq: 0 };
    const isSelected = compileSelection(selection);
    for await (const events of this.#read(0, this.#journal.seq)) {
      for (const event of events) {
        if (!isSelected(event)) continue;
        count.matched += 1;
        if (count.firstSeq === 0) count.firstSeq = event.seq;
        count.lastSeq = event.seq;
      }
    }
    return count;
  }

  /**
   * Makes one attempt. A replay has one in flight here: when the tenant asks again because it
   * was restarted meanwhile, it gets the answer of the attempt that is under way.
   */
  async attempt(turn: ReplayTurn): Promise<ReplayAnswer> {
    for (;;) {
      const running = this.#turns.get(turn.replayId);
      if (running === undefined) break;
      if (running.afterSeq === turn.afterSeq) return running.answer;
      await running.answer.catch(() => {});
    }
    const answer = this.#make(turn).finally(() => this.#turns.delete(turn.replayId));
    this.#turns.set(turn.replayId, { afterSeq: turn.afterSeq, answer });
    return answer;
  }

  async #make(turn: ReplayTurn): Promise<ReplayAnswer> {
    const event = await this.#eventOf(turn);
    if (event === null) return null;
    const attempt = attemptsAt(turn, event.seq) + 1;
    const facts = { event, attempt, replay: turn.replayId };
    const outcome = await this.#world.attempt(turn.route, facts);
    const { seq } = event;
    if (outcome.kind !== "later") {
      this.#world.note(turn.route.id, { seq, attempt, replay: turn.replayId }, outcome);
    }
    return { seq, outcome };
  }

  async #eventOf({ from, afterSeq }: ReplayTurn): Promise<StationEvent | null> {
    if (from.kind === "event") return from.event;
    const isSelected = compileSelection(from.selection);
    for await (const events of this.#read(afterSeq, from.untilSeq)) {
      const found = events.find((event) => event.seq <= from.untilSeq && isSelected(event));
      if (found !== undefined) return found;
    }
    return null;
  }

  async *#read(afterSeq: number, untilSeq: number): AsyncGenerator<StationEvent[]> {
    for (let after = afterSeq; after < untilSeq; ) {
      const events = this.#journal.read(after, READ_EVENTS);
      const last = events.at(-1);
      if (last === undefined) return;
      yield events;
      after = last.seq;
      // Whatever came meanwhile goes first: a search of a long log holds nobody up.
      await scheduler.wait(0);
    }
  }
}
