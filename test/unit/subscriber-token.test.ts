import * as fc from "fast-check";
import { generateKeyPair, SignJWT } from "jose";
import { describe, expect, it } from "vitest";

import { toUtf8 } from "../../src/domain/encoding.ts";
import type { Grant } from "../../src/domain/grant.ts";
import { deriveTokenKey } from "../../src/domain/sealing.ts";
import { TokenMint } from "../../src/domain/subscriber-token.ts";
import { anyText } from "../support/arbitraries.ts";

const ID_KEY = new Uint8Array(32).fill(7);
const NOW_MS = Date.UTC(2026, 10, 22, 10, 15);
const EXPIRES_MS = NOW_MS + 60_000;
const GRANT: Grant = { view: "state", scopes: [{ stations: ["a"], types: ["session.*"] }] };
const CLAIMS = {
  tenant: "t-1",
  keyId: "key_1",
  grant: GRANT,
  issuedAtMs: NOW_MS,
  expiresAtMs: EXPIRES_MS,
};

const key = await deriveTokenKey(ID_KEY);
const mint = new TokenMint(key);
const token = await mint.issue("token", CLAIMS);
const [header = "", payload = "", signature = ""] = token.split(".");

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
const decode = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
const read = (text: string, nowMs = NOW_MS) => mint.read("token", text, nowMs);

/** Signed with the relay's own key, but otherwise than the relay would. */
function forge(
  claims: Record<string, unknown> = {},
  protectedHeader: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT({ ...(decode(payload) as object), ...claims })
    .setProtectedHeader({ alg: "HS256", typ: "chargewire-token+jwt", ...protectedHeader })
    .sign(key);
}

