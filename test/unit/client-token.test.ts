import { describe, expect, it } from "vitest";

import { fetchToken, renewInMs } from "../../client/token.ts";

const NOW_MS = 1_000_000;
const SECOND = 1_000;

describe("renewInMs", () => {
  it.each([
    ["an hour", 3_600, 2_880],
    ["five minutes", 300, 240],
    ["four minutes: a minute before the end", 240, 180],
    ["two minutes", 120, 60],
    ["less: not before half of it", 90, 45],
    ["seconds", 4, 2],
  ])("of %s", (_what, lifeSeconds, expected) => {
    const expiresAtMs = NOW_MS + lifeSeconds * SECOND;
    expect(renewInMs({ token: "t", expiresAtMs }, NOW_MS)).toBe(expected * SECOND);
  });

  it("is null when the end is not known, or is past by this clock", () => {
    expect(renewInMs({ token: "t", expiresAtMs: null }, NOW_MS)).toBeNull();
    expect(renewInMs({ token: "t", expiresAtMs: NOW_MS }, NOW_MS)).toBeNull();
  });

  it("keeps within what a timer can do", () => {
    const expiresAtMs = NOW_MS + 1e12;
    expect(renewInMs({ token: "t", expiresAtMs }, NOW_MS)).toBeLessThan(2 ** 31);
  });
});

const SIGNAL = new AbortController().signal;

describe("fetchToken of a source that never answers", () => {
  it("rejects when nobody waits for it any more", async () => {
    const closing = new AbortController();
    const fetching = fetchToken(() => new Promise(() => {}), closing.signal);
    closing.abort(new Error("closed"));
    await expect(fetching).rejects.toThrow("closed");
  });

  it("rejects after a while", async () => {
    await expect(fetchToken(() => new Promise(() => {}), SIGNAL, 20)).rejects.toThrow("too long");
  });
});

describe("fetchToken", () => {
  const expiresAt = "2026-11-22T10:15:30.000Z";
  const expiresAtMs = Date.parse(expiresAt);

  it.each([
    ["a text", "t", { token: "t", expiresAtMs: null }],
    ["a token with its end", { token: "t", expiresAt }, { token: "t", expiresAtMs }],
    ["a function", () => "t", { token: "t", expiresAtMs: null }],
    ["a promise", async () => ({ token: "t", expiresAt }), { token: "t", expiresAtMs }],
    [
      "an end that is no time",
      { token: "t", expiresAt: "soon" },
      { token: "t", expiresAtMs: null },
    ],
  ])("takes %s", async (_what, source, expected) => {
    expect(await fetchToken(source, SIGNAL)).toEqual(expected);
  });

  it.each([
    ["an empty text", ""],
    ["an answer without a token", () => JSON.parse("{}")],
  ])("does not take %s", async (_what, source) => {
    await expect(fetchToken(source, SIGNAL)).rejects.toThrow("expected a token");
  });
});
