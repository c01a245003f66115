export interface Answer {
  readonly status: number;
  readonly retryAfterMs: number | null;
  readonly isEmpty: boolean;
}

/** Why there was no answer at all. */
export type Silence = "timeout" | "connection";

export interface Poster {
  /** One POST of a JSON body; silence is a value too. */
  post(body: Uint8Array, signature: string | null): Promise<Answer | Silence>;
  /** Ends all connections; requests under way end in silence. */
  close(): void;
}

/** Seconds, as relays send it; a date or nonsense is no wish at all. */
export function readRetryAfter(value: string | null): number | null {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : null;
}
