import type { TokenSource } from "./options.ts";

export interface Token {
  readonly token: string;
  /** Null when it is not known. */
  readonly expiresAtMs: number | null;
}

/** How long a source may take: without an end to it nothing would be tried again. */
const FETCH_MS = 30_000;

/** Rejects when the source throws or takes too long, when nobody waits any more, or when what it gives is no token. */
export async function fetchToken(
  source: TokenSource,
  signal: AbortSignal,
  limitMs = FETCH_MS,
): Promise<Token> {
  const given: unknown =
    typeof source === "function" ? await within(limitMs, signal, source()) : source;
  const token = readToken(given);
  if (token === null) throw new TypeError("expected a token, or { token, expiresAt }");
  return token;
}

async function within(limitMs: number, signal: AbortSignal, given: unknown): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("token() took too long")), limitMs);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  try {
    return await Promise.race([given, late]);
  } finally {
    clearTimeout(timer);
  }
}

function readToken(given: unknown): Token | null {
  if (typeof given === "string") return given === "" ? null : { token: given, expiresAtMs: null };
  if (typeof given !== "object" || given === null || !("token" in given)) return null;
  const { token } = given;
  if (typeof token !== "string" || token === "") return null;
  const expiresAt = "expiresAt" in given ? given.expiresAt : undefined;
  const expiresAtMs = typeof expiresAt === "string" ? Date.parse(expiresAt) : Number.NaN;
  return { token, expiresAtMs: Number.isNaN(expiresAtMs) ? null : expiresAtMs };
}

const SHARE = 0.8;
const MARGIN_MS = 60_000;
/** Longer timers end at once on every platform. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * How long from now to renew a token, while it is still good: after four fifths of its life and a
 * minute before its end, but not before half of it. Null when it has no end that this clock can
 * tell; the relay's word (4401) then is the sign.
 */
export function renewInMs({ expiresAtMs }: Token, nowMs: number): number | null {
  if (expiresAtMs === null || expiresAtMs <= nowMs) return null;
  const lifeMs = expiresAtMs - nowMs;
  const inMs = Math.max(lifeMs / 2, Math.min(lifeMs * SHARE, lifeMs - MARGIN_MS));
  return Math.min(inMs, MAX_TIMER_MS);
}
