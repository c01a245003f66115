import { describe, expect, it } from "vitest";

import type { Attempt } from "../../src/domain/attempt-log.ts";
import { MAX_UNTOLD, UntoldAttempts } from "../../src/objects/station-untold-attempts.ts";

const START_MS = Date.parse("2026-11-25T12:00:00Z");

/** The attempt at that event, begun so many seconds after the start. */
function attempt(seq: number, overrides: Partial<Attempt> = {}): Attempt {
  const made = { seq, attempt: 1, class: "delivered", status: 200, error: null } as const;
  return {
    atMs: START_MS + seq * 1_000,
    latencyMs: 20,
    answer: "",
    replay: null,
    ...made,
    ...overrides,
  };
}

const named = (seq: number, route = "rt_a") => ({ route, attempt: attempt(seq) });

/** Each event was received 5 ms before its attempt began. */
const receivedAtMs = (seq: number) => START_MS + seq * 1_000 - 5;
/** The seqs of what is untold, by when it ended. */
const seqsOf = (untold: UntoldAttempts) =>
  untold.samples(receivedAtMs).map(({ endedMs }) => Math.floor((endedMs - START_MS) / 1_000));

describe("UntoldAttempts", () => {
  it("tells when an attempt ended, and how long its event took until then", () => {
    const untold = new UntoldAttempts();
    untold.add(1, named(7));
    expect(untold.samples(receivedAtMs)).toEqual([
      { route: "rt_a", endedMs: START_MS + 7_020, isDelivered: true, deliveryMs: 25 },
    ]);
  });

  it.each([
    ["failed", { class: "trouble", status: 500 }],
    ["was a replay's", { replay: "rp_a" }],
  ] as const)("does not tell how long it took when it %s", (_why, overrides) => {
    const untold = new UntoldAttempts();
    untold.add(1, { route: "rt_a", attempt: attempt(1, overrides) });
    expect(untold.samples(receivedAtMs)).toMatchObject([{ deliveryMs: null }]);
  });

  it("does not tell how long it took when the log has let go of its event", () => {
    const untold = new UntoldAttempts();
    untold.add(1, named(1));
    expect(untold.samples(() => null)).toMatchObject([{ isDelivered: true, deliveryMs: null }]);
  });

  it("keeps the newest 64", () => {
    const untold = new UntoldAttempts();
    for (let number = 1; number <= MAX_UNTOLD + 6; number += 1) untold.add(number, named(number));
    expect(MAX_UNTOLD).toBe(64);
    expect([seqsOf(untold).length, seqsOf(untold)[0]]).toEqual([64, 7]);
  });

  it("keeps what ended while others were on their way to the feed", () => {
    const untold = new UntoldAttempts();
    for (const number of [1, 2, 3]) untold.add(number, named(number));
    untold.told(2);
    expect(seqsOf(untold)).toEqual([3]);
  });

  it("takes after a wake as many as were not told, the newest of all lanes", () => {
    const logged = [named(1), named(4), named(2, "rt_b"), named(3, "rt_b")];
    const untold = new UntoldAttempts();
    untold.resume(logged, 10, 3);
    expect(seqsOf(untold)).toEqual([2, 3, 4]);
    untold.told(9);
    expect(seqsOf(untold)).toEqual([4]);
  });

  it("takes none after a wake when all were told", () => {
    const untold = new UntoldAttempts();
    untold.resume([named(1)], 10, 0);
    expect(seqsOf(untold)).toEqual([]);
  });
});
