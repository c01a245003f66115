import { signal } from "@preact/signals";

import type { CurrentKey } from "../api/answers.ts";
import { ApiError, createApi } from "../api/api.ts";

/** Who is signed in, and with what; null before. */
export interface Session {
  readonly apiKey: string;
  readonly key: CurrentKey;
}

const STORED_AS = "chargewire.key";

/** Kept by the tab alone: another tab signs in by itself, and a closed one has forgotten it. */
export const session = signal<Session | null>(null);

/** Why the last session ended, to be told where the next one begins. */
export const farewell = signal<string | null>(null);

/** Whether this session may change anything. */
export const isAdmin = (): boolean => session.value?.key.role === "admin";

/** Throws an ApiError when the relay does not take the key. */
export async function signIn(apiKey: string): Promise<void> {
  const key = await createApi(() => apiKey).get<CurrentKey>("/v1/keys/current");
  sessionStorage.setItem(STORED_AS, apiKey);
  farewell.value = null;
  session.value = { apiKey, key };
}

export function signOut(why: string | null = null): void {
  sessionStorage.removeItem(STORED_AS);
  farewell.value = why;
  session.value = null;
}

/**
 * The key of a link (`#key=…`), which leaves the address and the history at once, or that of the
 * tab's session; null when there is none.
 */
export function takeKey(): string | null {
  const given = /^#key=([\w-]+)$/.exec(location.hash)?.[1];
  if (given !== undefined) history.replaceState(null, "", "#/");
  return given ?? sessionStorage.getItem(STORED_AS);
}

/** What went wrong with a sign-in, for people. */
export function explainSignIn(error: unknown): string {
  if (error instanceof ApiError && error.status === 401) return "The relay does not know this key.";
  if (error instanceof ApiError) return error.message;
  return "The relay cannot be reached.";
}
