import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";

import {
  AuditVerifier,
  type ChainedEntry,
  canonicalJson,
  hashEntry,
  MAX_AUDIT_ENTRIES,
} from "../../src/domain/audit-chain.ts";

const content = (number: number) => ({
  number,
  at: "2026-11-25T12:00:00.000Z",
  key: "key_a",
  action: "route.changed",
  target: "rt_a",
  detail: { changed: ["name"], before: { name: "a" }, after: { name: `b${number}` } },
});

/** Entries `first` to `last`, oldest first; those up to `unchained` are from before there was a chain. */
function chain(last: number, { first = 1, unchained = 0 } = {}): ChainedEntry[] {
  const entries: ChainedEntry[] = [];
  let previousHash: string | null = first > 1 && unchained < first ? "0".repeat(64) : null;
  for (let number = first; number <= last; number += 1) {
    const isChained = number > unchained;
    const hash: string | null = isChained ? hashEntry(previousHash, content(number)) : null;
    entries.push({ ...content(number), hash, previousHash });
    previousHash = hash;
  }
  return entries;
}

function verify(entries: readonly ChainedEntry[], known: readonly string[] = [], newest?: number) {
  const verifier = new AuditVerifier(known);
  for (const entry of entries.toReversed()) verifier.take(entry);
  return verifier.finish(newest);
}

const replace = (entries: ChainedEntry[], number: number, change: Partial<ChainedEntry>) =>
  entries.map((entry) => (entry.number === number ? { ...entry, ...change } : entry));
const without = (entries: ChainedEntry[], ...numbers: number[]) =>
  entries.filter(({ number }) => !numbers.includes(number));

describe("hashEntry", () => {
  it("is the SHA-256 of the previous hash and everything in the entry, as one canonical text", () => {
    const text =
      '["chargewire-audit-1","aa",1,"2026-11-25T12:00:00.000Z","key_a","route.changed","rt_a",' +
      '{"after":{"name":"b1"},"before":{"name":"a"},"changed":["name"]}]';
    expect(hashEntry("aa", content(1))).toBe(createHash("sha256").update(text).digest("hex"));
  });

  it.each([
    { number: 2 },
    { at: "2026-11-25T12:00:00.001Z" },
    { key: null },
    { action: "route.created" },
    { target: "rt_b" },
    { detail: {} },
  ])("changes with %j", (change) => {
    expect(hashEntry(null, { ...content(1), ...change })).not.toBe(hashEntry(null, content(1)));
  });

  it("changes with the previous hash", () => {
    expect(hashEntry("aa", content(1))).not.toBe(hashEntry(null, content(1)));
  });
});

describe("canonicalJson", () => {
  it.each([
    [{ b: 1, a: [true, null, "é\n"] }, '{"a":[true,null,"é\\n"],"b":1}'],
    [{ a: undefined, b: {} }, '{"b":{}}'],
    [{ 10: "ten", 9: "nine" }, '{"10":"ten","9":"nine"}'],
    [1.5e21, "1.5e+21"],
    [[], "[]"],
  ])("writes %j as %s", (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it("does not know in which order names were given", () => {
    expect(canonicalJson({ a: { c: 1, b: 2 }, d: 3 })).toBe(
      canonicalJson({ d: 3, a: { b: 2, c: 1 } }),
    );
  });
});

describe("AuditVerifier", () => {
  it("finds nothing wrong with an empty log", () => {
    expect(verify([])).toEqual({ count: 0, unchained: 0, head: null, firstBreak: null });
  });

  it("finds nothing wrong with a chain, and tells its newest hash", () => {
    const entries = chain(5);
    const head = entries[4]?.hash;
    expect(verify(entries)).toEqual({ count: 5, unchained: 0, head, firstBreak: null });
  });

  it("accepts a chain that begins after entries of earlier versions, and counts these", () => {
    const report = verify(chain(5, { unchained: 2 }));
    expect(report).toMatchObject({ count: 5, unchained: 2, firstBreak: null });
  });

  it("accepts a log of earlier versions alone", () => {
    expect(verify(chain(3, { unchained: 3 }))).toMatchObject({ unchained: 3, firstBreak: null });
  });

  it("accepts what is left when the oldest have gone, and not one less", () => {
    const entries = chain(MAX_AUDIT_ENTRIES + 2, { first: 3 });
    expect(verify(entries)).toMatchObject({ count: MAX_AUDIT_ENTRIES, firstBreak: null });
    expect(verify(entries.slice(1)).firstBreak).toEqual({
      number: 4,
      reason: "entries before it are missing",
    });
    // One was added while they were read, so that one has gone.
    const grown = verify(entries.slice(1), [], MAX_AUDIT_ENTRIES + 3);
    expect(grown.firstBreak).toBeNull();
  });

  it.each([
    ["content", { target: "rt_x" }, 3, "its content does not match its hash"],
    ["detail", { detail: {} }, 3, "its content does not match its hash"],
    ["hash", { hash: "0".repeat(64) }, 3, "its content does not match its hash"],
    ["previous hash", { previousHash: null }, 3, "it does not continue the entry before it"],
    ["hash taken away", { hash: null, previousHash: null }, 3, "it has no hash"],
  ])("finds an entry whose %s was changed", (_what, change, number, reason) => {
    expect(verify(replace(chain(5), 3, change)).firstBreak).toEqual({ number, reason });
  });

  it("finds an entry that was changed together with its hash", () => {
    const entries = chain(5);
    const previousHash = entries[1]?.hash ?? null;
    const forged = { ...content(3), target: "rt_x" };
    const hash = hashEntry(previousHash, forged);
    expect(verify(replace(entries, 3, { ...forged, hash })).firstBreak).toEqual({
      number: 4,
      reason: "it does not continue the entry before it",
    });
  });

  it.each([
    [[3], 4],
    [[1], 2],
    [[1, 2, 3], 4],
  ])("finds that %j were taken out", (numbers, number) => {
    const { firstBreak } = verify(without(chain(5), ...numbers));
    expect(firstBreak).toEqual({ number, reason: "entries before it are missing" });
  });

  it("finds a first entry that names one before it", () => {
    const hash = hashEntry("aa", content(1));
    const { firstBreak } = verify([{ ...content(1), hash, previousHash: "aa" }]);
    expect(firstBreak).toEqual({ number: 1, reason: "it names an entry before the first" });
  });

  it("tells the oldest of several breaks", () => {
    const entries = replace(replace(chain(6), 5, { target: "x" }), 2, { target: "x" });
    expect(verify(entries).firstBreak).toMatchObject({ number: 2 });
  });

  it("misses the newest entries, and a chain written anew, only by a hash noted before", () => {
    const entries = chain(5);
    const noted = entries[4]?.hash ?? "";
    expect(verify(entries.slice(0, 4)).firstBreak).toBeNull();
    expect(verify(entries, [noted]).firstBreak).toBeNull();
    expect(verify(entries.slice(0, 4), [noted]).firstBreak).toEqual({
      number: 1,
      reason: `the noted hash ${noted} is not in the log`,
    });
  });
});
