import type { RelayedEvent, StationState } from "../../client/client.ts";
import { ApiError } from "../api/api.ts";

export type AskStation = (station: string) => Promise<StationState>;

/** What the relay says of a station, null when it knows none, and the events since it was asked. */
type Correct = (
  station: string,
  state: StationState | null,
  since: readonly RelayedEvent[],
) => void;

const AT_ONCE = 4;

interface Question {
  /** Events of the station since it was first asked about, in order of seq. */
  readonly since: RelayedEvent[];
  /** The answer has to be folded at least so far. */
  upToSeq: number;
}

/**
 * Questions to the relay of what events alone do not tell: what a late one does, or one of a session
 * that may have ended. One at a time of each station, a few at a time of all.
 */
export class Asking {
  readonly #ask: AskStation;
  readonly #correct: Correct;
  #open = new Map<string, Question>();
  #waiting: string[] = [];
  #underWay = 0;

  constructor(ask: AskStation, correct: Correct) {
    this.#ask = ask;
    this.#correct = correct;
  }

  /** Every event, in order of seq; `isQuestion` when the relay has to be asked what it did. */
  note(event: RelayedEvent, isQuestion: boolean): void {
    const { station, seq } = event;
    let question = this.#open.get(station);
    if (question === undefined) {
      if (!isQuestion) return;
      question = { since: [], upToSeq: seq };
      this.#open.set(station, question);
      this.#waiting.push(station);
    }
    question.since.push(event);
    if (isQuestion) question.upToSeq = seq;
    this.#askNext();
  }

  /** Answers still to come are of no interest any more. */
  clear(): void {
    this.#open = new Map();
    this.#waiting = [];
  }

  #askNext(): void {
    while (this.#underWay < AT_ONCE) {
      const station = this.#waiting.shift();
      const question = station === undefined ? undefined : this.#open.get(station);
      if (station === undefined || question === undefined) return;
      this.#underWay += 1;
      void this.#askAbout(station, question).finally(() => {
        this.#underWay -= 1;
        this.#askNext();
      });
    }
  }

  async #askAbout(station: string, question: Question): Promise<void> {
    const answer = await this.#answerOf(station);
    if (this.#open.get(station) !== question) return;
    const isShort = answer !== "none" && answer !== null && answer.seq < question.upToSeq;
    // It was asked about again meanwhile, and this answer is of before.
    if (isShort) this.#waiting.push(station);
    else this.#open.delete(station);
    if (answer !== "none" && !isShort) this.#correct(station, answer, question.since);
  }

  /** `none` when the relay cannot be reached: what is shown stays, and the next snapshot corrects it. */
  async #answerOf(station: string): Promise<StationState | null | "none"> {
    try {
      return await this.#ask(station);
    } catch (error) {
      return error instanceof ApiError && error.status === 404 ? null : "none";
    }
  }
}