describe("TokenMint", () => {
  it.each(["token", "ticket"] as const)("reads back what it has put into a %s", async (kind) => {
    const text = await mint.issue(kind, CLAIMS);
    expect(await mint.read(kind, text, NOW_MS)).toEqual({ ...CLAIMS, id: expect.any(String) });
  });

  it("gives each its own id", async () => {
    const other = await read(await mint.issue("token", CLAIMS));
    expect(other?.id).toMatch(/^[a-z2-7]{20}$/);
    expect(other?.id).not.toBe((await read(token))?.id);
  });

  it("takes no ticket for a token, and no token for a ticket", async () => {
    expect(await mint.read("ticket", token, NOW_MS)).toBeNull();
    expect(await read(await mint.issue("ticket", CLAIMS))).toBeNull();
  });

  it.each([
    ["a millisecond before its end", EXPIRES_MS - 1, true],
    ["at its end, to the millisecond", EXPIRES_MS, false],
    ["after its end", EXPIRES_MS + 1, false],
  ])("says of a token %s, at %i: %s", async (_name, nowMs, isGood) => {
    expect((await read(token, nowMs)) !== null).toBe(isGood);
  });

  it.each([
    [300_000, true],
    [300_001, false],
  ])("says of a token that was made by a clock %i ms ahead: %s", async (aheadMs, isGood) => {
    expect((await read(token, NOW_MS - aheadMs)) !== null).toBe(isGood);
  });

  it("ends to the millisecond, were that within a second", async () => {
    const text = await mint.issue("token", { ...CLAIMS, expiresAtMs: EXPIRES_MS + 217 });
    expect((await read(text, EXPIRES_MS + 216))?.expiresAtMs).toBe(EXPIRES_MS + 217);
    expect(await read(text, EXPIRES_MS + 217)).toBeNull();
  });

  it("reads nothing that another key has signed", async () => {
    const other = new TokenMint(await deriveTokenKey(new Uint8Array(32).fill(8)));
    expect(await read(await other.issue("token", CLAIMS))).toBeNull();
  });

  it("takes a forgery for good where nothing about it is false", async () => {
    expect(await read(await forge())).toMatchObject({ tenant: "t-1" });
  });

  it.each([
    ["another tenant", { iss: "t-2" }],
    ["another key", { sub: "key_2" }],
    ["more of a view", { grant: { view: "events", scopes: [] } }],
    ["a later end", { exp: EXPIRES_MS }],
  ])("reads no payload that was altered to %s", async (_name, claims) => {
    const altered = encode({ ...(decode(payload) as object), ...claims });
    expect(await read(`${header}.${altered}.${signature}`)).toBeNull();
  });

  it.each([
    ["none", ""],
    ["None", ""],
    ["nOnE", signature],
    ["HS512", signature],
  ])("reads nothing whose header says %s", async (alg, signedBy) => {
    const changed = encode({ alg, typ: "chargewire-token+jwt" });
    expect(await read(`${changed}.${payload}.${signedBy}`)).toBeNull();
  });

  it.each([
    ["no typ", { typ: undefined }],
    ["the common typ", { typ: "JWT" }],
    ["another of its typs", { typ: "chargewire-ticket+jwt" }],
    ["a critical extension", { crit: ["x"], x: 1 }],
  ])("reads nothing with %s, although it is signed", async (_name, protectedHeader) => {
    const changed = { alg: "HS256", typ: "chargewire-token+jwt", ...protectedHeader };
    const input = `${encode(changed)}.${payload}`;
    const mac = await crypto.subtle.sign("HMAC", key, toUtf8(input));
    expect(await read(`${input}.${Buffer.from(mac).toString("base64url")}`)).toBeNull();
  });

  it("reads nothing that is signed with HS512 by a key of the same bytes", async () => {
    const bytes = new Uint8Array(64).fill(1);
    const importKey = (hash: string) =>
      crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash }, false, ["sign", "verify"]);
    const text = await new SignJWT(decode(payload) as object as Record<string, unknown>)
      .setProtectedHeader({ alg: "HS512", typ: "chargewire-token+jwt" })
      .sign(await importKey("SHA-512"));
    expect(await new TokenMint(await importKey("SHA-256")).read("token", text, NOW_MS)).toBeNull();
  });

  it("reads nothing that an RSA key has signed, and nothing signed with a public key as secret", async () => {
    const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
    const claims = decode(payload) as Record<string, unknown>;
    const sign = (alg: string, by: CryptoKey) =>
      new SignJWT(claims).setProtectedHeader({ alg, typ: "chargewire-token+jwt" }).sign(by);
    expect(await read(await sign("RS256", privateKey))).toBeNull();
    const published = await crypto.subtle.exportKey("spki", publicKey);
    const secret = await crypto.subtle.importKey(
      "raw",
      published,
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign", "verify"],
    );
    expect(await read(await sign("HS256", secret))).toBeNull();
    // Nor does a mint verify by a key that is not made for HS256.
    expect(await new TokenMint(publicKey).read("token", token, NOW_MS)).toBeNull();
  });

  it.each([
    ["no end", { exp: undefined }],
    ["an end that is a text", { exp: "2099" }],
    ["no beginning", { iat: undefined }],
    ["a time from which it counts that is to come", { nbf: NOW_MS / 1000 + 60 }],
    ["no id", { jti: undefined }],
    ["no tenant", { iss: undefined }],
    ["a tenant that is no text", { iss: 1 }],
    ["no key", { sub: undefined }],
    ["no grant", { grant: undefined }],
    ["an unknown view", { grant: { view: "all", scopes: [] } }],
    ["no scopes", { grant: { view: "events" } }],
    ["three scopes", { grant: { view: "events", scopes: [{}, {}, {}] } }],
    ["a scope that looks into bodies", { grant: { view: "events", scopes: [{ match: {} }] } }],
    ["a scope with a part that is unknown", { grant: { view: "events", scopes: [{ users: [] }] } }],
    ["a scope of no station", { grant: { view: "events", scopes: [{ stations: [] }] } }],
    [
      "a scope of a pattern that is none",
      { grant: { view: "events", scopes: [{ types: ["*x"] }] } },
    ],
  ])("reads nothing with %s, although it is signed", async (_name, claims) => {
    expect(await read(await forge(claims))).toBeNull();
  });

  it.each([
    "",
    ".",
    "..",
    "...",
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `${token}.`,
    `${token}.${signature}`,
    ` ${token}`,
    `${header}..${signature}`,
    `${encode("x")}.${encode("y")}.${signature}`,
    `${encode(null)}.${encode(null)}.`,
    `${encode([])}.${encode([])}.${signature}`,
    `${encode({ alg: "HS256", b64: false, crit: ["b64"] })}.${payload}.${signature}`,
    "e30.e30.e30",
    "é.è.ê",
    "\u0000",
    "x".repeat(100_000),
    ".".repeat(10_000),
  ])("never throws at garbage: %.40s", async (text) => {
    expect(await read(text)).toBeNull();
  });

  it("never throws at any text, nor takes it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          anyText(60),
          fc.tuple(anyText(), anyText(), anyText()).map((it) => it.join(".")),
        ),
        async (text) => {
          expect(await read(text)).toBeNull();
        },
      ),
      { numRuns: 300 },
    );
  });

  it("notices every single character that is changed", async () => {
    const changed = [...token].map((character, at) => {
      const other = character === "A" ? "B" : "A";
      return token.slice(0, at) + other + token.slice(at + 1);
    });
    const all = await Promise.all(changed.map((text) => read(text)));
    // The last character of the signature has two bits that mean nothing.
    expect(all.slice(0, -1).filter((each) => each !== null)).toEqual([]);
  });
});
