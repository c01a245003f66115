import { describe, expect, it } from "vitest";

import {
  type AdmissionWorld,
  admitByKeyOrToken,
  admitByToken,
} from "../../src/domain/admission.ts";
import { FULL_GRANT, type Grant } from "../../src/domain/grant.ts";
import { hashKey, IdMint } from "../../src/domain/ids.ts";
import { deriveTokenKey } from "../../src/domain/sealing.ts";
import { TokenMint } from "../../src/domain/subscriber-token.ts";

const ID_KEY = new Uint8Array(32).fill(3);
const NOW_MS = Date.UTC(2026, 10, 22, 10, 15);
const GRANT: Grant = { view: "state", scopes: [{ stations: ["a"] }] };
const CLAIMS = {
  tenant: "t-1",
  keyId: "key_1",
  grant: GRANT,
  issuedAtMs: NOW_MS,
  expiresAtMs: NOW_MS + 60_000,
};

const ids = new IdMint(ID_KEY);
const tokens = new TokenMint(await deriveTokenKey(ID_KEY));
const key = await ids.apiKey("t-1");

/** The relay knows one key; of what it is asked for it keeps a list. */
function world(nowMs = NOW_MS) {
  const asked: string[] = [];
  const authenticate: AdmissionWorld["authenticate"] = async (tenant, keyHash) => {
    asked.push(tenant);
    return keyHash === (await hashKey(key)) ? { keyId: "key_2", role: "reader" } : null;
  };
  return { asked, ids, tokens, authenticate, nowMs };
}

describe("admitByKeyOrToken", () => {
  it("lets a key see everything, without an end", async () => {
    expect(await admitByKeyOrToken(key, world())).toEqual({
      tenant: "t-1",
      keyId: "key_2",
      role: "reader",
      grant: FULL_GRANT,
      issuedAtMs: NOW_MS,
      expiresAtMs: null,
      ticketId: null,
    });
  });

  it("refuses a key that was issued and is no longer there", async () => {
    const { asked, ...others } = world();
    expect(await admitByKeyOrToken(await ids.apiKey("t-2"), others)).toBeNull();
    expect(asked).toEqual(["t-2"]);
  });

  it("lets a token see what it grants until its end, and asks nobody", async () => {
    const { asked, ...others } = world();
    const token = await tokens.issue("token", CLAIMS);
    expect(await admitByKeyOrToken(token, others)).toEqual({
      ...CLAIMS,
      role: null,
      ticketId: null,
    });
    expect(await admitByKeyOrToken(token, { ...others, nowMs: CLAIMS.expiresAtMs })).toBeNull();
    expect(asked).toEqual([]);
  });

  it.each(["", "x", key.slice(0, -1), key.replace("cw_", "src_")])(
    "refuses %j, and asks nobody",
    async (text) => {
      const { asked, ...others } = world();
      expect(await admitByKeyOrToken(text, others)).toBeNull();
      expect(asked).toEqual([]);
    },
  );

  it("takes neither a source's id nor a ticket", async () => {
    expect(await admitByKeyOrToken(await ids.sourceId("t-1"), world())).toBeNull();
    const ticket = await tokens.issue("ticket", CLAIMS);
    expect(await admitByKeyOrToken(ticket, world())).toBeNull();
  });
});

describe("admitByToken", () => {
  it("tells tickets apart, which are good for once", async () => {
    const admit = async () =>
      admitByToken("ticket", await tokens.issue("ticket", CLAIMS), tokens, NOW_MS);
    const [one, other] = [await admit(), await admit()];
    expect(one).toEqual({ ...CLAIMS, role: null, ticketId: expect.stringMatching(/^[a-z2-7]+$/) });
    expect(one?.ticketId).not.toBe(other?.ticketId);
  });
});
