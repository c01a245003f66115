import { sha256, toHex, toUtf8 } from "./encoding.ts";

/**
 * Entity tags (RFC 9110, 8.8.3) name a state of what an admin configures, so that of two editors
 * the slower one learns that there was another. They are made of `updatedAt`, which grows with
 * every change of the configuration; what a resource goes through beside that (its last event,
 * its health) is no part of it.
 */
export function entityTag({ updatedAt }: { readonly updatedAt: string }): string {
  return `"${Date.parse(updatedAt).toString(36)}"`;
}

/** The tag of several things as one: of which there are, and of what state each is. */
export async function jointTag(
  things: readonly { readonly id: string; readonly updatedAtMs: number }[],
): Promise<string> {
  const states = things.map(({ id, updatedAtMs }) => [id, updatedAtMs]);
  const digest = await sha256(toUtf8(JSON.stringify(states)));
  return `"${toHex(digest.subarray(0, 16))}"`;
}

/** `updatedAt` of a change: never that of the state before it, however fast or wrong the clock is. */
export function changedAt(beforeMs: number, nowMs: number): number {
  return Math.max(nowMs, beforeMs + 1);
}

/**
 * Whether a request with this `if-match` may change what has this tag. Null: it did not ask.
 * A header that cannot be read names no state that we know, so it matches none.
 */
export function allowsChange(ifMatch: string | null, tag: string): boolean {
  if (ifMatch === null || ifMatch.trim() === "*") return true;
  // Whatever compresses an answer on its way may have made the tag a weak one.
  return ifMatch.split(",").some((given) => given.trim().replace(/^W\//, "") === tag);
}
