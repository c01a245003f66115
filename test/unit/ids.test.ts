import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";

import { hashKey, hintOf, IdMint, randomId, randomText } from "../../src/domain/ids.ts";

const ids = new IdMint(new Uint8Array(32).fill(7));
const others = new IdMint(new Uint8Array(32).fill(8));

const KINDS = ["src", "cw"] as const;
const TENANTS = ["acme", "a", "7", "-", "a--b-", "src", "0123456789-abcdefghijklmnopqrstuvwxyz-01"];
const issue = (kind: "src" | "cw", tenant: string, mint = ids) =>
  kind === "src" ? mint.sourceId(tenant) : mint.apiKey(tenant);

describe.each(KINDS)("IdMint, for %s", (kind) => {
  it.each(TENANTS)("finds the tenant %s in what it issued", async (tenant) => {
    expect(await ids.tenantOf(kind, await issue(kind, tenant))).toBe(tenant);
  });

  it("issues a new one each time, safe in a path and a header", async () => {
    const issued = await Promise.all(Array.from({ length: 50 }, () => issue(kind, "acme")));
    expect(new Set(issued).size).toBe(50);
    for (const id of issued) expect(id).toMatch(new RegExp(`^${kind}_acme_[a-z2-7]+$`));
  });

  it("refuses what was issued under another key", async () => {
    expect(await ids.tenantOf(kind, await issue(kind, "acme", others))).toBeNull();
    expect(await others.tenantOf(kind, await issue(kind, "acme"))).toBeNull();
  });

  it("does not take one kind for the other, whatever its prefix is made to say", async () => {
    const other = kind === "src" ? "cw" : "src";
    const foreign = await issue(other, "acme");
    expect(await ids.tenantOf(kind, foreign)).toBeNull();
    expect(await ids.tenantOf(kind, foreign.replace(other, kind))).toBeNull();
    expect(await ids.tenantOf(other, foreign)).toBe("acme");
  });

  it("does not take one kind for the other once it has found it to be ours", async () => {
    const other = kind === "src" ? "cw" : "src";
    const foreign = await issue(other, "acme");
    expect(await ids.tenantOf(other, foreign)).toBe("acme");
    expect(await ids.tenantOf(kind, foreign)).toBeNull();
  });

  it("refuses every change of a single character", async () => {
    const id = await issue(kind, "acme-7");
    const replacements = [..."abz27019-_A.é "];
    for (let at = 0; at < id.length; at += 1) {
      const changed = new Set(
        replacements.map((char) => id.slice(0, at) + char + id.slice(at + 1)),
      );
      changed.add(id.slice(0, at) + id.slice(at + 1));
      changed.add(`${id.slice(0, at)}a${id.slice(at)}`);
      changed.delete(id);
      for (const text of changed) expect(await ids.tenantOf(kind, text), text).toBeNull();
    }
    expect(await ids.tenantOf(kind, id)).toBe("acme-7");
  });

  it.each(["-", " ", "_", "\n", "https://x/"])("refuses what has %j about it", async (extra) => {
    const id = await issue(kind, "acme");
    expect(await ids.tenantOf(kind, extra + id)).toBeNull();
    expect(await ids.tenantOf(kind, id + extra)).toBeNull();
  });

  it("refuses the random part of one tenant's under the name of another", async () => {
    const id = await issue(kind, "acme");
    expect(await ids.tenantOf(kind, id.replace("acme", "evil"))).toBeNull();
  });

  it.each([
    "",
    kind,
    `${kind}_`,
    `${kind}_acme`,
    `${kind}_acme_`,
    `${kind}__${"a".repeat(22)}`,
    `${kind}_acme_${"a".repeat(22)}`,
    `${kind}_acme_${"a".repeat(10_000)}`,
    `${kind}_${"a".repeat(41)}_${"a".repeat(22)}`,
    `${kind}_acme_${"a".repeat(22)}\n`,
    "\u0000",
  ])("refuses the junk %j", async (text) => {
    expect(await ids.tenantOf(kind, text)).toBeNull();
  });
});

describe("the relay's own id", () => {
  it("is the same for one key, and another for every other", async () => {
    const same = new IdMint(new Uint8Array(32).fill(7));
    expect(await ids.relayId()).toMatch(/^[a-z2-7]{20}$/);
    expect(await same.relayId()).toBe(await ids.relayId());
    expect(await others.relayId()).not.toBe(await ids.relayId());
  });

  it("stays what it is from one version to the next, for relays know each other by it", async () => {
    expect(await ids.relayId()).toBe("bsbmyx6m3zajpbzqyaei");
  });
});

describe("randomText", () => {
  it("uses every one of 32 characters", () => {
    const text = randomText(4096);
    expect(text).toMatch(/^[a-z2-7]{4096}$/);
    expect(new Set(text).size).toBe(32);
  });
});

describe("randomId", () => {
  it("carries its prefix and 80 random bits", () => {
    expect(randomId("rt")).toMatch(/^rt_[a-z2-7]{16}$/);
    expect(new Set(Array.from({ length: 1000 }, () => randomId("rt"))).size).toBe(1000);
  });
});

describe("hashKey", () => {
  it("is the SHA-256 of the whole key", async () => {
    const key = await ids.apiKey("acme");
    expect(await hashKey(key)).toBe(createHash("sha256").update(key).digest("hex"));
  });
});

describe("hintOf", () => {
  it.each([
    ["whsec_abcdefgh", "…efgh"],
    ["12345678", "…5678"],
    ["1234567", "…"],
    ["", "…"],
  ])("shows of %j only %j", (secret, hint) => {
    expect(hintOf(secret)).toBe(hint);
  });
});
