import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Flow, MAX_UNACKNOWLEDGED_MS, MAX_UNPROVEN_BYTES } from "../../src/domain/flow.ts";

const MIB = 1024 * 1024;

/** One that has acknowledged everything so far. */
function acknowledging(): Flow {
  const flow = new Flow();
  flow.acknowledged(0, 0);
  return flow;
}

describe("Flow", () => {
  it("is about 4 MiB and 30 seconds", () => {
    expect([MAX_UNPROVEN_BYTES, MAX_UNACKNOWLEDGED_MS]).toEqual([4 * MIB, 30_000]);
  });

  it.each([
    ["below 4 MiB", -1, false],
    ["at 4 MiB", 0, false],
    ["above 4 MiB", 1, true],
  ])("is slow %s (%i) without a sign of life: %s", (_name, more, isSlow) => {
    for (const flow of [new Flow(), acknowledging()]) {
      for (let i = 1; i <= 3; i += 1) flow.sent(MIB, i, 0);
      flow.sent(MIB + more, 4, 0);
      expect(flow.isSlow(0)).toBe(isSlow);
    }
  });

  it.each([
    ["below 30 s", 29_999, false],
    ["at 30 s", 30_000, false],
    ["above 30 s", 30_001, true],
  ])("is late %s (%i) with something unacknowledged: %s", (_name, afterMs, isLate) => {
    const flow = acknowledging();
    flow.sent(1, 1, 1_000);
    flow.sent(1, 2, 20_000);
    expect([flow.isLate(1_000 + afterMs), flow.isSlow(1_000 + afterMs)]).toEqual([isLate, isLate]);
  });

  it("counts the time from the oldest frame that is not acknowledged", () => {
    const flow = acknowledging();
    flow.sent(1, 1, 0);
    flow.sent(1, 2, 10_000);
    flow.acknowledged(1, 5_000);
    expect([flow.isLate(40_000), flow.isLate(40_001)]).toEqual([false, true]);
    flow.acknowledged(2, 40_001);
    expect(flow.isLate(Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it("counts anew from each acknowledgement that takes something, and from no other", () => {
    const flow = acknowledging();
    for (let offset = 1; offset <= 3; offset += 1) flow.sent(1, offset, 0);
    flow.acknowledged(1, 25_000);
    expect([flow.isLate(55_000), flow.isLate(55_001)]).toEqual([false, true]);
    flow.acknowledged(1, 50_000);
    expect(flow.isLate(55_001)).toBe(true);
    flow.acknowledged(2, 50_000);
    expect([flow.isLate(80_000), flow.isLate(80_001)]).toEqual([false, true]);
  });

  it("is never late for one that does not acknowledge", () => {
    const flow = new Flow();
    flow.sent(MIB, 1, 0);
    expect([flow.isLate(3_600_000), flow.isSlow(3_600_000)]).toEqual([false, false]);
  });

  it("takes what was sent before a sign of life for received, and nothing after it", () => {
    const flow = new Flow();
    flow.sent(MIB, 1, 1_000);
    flow.sent(MIB, 2, 2_000);
    flow.heard(999);
    expect(flow.bytes).toBe(2 * MIB);
    flow.heard(1_000);
    expect(flow.bytes).toBe(MIB);
    flow.heard(2_000);
    expect(flow.bytes).toBe(0);
  });

  it("counts small frames together, as of the last of them, up to 64 KiB", () => {
    const sentBefore = (...sizes: number[]) => {
      const flow = new Flow();
      for (const bytes of sizes) flow.sent(bytes, 1, 0);
      flow.sent(1, 2, 10);
      flow.heard(5);
      return flow.bytes;
    };
    expect(sentBefore(1)).toBe(2);
    expect(sentBefore(1, 2, 3)).toBe(7);
    expect(sentBefore(65_535)).toBe(65_536);
    expect(sentBefore(65_536)).toBe(1);
    expect(sentBefore(32_768, 32_768)).toBe(1);
  });

  it("tells frames that are acknowledged apart, however small", () => {
    const flow = acknowledging();
    flow.sent(1, 1, 0);
    flow.sent(1, 2, 0);
    flow.acknowledged(1, 0);
    expect(flow.bytes).toBe(1);
  });

  it("begins anew once everything was received", () => {
    const flow = new Flow();
    for (const atMs of [1, 2, 3]) {
      flow.sent(10, atMs, atMs);
      flow.heard(atMs);
      expect(flow.bytes).toBe(0);
    }
  });

  it("goes by acknowledgements alone from the first one on", () => {
    const flow = new Flow();
    flow.sent(3 * MIB, 1, 0);
    flow.sent(2 * MIB, 2, 0);
    expect(flow.acknowledges).toBe(false);
    flow.acknowledged(1, 0);
    expect([flow.acknowledges, flow.bytes]).toEqual([true, 2 * MIB]);
    flow.heard(10_000);
    expect(flow.bytes).toBe(2 * MIB);
  });

  it("switches at an acknowledgement that covers nothing, too", () => {
    const flow = new Flow();
    flow.sent(5, 7, 0);
    flow.acknowledged(3, 0);
    expect([flow.acknowledges, flow.bytes, flow.isLate(30_001)]).toEqual([true, 5, true]);
  });

  it("acknowledges after a wake as it did before", () => {
    const flow = new Flow(true);
    flow.sent(1, 1, 0);
    flow.heard(1);
    expect([flow.acknowledges, flow.bytes]).toEqual([true, 1]);
  });

  it("drops nothing at an acknowledgement that goes back", () => {
    const flow = acknowledging();
    flow.sent(1, 5, 0);
    flow.acknowledged(5, 0);
    flow.sent(2, 6, 0);
    flow.acknowledged(4, 0);
    expect(flow.bytes).toBe(2);
  });

  it("takes what was sent before a new beginning for taken with whatever comes after it", () => {
    const flow = acknowledging();
    flow.sent(1, 7, 0);
    flow.sent(2, 8, 0);
    flow.beginAt(3);
    flow.sent(4, 5, 0);
    flow.acknowledged(2, 0);
    expect(flow.bytes).toBe(7);
    flow.acknowledged(3, 0);
    expect(flow.bytes).toBe(4);
    flow.beginAt(9);
    flow.acknowledged(5, 0);
    expect(flow.bytes).toBe(0);
  });

  it("forgets everything when it is forgiven, and goes on counting as before", () => {
    const flow = acknowledging();
    flow.sent(5 * MIB, 1, 0);
    flow.forgive();
    expect([flow.bytes, flow.isSlow(60_000), flow.acknowledges]).toEqual([0, false, true]);
  });

  it("counts each byte once, from when it is sent until it is acknowledged", () => {
    const anySent = fc.array(fc.nat(200_000), { maxLength: 40 });
    fc.assert(
      fc.property(anySent, fc.nat(40), (sizes, upTo) => {
        const flow = acknowledging();
        sizes.forEach((bytes, index) => {
          flow.sent(bytes, index + 1, index);
        });
        flow.acknowledged(upTo, 0);
        const left = sizes.slice(upTo).reduce((total, bytes) => total + bytes, 0);
        expect(flow.bytes).toBe(left);
      }),
    );
  });

  it("believes one that does not acknowledge no more than its last sign of life says", () => {
    const anySent = fc.array(fc.nat(200_000), { maxLength: 40 });
    fc.assert(
      fc.property(anySent, fc.nat(40), (sizes, atMs) => {
        const flow = new Flow();
        sizes.forEach((bytes, index) => {
          flow.sent(bytes, index + 1, index);
        });
        flow.heard(atMs);
        // Small frames are counted together, so what is left may be more, but never less.
        const left = sizes.slice(atMs + 1).reduce((total, bytes) => total + bytes, 0);
        expect(flow.bytes).toBeGreaterThanOrEqual(left);
      }),
    );
  });
});
