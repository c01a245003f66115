import { describe, expect, it } from "vitest";

import { isOfType, linesOf } from "../../web/pages/stations/timeline-lines.ts";

const events = (...seqs: number[]) => seqs.map((seq) => ({ seq }));

describe("linesOf", () => {
  it("puts the newest event first", () => {
    const [first, second] = linesOf(events(1, 2), null);
    expect([first, second]).toEqual([
      { kind: "event", event: { seq: 2 } },
      { kind: "event", event: { seq: 1 } },
    ]);
  });

  it("marks seqs that are missing between two events", () => {
    expect(linesOf(events(3, 7), 1)[1]).toEqual({ kind: "hole", first: 4, last: 6, isLost: false });
  });

  it("says so when the relay does not keep what is missing any more", () => {
    expect(linesOf(events(3, 7), 7)[1]).toEqual({ kind: "hole", first: 4, last: 6, isLost: true });
    expect(linesOf(events(3, 7), 6)[1]).toMatchObject({ isLost: false });
  });
});

describe("isOfType", () => {
  it.each([
    ["", true],
    ["session.*", true],
    ["session.updated", true],
    ["session.update", false],
    ["chargestation.*", false],
  ])("of session.updated says of %j: %s", (pattern, expected) => {
    expect(isOfType("session.updated", pattern)).toBe(expected);
  });
});
