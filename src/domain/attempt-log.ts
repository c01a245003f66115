import { classify, type Outcome, type OutcomeClass, snippetOf } from "./outcome.ts";

/** One attempt at a destination, as the delivery log keeps it. */
export interface Attempt {
  /** When it began. No two of a lane are alike, so that it names the attempt within the lane. */
  readonly atMs: number;
  readonly seq: number;
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

export type AttemptLog = readonly Attempt[];

/** Attempts that a lane remembers, newest last. */
export const MAX_LOGGED_ATTEMPTS = 50;
/** Characters of answers that it keeps with them: older answers go first, their attempts stay. */
export const MAX_LOGGED_ANSWERS = 16 * 1024;

/** The log with one more attempt, within its bounds. */
export function logAttempt(
  log: AttemptLog,
  of: Pick<Attempt, "seq" | "attempt" | "replay">,
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
    answer: snippetOf(outcome),
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

/** Attempts begun at that time or later, at events after that seq; the same object when these are all. */
export function attemptsSince(log: AttemptLog, sinceMs: number, afterSeq: number): AttemptLog {
  const kept = log.filter(({ atMs, seq }) => atMs >= sinceMs && seq > afterSeq);
  return kept.length === log.length ? log : kept;
}

/** An attempt as it is stored. Most have no answer and no replay, and leave these out. */
type Entry = readonly [
  atMs: number,
  seq: number,
  attempt: number,
  outcomeClass: OutcomeClass,
  came: number | string | null,
  latencyMs: number,
  answer?: string,
  replay?: string | null,
];

/** The log as text, small because it is written with every delivery. */
export function writeAttemptLog(log: AttemptLog): string {
  return JSON.stringify(
    log.map((one): Entry => {
      const came = one.status ?? one.error;
      const entry = [one.atMs, one.seq, one.attempt, one.class, came, one.latencyMs] as const;
      if (one.replay !== null) return [...entry, one.answer, one.replay];
      return one.answer === "" ? entry : [...entry, one.answer];
    }),
  );
}

/** Reads what {@link writeAttemptLog} of this or an older version has written. */
export function readAttemptLog(text: string): AttemptLog {
  const entries: Entry[] = JSON.parse(text);
  return entries.map(
    ([atMs, seq, attempt, outcomeClass, came, latencyMs, answer = "", replay = null]) => ({
      atMs,
      seq,
      attempt,
      class: outcomeClass,
      status: typeof came === "number" ? came : null,
      error: typeof came === "string" ? came : null,
      latencyMs,
      answer,
      replay,
    }),
  );
}
