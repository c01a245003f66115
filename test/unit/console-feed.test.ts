import { describe, expect, it } from "vitest";

import type { RelayedEvent } from "../../client/client.ts";
import type { FeedLine } from "../../web/live/recent.ts";
import { liveRates } from "../../web/pages/charts/series.ts";
import { isJoined, lineMatcher, olderLines } from "../../web/pages/feed/matching.ts";

const AT = "2026-01-01T00:00:00.000Z";

function event(seq: number, type = "something.new"): RelayedEvent {
  const times = { occurredAt: AT, receivedAt: AT };
  const of = { id: String(seq), source: "src", station: "a", seq, late: false };
  return { type, class: "unknown", ...of, ...times, body: { type, seq } };
}

const line = (seq: number, type?: string): FeedLine => ({
  ...{ kind: "event", number: seq, atMs: 0 },
  event: event(seq, type),
});
const gap: FeedLine = { kind: "gap", number: 9, reason: "slow" };
const seqsOf = (lines: readonly FeedLine[]) =>
  lines.map((each) => (each.kind === "event" ? each.event.seq : null));

describe("lineMatcher", () => {
  it("lets pass what the filter wants, and every gap", () => {
    const passes = lineMatcher({ types: ["session.*"], match: { seq: { $gt: 1 } } });
    expect([line(1, "session.x"), line(2, "session.x"), line(3), gap].map(passes)).toEqual([
      ...[false, true, false, true],
    ]);
  });
});

describe("olderLines", () => {
  it("has each event once", () => {
    expect(seqsOf(olderLines([event(4), event(3), event(2)], [line(3), line(4)]))).toEqual([2]);
  });

  it("leaves out what came while the list stood still", () => {
    const older = [event(6), event(5), event(4), event(3), event(2)];
    expect(seqsOf(olderLines(older, [line(3), line(4)]))).toEqual([2]);
  });

  it("numbers them below all lines of the stream", () => {
    const numbers = olderLines([event(2), event(1)], [line(3)]).map(({ number }) => number);
    expect(Math.max(...numbers)).toBeLessThan(1);
    expect(new Set(numbers).size).toBe(2);
  });
});

describe("isJoined", () => {
  it.each([
    ["there are no lines", 0, [], true],
    ["the next line is the oldest kept", 2, [line(3), line(4)], true],
    ["the lines reach further back", 4, [line(3), line(4)], true],
    ["lines in between were let go of", 1, [line(3), line(4)], false],
  ])("when %s", (_case, loadedAt, lines, joined) => {
    expect(isJoined(loadedAt, lines)).toBe(joined);
  });
});

describe("liveRates", () => {
  it("knows nothing of the time before the page listened", () => {
    const seconds = [{ at: 21, counts: new Map([["unknown", 10] as const]) }];
    const window = { fromS: 0, untilS: 30, sinceS: 10, stepS: 5 };
    expect(liveRates(seconds, window)).toEqual({
      times: [0, 5, 10, 15, 20, 25],
      series: [{ name: "unknown", colour: 5, values: [null, null, 0, 0, 2, 0] }],
    });
  });
});
