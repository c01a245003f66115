import { createHmac, hkdfSync } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { fromBase64Url, toBase64Url } from "../../src/domain/encoding.ts";
import { deriveIdKey, deriveTokenKey, Sealer } from "../../src/domain/sealing.ts";

const masterKey = (byte: number) => new Uint8Array(32).fill(byte);
const sealer = new Sealer(masterKey(1), null);
const PURPOSE = "route:acme:rt_1";

/** The same text with one bit of one of its parts flipped. */
function flipBit(sealed: string, part: 2 | 3, byte: number): string {
  const parts = sealed.split(".");
  const bytes = fromBase64Url(parts[part] ?? "") ?? new Uint8Array();
  bytes[byte] = (bytes[byte] ?? 0) ^ 1;
  parts[part] = toBase64Url(bytes);
  return parts.join(".");
}

describe("Sealer", () => {
  it("opens what it sealed, of any text and purpose", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(text, text, async (secret, purpose) => {
        expect(await sealer.open(await sealer.seal(secret, purpose), purpose)).toBe(secret);
      }),
      { numRuns: 100 },
    );
  });

  it("seals the same secret differently each time and never shows it", async () => {
    const sealed = await Promise.all(
      Array.from({ length: 20 }, () => sealer.seal("whsec_topsecret", PURPOSE)),
    );
    expect(new Set(sealed).size).toBe(20);
    for (const text of sealed) {
      expect(text).toMatch(/^s1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/);
      expect(atob(text.split(".")[3]?.replace(/[-_]/g, "A") ?? "")).not.toContain("topsecret");
    }
  });

  it.each(["", "route:acme:rt_2", "route:acme:rt_1 ", "ROUTE:ACME:RT_1", "source:acme:rt_1"])(
    "does not open for the purpose %j what it sealed for another",
    async (purpose) => {
      const sealed = await sealer.seal("secret", PURPOSE);
      await expect(sealer.open(sealed, purpose)).rejects.toThrow();
    },
  );

  it("does not open what another master key sealed, and names that key", async () => {
    const sealed = await new Sealer(masterKey(2), null).seal("secret", PURPOSE);
    await expect(sealer.open(sealed, PURPOSE)).rejects.toThrow(sealed.split(".")[1]);
  });

  it("does not open a foreign text that claims its own key", async () => {
    const own = await sealer.seal("secret", PURPOSE);
    const parts = (await new Sealer(masterKey(2), null).seal("secret", PURPOSE)).split(".");
    const forged = ["s1", own.split(".")[1], parts[2], parts[3]].join(".");
    await expect(sealer.open(forged, PURPOSE)).rejects.toThrow();
  });

  it("opens what the previous master key sealed, and seals with the current one alone", async () => {
    const before = new Sealer(masterKey(1), null);
    const during = new Sealer(masterKey(2), masterKey(1));
    const after = new Sealer(masterKey(2), null);
    const old = await before.seal("old", PURPOSE);
    const fresh = await during.seal("fresh", PURPOSE);
    expect(await during.open(old, PURPOSE)).toBe("old");
    expect(await during.open(fresh, PURPOSE)).toBe("fresh");
    expect(await after.open(fresh, PURPOSE)).toBe("fresh");
    await expect(after.open(old, PURPOSE)).rejects.toThrow();
    await expect(before.open(fresh, PURPOSE)).rejects.toThrow();
  });

  it("knows what was sealed under the master key of now, and seals the rest anew", async () => {
    const before = new Sealer(masterKey(1), null);
    const during = new Sealer(masterKey(2), masterKey(1));
    const old = await before.seal("old", PURPOSE);
    expect(old.startsWith(await before.currentPrefix())).toBe(true);
    expect(old.startsWith(await during.currentPrefix())).toBe(false);
    const anew = await during.sealAnew(old, PURPOSE);
    expect(anew.startsWith(await during.currentPrefix())).toBe(true);
    expect(await new Sealer(masterKey(2), null).open(anew, PURPOSE)).toBe("old");
    await expect(during.sealAnew(old, "route:acme:rt_2")).rejects.toThrow();
  });

  it("begins by a name of the key that tells nothing of it", async () => {
    expect(await sealer.currentPrefix()).toMatch(/^s1\.[0-9a-f]{8}\.$/);
    expect(await sealer.currentPrefix()).not.toContain("01010101");
  });

  it("does not open a text of which any byte was changed", async () => {
    const sealed = await sealer.seal("secret", PURPOSE);
    const cipherLength = "secret".length + 16;
    for (let at = 0; at < 12; at += 1) {
      await expect(sealer.open(flipBit(sealed, 2, at), PURPOSE)).rejects.toThrow();
    }
    for (let at = 0; at < cipherLength; at += 1) {
      await expect(sealer.open(flipBit(sealed, 3, at), PURPOSE)).rejects.toThrow();
    }
  });

  it("does not open a text that was cut short", async () => {
    const sealed = await sealer.seal("secret", PURPOSE);
    for (let length = 0; length < sealed.length; length += 1) {
      await expect(sealer.open(sealed.slice(0, length), PURPOSE)).rejects.toThrow();
    }
  });

  it.each([
    "",
    ".",
    "...",
    "s1",
    "s1...",
    "s1.00000000.AAAA.AAAA",
    "s2.00000000.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA",
    "s1.00000000.====.====",
    "s1.00000000.a.b",
    "whsec_plain",
    "é",
  ])("rejects the junk %j", async (junk) => {
    await expect(sealer.open(junk, PURPOSE)).rejects.toThrow();
  });

  it.each(["s1.x.?.AAAA", "s1.x.AAAA.?", "s2.x.AAAA.AAAA"])(
    "says of %j that it is none",
    async (junk) => {
      const text = junk.replace(/^s1\.x\./, await sealer.currentPrefix());
      await expect(sealer.open(text, PURPOSE)).rejects.toThrow(/^not a sealed text$/);
    },
  );

  it("does not open a text of another version", async () => {
    const sealed = await sealer.seal("secret", PURPOSE);
    await expect(sealer.open(sealed.replace("s1.", "s2."), PURPOSE)).rejects.toThrow();
  });
});

describe("deriveIdKey", () => {
  it("derives by HKDF-SHA-256, so that the key stays as long as the master key does", async () => {
    const expected = hkdfSync("sha256", masterKey(1), new Uint8Array(), "chargewire ids", 32);
    expect(await deriveIdKey(masterKey(1))).toEqual(new Uint8Array(expected));
    expect(await deriveIdKey(masterKey(2))).not.toEqual(new Uint8Array(expected));
  });
});

describe("deriveTokenKey", () => {
  it("derives by HKDF-SHA-256 for HMAC, and apart from the key of ids", async () => {
    const derived = hkdfSync("sha256", masterKey(1), new Uint8Array(), "chargewire tokens", 32);
    const expected = createHmac("sha256", new Uint8Array(derived)).update("text").digest("hex");
    const key = await deriveTokenKey(masterKey(1));
    const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode("text"));
    expect(Buffer.from(mac).toString("hex")).toBe(expected);
    expect(key.extractable).toBe(false);
  });
});
