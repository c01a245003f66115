import { CloseCode } from "../src/protocol/codes.ts";
import type { WaitReason } from "./status.ts";

/** How a connection, or the attempt at one, ended. */
export interface Ending {
  readonly code: number;
  /** Of a refusal; null where it was not seen. */
  readonly httpStatus: number | null;
  /** What the relay said of when to come back. */
  readonly retryAfterMs: number | null;
  /** A token that is given once and for all cannot be renewed. */
  readonly isTokenFixed: boolean;
}

const FINAL_CODES: readonly number[] = [
  CloseCode.badFrame,
  CloseCode.unauthorised,
  CloseCode.forbidden,
  CloseCode.version,
];

/** Statuses of the 4xx that say "not now" rather than "not this". */
const PASSING_STATUSES: readonly number[] = [408, 425, 429];

/** Whether coming back would only be refused again. */
export function isFinal({ code, httpStatus, isTokenFixed }: Ending): boolean {
  // The next token may be a better one.
  if (httpStatus === 401) return isTokenFixed;
  if (httpStatus !== null) {
    return httpStatus >= 400 && httpStatus < 500 && !PASSING_STATUSES.includes(httpStatus);
  }
  return FINAL_CODES.includes(code) || (code === CloseCode.tokenExpired && isTokenFixed);
}

const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Full jitter: clients that were cut off together do not come back together. */
export function backoffMs(failures: number, random: number): number {
  return random * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures);
}

/**
 * How long to wait before the next attempt. `failures` counts those since the last good
 * connection: what may be done at once is done at once the first time only.
 */
export function waitMs(ending: Ending, failures: number, random: number): number {
  const { code, httpStatus, retryAfterMs } = ending;
  const jitterMs = backoffMs(failures, random);
  if (retryAfterMs !== null) {
    const askedMs = Math.min(retryAfterMs, MAX_RETRY_AFTER_MS);
    return failures === 0 ? askedMs : Math.max(askedMs, jitterMs);
  }
  const isAtOnce =
    httpStatus === null && (code === CloseCode.reconnect || code === CloseCode.tokenExpired);
  return isAtOnce && failures === 0 ? 0 : jitterMs;
}

export function waitReason({ code, httpStatus }: Ending): WaitReason {
  if (httpStatus !== null) return "refused";
  switch (code) {
    case CloseCode.reconnect:
      return "reconnect";
    case CloseCode.restart:
      return "restart";
    case CloseCode.overCapacity:
      return "over_capacity";
    case CloseCode.tooSlow:
      return "too_slow";
    case CloseCode.tokenExpired:
      return "token_expired";
    default:
      return "network";
  }
}
