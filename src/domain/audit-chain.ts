import { sha256 } from "@noble/hashes/sha2.js";

import { toHex, toUtf8 } from "./encoding.ts";

/** Entries that a tenant's audit log keeps; the oldest go first. */
export const MAX_AUDIT_ENTRIES = 10_000;

/** What an entry's hash vouches for, as the API shows it. */
export interface AuditContent {
  /** 1, 2, 3 … per tenant, without holes. */
  readonly number: number;
  /** ISO 8601. */
  readonly at: string;
  /** The id of the API key that made the change; null when the relay did it by itself. */
  readonly key: string | null;
  readonly action: string;
  readonly target: string;
  readonly detail: unknown;
}

/** An entry with its place in the chain. */
export interface ChainedEntry extends AuditContent {
  /** SHA-256 in hex; null in entries from before the log was chained. */
  readonly hash: string | null;
  /** The hash of the entry before it; null in the first of the chain. */
  readonly previousHash: string | null;
}

/** Never changes: a hash that was written once is computed in the same way for good. */
const FORMAT = "chargewire-audit-1";

/**
 * SHA-256 over the previous hash and the entry's own content. Synchronous, unlike WebCrypto's, so
 * that an entry and its hash are part of one transaction.
 */
export function hashEntry(previousHash: string | null, entry: AuditContent): string {
  const { number, at, key, action, target, detail } = entry;
  const text = canonicalJson([FORMAT, previousHash, number, at, key, action, target, detail]);
  return toHex(sha256(toUtf8(text)));
}

/**
 * JSON with the names of each object in the order of their UTF-16 units and no white space, so that
 * equal values have equal texts (RFC 8785, for what JSON.parse returns).
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
  return `{${fields.join(",")}}`;
}

export interface AuditBreak {
  /** The entry where the chain does not hold, or after which one is missing. */
  readonly number: number;
  readonly reason: string;
}

export interface AuditReport {
  readonly count: number;
  /** Entries from before the log was chained, which nothing vouches for. */
  readonly unchained: number;
  /** The newest hash; to be noted elsewhere, because whoever owns the storage can write a new chain. */
  readonly head: string | null;
  /** The oldest place where the chain does not hold; null when it does. */
  readonly firstBreak: AuditBreak | null;
}

/** Checks a whole log as the API lists it, entry by entry, newest first. */
export class AuditVerifier {
  #count = 0;
  #unchained = 0;
  #head: string | null = null;
  #newer: ChainedEntry | null = null;
  #newest = 0;
  #firstBreak: AuditBreak | null = null;
  readonly #wanted: Set<string>;

  /** `known` are hashes that were noted before, which the chain has to contain. */
  constructor(known: readonly string[] = []) {
    this.#wanted = new Set(known);
  }

  take(entry: ChainedEntry): void {
    const newer = this.#newer;
    if (newer === null) {
      this.#head = entry.hash;
      this.#newest = entry.number;
    } else {
      const wrong = linkFault(entry, newer);
      if (wrong !== null) this.#firstBreak = { number: newer.number, reason: wrong };
    }
    if (entry.hash === null) this.#unchained += 1;
    else if (hashEntry(entry.previousHash, entry) !== entry.hash) {
      this.#firstBreak = { number: entry.number, reason: "its content does not match its hash" };
    }
    if (entry.hash !== null) this.#wanted.delete(entry.hash);
    this.#count += 1;
    this.#newer = entry;
  }

  /**
   * After the oldest entry. `newestNumber` is that of the newest entry now: while the log was being
   * read, entries may have been added, and as many of the oldest have gone.
   */
  finish(newestNumber = this.#newest): AuditReport {
    const oldest = this.#newer;
    const firstKept = Math.max(1, Math.max(newestNumber, this.#newest) - MAX_AUDIT_ENTRIES + 1);
    if (oldest !== null && oldest.number > firstKept) {
      this.#firstBreak = { number: oldest.number, reason: "entries before it are missing" };
    } else if (oldest?.number === 1 && oldest.previousHash !== null) {
      this.#firstBreak = { number: 1, reason: "it names an entry before the first" };
    }
    const [missing] = this.#wanted;
    if (this.#firstBreak === null && missing !== undefined) {
      const reason = `the noted hash ${missing} is not in the log`;
      this.#firstBreak = { number: oldest?.number ?? 0, reason };
    }
    const [count, unchained] = [this.#count, this.#unchained];
    return { count, unchained, head: this.#head, firstBreak: this.#firstBreak };
  }
}

/** What is wrong between an entry and the next newer one; null when nothing is. */
function linkFault(older: ChainedEntry, newer: ChainedEntry): string | null {
  if (older.number !== newer.number - 1) return "entries before it are missing";
  // The chain begins after the entries of earlier versions, and is never without hashes again.
  if (newer.hash === null) return older.hash === null ? null : "it has no hash";
  if (newer.previousHash !== older.hash) return "it does not continue the entry before it";
  return null;
}
