import { describe, expect, it } from "vitest";

import type { RelayedEvent } from "../../client/client.ts";
import { Rates } from "../../web/live/rates.ts";
import { MAX_LINES, Recent } from "../../web/live/recent.ts";

const AT = "2026-01-01T00:00:00.000Z";

function event(seq: number): RelayedEvent {
  const type = "something.new";
  const times = { occurredAt: AT, receivedAt: AT };
  const of = { id: String(seq), source: "src", station: "a", seq, late: false };
  return { type, class: "unknown", ...of, ...times, body: { type } };
}

describe("Recent", () => {
  it("keeps the newest lines alone, in order", () => {
    const recent = new Recent();
    for (let seq = 1; seq <= MAX_LINES * 3; seq += 1) recent.add(event(seq), 0);
    const lines = recent.lines();
    expect(lines).toHaveLength(MAX_LINES);
    expect(lines.at(-1)).toMatchObject({ kind: "event", number: MAX_LINES * 3 });
    expect(lines[0]).toMatchObject({ number: MAX_LINES * 2 + 1 });
  });

  it("hands out the same list until a line comes, and leaves it as it was", () => {
    const recent = new Recent();
    recent.add(event(1), 0);
    const before = recent.lines();
    expect(recent.lines()).toBe(before);
    recent.noteGap("slow");
    expect(before).toHaveLength(1);
    expect(recent.lines().at(-1)).toEqual({ kind: "gap", number: 2, reason: "slow" });
  });

  it("never gives a number again, also not after it was cleared", () => {
    const recent = new Recent();
    recent.add(event(1), 0);
    recent.clear();
    recent.add(event(2), 5);
    expect(recent.lines()).toEqual([{ kind: "event", number: 2, atMs: 5, event: event(2) }]);
  });
});

describe("Rates", () => {
  it("counts by second and class", () => {
    const rates = new Rates();
    rates.takeEvent(event(1), 5_000);
    rates.takeEvent(event(2), 5_999);
    rates.takeEvent(event(3), 6_000);
    expect(rates.seconds()).toEqual([
      { at: 5, counts: new Map([["unknown", 2]]) },
      { at: 6, counts: new Map([["unknown", 1]]) },
    ]);
  });

  it("lets go of seconds that are too old", () => {
    const rates = new Rates();
    rates.takeEvent(event(1), 0);
    rates.takeEvent(event(2), 3_600_000);
    expect(rates.seconds().map(({ at }) => at)).toEqual([3_600]);
  });

  it("stays in order when the clock is set back", () => {
    const rates = new Rates();
    rates.takeEvent(event(1), 9_000);
    rates.takeEvent(event(2), 4_000);
    expect(rates.seconds()).toEqual([{ at: 9, counts: new Map([["unknown", 2]]) }]);
  });
});
