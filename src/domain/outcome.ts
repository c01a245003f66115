/** What one attempt at a destination came to. */
export type Outcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** From `Retry-After`, capped; null when absent or unreadable. */
      readonly retryAfterMs: number | null;
      readonly latencyMs: number;
      /** The first bytes of the answer's body, for people. */
      readonly snippet: string;
    }
  | FailedOutcome;

export interface FailedOutcome {
  readonly kind: "failed";
  /** `token`: there was no access token to send; `refused_url`: the relay may not send there. */
  readonly error: "timeout" | "connection" | "refused_url" | "token";
  readonly detail: string;
  readonly latencyMs: number;
}

/**
 * - `delivered`: go on with the next event.
 * - `trouble`: the destination is down, busy or set up wrongly; the event is not to blame.
 * - `refused`: the destination is well and does not want this event.
 * - `gone`: the destination does not want any event any more.
 */
export type OutcomeClass = "delivered" | "trouble" | "refused" | "gone";

const TROUBLE_STATUSES = new Set([401, 403, 404, 405, 407, 408, 425, 429]);

export function classify(outcome: Outcome): OutcomeClass {
  if (outcome.kind === "failed") return "trouble";
  const { status } = outcome;
  if (status >= 200 && status < 300) return "delivered";
  if (status === 410) return "gone";
  if (status >= 400 && status < 500 && !TROUBLE_STATUSES.has(status)) return "refused";
  return "trouble";
}

/** A destination may ask for at most this much patience. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** `Retry-After` in seconds or as an HTTP date; null when it says nothing readable. */
export function readRetryAfter(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  const isDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/.test(text);
  if (!isDate && !/^\d+$/.test(text)) return null;
  const ms = isDate ? Date.parse(text) - nowMs : Number(text) * 1000;
  if (Number.isNaN(ms)) return null;
  return Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

/** How long the destination asked to be left alone, or null. */
export function retryAfterMs(outcome: Outcome): number | null {
  return outcome.kind === "answered" ? outcome.retryAfterMs : null;
}

/** The beginning of the answer, or what is known of the failure, for people. */
export function snippetOf(outcome: Outcome): string {
  return outcome.kind === "answered" ? outcome.snippet : outcome.detail;
}

/** One line for lists and dead letters: what a person wants to know first. */
export function describeOutcome(outcome: Outcome): string {
  return outcome.kind === "answered" ? `HTTP ${outcome.status}` : outcome.error;
}
