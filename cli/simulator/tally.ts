import { classOf } from "../../src/domain/catalogue.ts";
import type { SimulatedEvent } from "./emitter.ts";
import { Percentiles } from "./percentiles.ts";
import type { Answer, Silence } from "./poster.ts";

/** Counts of the requests with a wrong signature, which are no events. */
export interface ForgeryCounts {
  readonly sent: number;
  /** Answered 401, or 429 where there were too many of them. */
  readonly refused: number;
  /** Answered 2xx: the receiver took something that nobody had signed. */
  readonly accepted: number;
  /** Anything else: no answer, or an answer for another reason. */
  readonly other: number;
}

/** Everything that is counted while a simulation runs. */
export class Tally {
  readonly latencies = new Percentiles();
  readonly statuses: Record<string, number> = {};
  readonly classes: Record<string, number> = {};
  readonly types: Record<string, number> = {};
  readonly stations = new Set<string>();
  readonly forgeries = { sent: 0, refused: 0, accepted: 0, other: 0 };
  events = 0;
  acknowledgedEvents = 0;
  duplicates = 0;
  acknowledgedDuplicates = 0;
  attempts = 0;
  retries = 0;
  filledAnswers = 0;

  /** Takes things on, or with a negative count off again. */
  countOffered(isDuplicate: boolean, count = 1): void {
    if (isDuplicate) this.duplicates += count;
    else this.events += count;
  }

  countAnswer(answer: Answer | Silence, isRetry: boolean): void {
    increment(this.statuses, typeof answer === "string" ? answer : String(answer.status));
    this.attempts += 1;
    if (isRetry) this.retries += 1;
  }

  countAcknowledged(event: SimulatedEvent, isDuplicate: boolean, answer: Answer): void {
    if (!answer.isEmpty) this.filledAnswers += 1;
    if (isDuplicate) {
      this.acknowledgedDuplicates += 1;
      return;
    }
    this.acknowledgedEvents += 1;
    increment(this.classes, classOf(event.type));
    increment(this.types, event.type);
    if (event.station !== null) this.stations.add(event.station);
  }

  countForgery(answer: Answer | Silence): void {
    const status = typeof answer === "string" ? 0 : answer.status;
    this.forgeries.sent += 1;
    if (status === 401 || status === 429) this.forgeries.refused += 1;
    else if (status >= 200 && status < 300) this.forgeries.accepted += 1;
    else this.forgeries.other += 1;
  }
}

function increment(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
