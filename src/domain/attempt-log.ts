import { classify, type Outcome, type OutcomeClass } from "./outcome.ts";

/** One attempt at a destination, as the delivery log keeps it. */
export interface Attempt {
  /** When it began. No two of a lane are alike, so that it names the attempt within the lane. */
  readonly atMs: number;
  readonly seq: number;
  readonly event: string;
  readonly type: string;
  /** Counted from 1 for each event. */
  readonly attempt: number;
  readonly class: OutcomeClass;
  /** Null when there was no answer. */
  readonly status: number | null;
  /** What went wrong when there was no answer, else null. */
  readonly error: string | null;
  readonly latencyMs: number;
  /** The first KiB of the answer, or what is known of the failure. */
  readonly answer: string;
  /** The replay that it belongs to, or null. */
  readonly replay: string | null;
}

/** Attempts that a lane remembers, newest last. */
export const MAX_LOGGED_ATTEMPTS = 50;
/** Characters of answers that it keeps with them: older answers go first, their attempts stay. */
export const MAX_LOGGED_ANSWERS = 16 * 1024;

export type AttemptLog = readonly Attempt[];

/** The log with one more attempt, within its bounds. */
export function logAttempt(
  log: AttemptLog,
  of: Pick<Attempt, "seq" | "event" | "type" | "attempt" | "replay">,
  outcome: Outcome,
  endedMs: number,
): AttemptLog {
  const startedMs = endedMs - outcome.latencyMs;
  const isAnswer = outcome.kind === "answered";
  const attempt: Attempt = {
    ...of,
    atMs: Math.max(startedMs, (log.at(-1)?.atMs ?? 0) + 1),
    class: classify(outcome),
    status: isAnswer ? outcome.status : null,
    error: isAnswer ? null : outcome.error,
    latencyMs: outcome.latencyMs,
    answer: isAnswer ? outcome.snippet : outcome.detail,
  };
  let chars = 0;
  return [...log.slice(-(MAX_LOGGED_ATTEMPTS - 1)), attempt]
    .reverse()
    .map((kept) => {
      chars += kept.answer.length;
      return chars > MAX_LOGGED_ANSWERS && kept.answer !== "" ? { ...kept, answer: "" } : kept;
    })
    .reverse();
}
