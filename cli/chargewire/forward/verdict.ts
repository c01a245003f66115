import { classify, type Outcome, retryAfterMs } from "../../../src/domain/outcome.ts";
import { MAX_REFUSALS, REFUSED_RETRY_MS } from "../../../src/domain/retry.ts";

/** What has been tried with the event at the head of a station's queue. */
export interface Tries {
  readonly attempts: number;
  readonly refusals: number;
}

export type Verdict =
  | { readonly kind: "delivered" | "refused" | "gone" }
  | { readonly kind: "retry"; readonly delayMs: number; readonly tries: Tries };

const FIRST_DELAY_MS = 250;
/** Whoever restarts a server waits for it: longer than this would only be in the way. */
const MAX_DELAY_MS = 5_000;
const JITTER = 0.2;

/**
 * What becomes of an event after an attempt. As with a route an event that is refused (4xx) gets
 * one more try; unlike there, trouble is tried again without end. `random` is in [0, 1).
 */
export function judge(before: Tries, outcome: Outcome, random: number): Verdict {
  const attempts = before.attempts + 1;
  const kind = classify(outcome);
  if (kind === "delivered" || kind === "gone") return { kind };
  if (kind === "refused") {
    const tries = { attempts, refusals: before.refusals + 1 };
    if (tries.refusals >= MAX_REFUSALS) return { kind: "refused" };
    return { kind: "retry", delayMs: REFUSED_RETRY_MS, tries };
  }
  const tries = { attempts, refusals: before.refusals };
  const failures = attempts - before.refusals;
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS);
  const spreadMs = Math.round(delayMs * (1 + JITTER * (2 * random - 1)));
  return { kind: "retry", delayMs: Math.max(spreadMs, retryAfterMs(outcome) ?? 0), tries };
}
