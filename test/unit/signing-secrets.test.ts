import { describe, expect, it } from "vitest";

import { readRouteSecrets } from "../../src/domain/delivery.ts";
import {
  liveSecrets,
  MAX_SIGNING_SECRETS,
  rotateSecrets,
  type SigningSecret,
} from "../../src/domain/signing-secrets.ts";

const NOW = 1_795_342_530_000;
const secret = (name: string, expiresAtMs: number | null = null): SigningSecret => ({
  secret: name,
  createdAtMs: NOW - 1000,
  expiresAtMs,
});

describe("readRouteSecrets", () => {
  const rest = { headers: {}, auth: null, edrvSecret: null };

  it("reads signing secrets that were stored as plain strings", () => {
    const { signing } = readRouteSecrets(JSON.stringify({ ...rest, signing: ["a", "b"] }));
    expect(signing).toEqual([
      { secret: "a", createdAtMs: null, expiresAtMs: null },
      { secret: "b", createdAtMs: null, expiresAtMs: null },
    ]);
  });

  it("reads what is stored now", () => {
    const stored = { ...rest, signing: [secret("a"), secret("b", NOW)] };
    expect(readRouteSecrets(JSON.stringify(stored))).toEqual(stored);
  });

  it.each(["", "secret-text", '{"signing":"secret-text"}', '"secret-text"'])(
    "does not quote what it cannot read: %j",
    (text) => {
      expect(() => readRouteSecrets(text)).toThrow("a route's sealed secrets are not readable");
    },
  );
});

describe("liveSecrets", () => {
  it("leaves out what has ended, from that very moment", () => {
    const all = [secret("a"), secret("b", NOW + 1), secret("c", NOW), secret("d", NOW - 1)];
    expect(liveSecrets(all, NOW).map(({ secret: name }) => name)).toEqual(["a", "b"]);
  });
});

describe("rotateSecrets", () => {
  it("puts the new one first and ends the others after the overlap, never later than they would", () => {
    const before = [secret("b"), secret("a", NOW + 5_000), secret("dead", NOW)];
    expect(rotateSecrets(before, "c", 60_000, NOW)).toEqual([
      { secret: "c", createdAtMs: NOW, expiresAtMs: null },
      secret("b", NOW + 60_000),
      secret("a", NOW + 5_000),
    ]);
  });

  it("ends the others at once when there is no overlap", () => {
    expect(rotateSecrets([secret("a")], "b", 0, NOW)?.map(({ secret: name }) => name)).toEqual([
      "b",
    ]);
  });

  it("lets five live at a time and not one more", () => {
    expect(MAX_SIGNING_SECRETS).toBe(5);
    const live = (count: number) => Array.from({ length: count }, (_, at) => secret(`${at}`));
    expect(rotateSecrets(live(3), "new", 1000, NOW)).toHaveLength(4);
    expect(rotateSecrets(live(4), "new", 1000, NOW)).toHaveLength(5);
    expect(rotateSecrets(live(5), "new", 1000, NOW)).toBeNull();
    expect(rotateSecrets(live(5), "new", 0, NOW)).toHaveLength(1);
  });
});
