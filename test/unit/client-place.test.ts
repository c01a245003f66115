import { describe, expect, it } from "vitest";

import { afterFrame, afterHello, placeAt, resumeFrom } from "../../client/place.ts";
import type { ContentFrame, HelloFrame } from "../../client/server-frames.ts";

const hello = (recovered: boolean | null): HelloFrame => ({
  ...{ op: "hello", v: 1, cursor: "h", behind: 0, heartbeatMs: null },
  recovered,
});
const page = (done: boolean): ContentFrame => ({
  ...{ op: "snapshot", stations: [], cursor: "s" },
  done,
});
const some: ContentFrame = { op: "events", events: [], cursor: "e", behind: null };
const gap: ContentFrame = { op: "gap", reason: "slow" };

describe("resumeFrom", () => {
  it.each([
    ["nothing at all", "now", null, [], "now"],
    ["a hello", "now", hello(null), [], "h"],
    ["events", "now", hello(null), [some], "e"],
    ["a resumption", "c", hello(true), [], "h"],
    ["a hello before a snapshot", "snapshot", hello(null), [], "snapshot"],
    ["half a snapshot", "snapshot", hello(null), [page(false)], "snapshot"],
    ["a snapshot", "snapshot", hello(null), [page(false), page(true)], "s"],
    ["a snapshot and events", "snapshot", hello(null), [page(true), some], "e"],
    ["a cursor that was refused", "c", hello(false), [], "snapshot"],
    ["a gap", "c", hello(false), [gap], "snapshot"],
    ["a gap and half a snapshot", "c", hello(false), [gap, page(false)], "snapshot"],
    ["a gap and a snapshot", "c", hello(false), [gap, page(true)], "s"],
    ["a gap while live", "now", hello(null), [some, gap], "snapshot"],
    ["a gap amid a snapshot", "snapshot", hello(null), [page(false), gap], "snapshot"],
  ])("after %s", (_what, from, greeting, frames, expected) => {
    const begun = greeting === null ? placeAt(from) : afterHello(from, greeting);
    expect(resumeFrom(frames.reduce(afterFrame, begun))).toBe(expected);
  });
});
