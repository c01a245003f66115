import { describe, expect, it } from "vitest";

import { readServerFrame } from "../../client/server-frames.ts";
import { event, station } from "../support/scripted-relay.ts";

const read = (frame: unknown) => readServerFrame(JSON.stringify(frame));

describe("readServerFrame", () => {
  it("reads a hello, and does without what an older relay leaves out", () => {
    const hello = { op: "hello", v: 1, cursor: "c", recovered: false };
    expect(read({ ...hello, behind: 7, heartbeatSeconds: 2 })).toEqual({
      ...hello,
      behind: 7,
      heartbeatMs: 2_000,
    });
    expect(read({ ...hello, recovered: undefined })).toEqual({
      ...hello,
      recovered: null,
      behind: 0,
      heartbeatMs: null,
    });
  });

  it.each([
    { op: "events", events: [event(1), event(2)], cursor: "c", behind: null },
    { op: "events", events: [], cursor: "c", behind: 0 },
    { op: "state", stations: [station("a")], cursor: "c", behind: 3 },
    { op: "snapshot", stations: [station("a")], cursor: "c", done: false },
    { op: "gap", reason: "retention" },
    { op: "error", code: "invalid_filter", detail: "no" },
    { op: "bye", code: 4102, retryAfterMs: 0 },
  ])("reads $op, and no field that it does not know", (frame) => {
    expect(read({ ...frame, newField: 1 })).toEqual(frame);
  });

  it.each(["pong", "", JSON.stringify({ op: "weather", cursor: 1 })])(
    "passes over what brings nothing: %s",
    (text) => expect(readServerFrame(text)).toEqual({ op: "other" }),
  );

  it.each([
    "{",
    "{}",
    '{"op":1}',
    JSON.stringify({ op: "hello", v: 1 }),
    JSON.stringify({ op: "events", events: [event(1)] }),
    JSON.stringify({ op: "events", events: {}, cursor: "c" }),
    JSON.stringify({ op: "events", events: [event(1), null], cursor: "c" }),
    JSON.stringify({ op: "events", events: [{ id: "x" }], cursor: "c" }),
    JSON.stringify({ op: "state", stations: [1], cursor: "c" }),
    JSON.stringify({ op: "snapshot", stations: [{}], cursor: "c", done: true }),
  ])("does not pass over what may have brought something: %s", (text) => {
    expect(readServerFrame(text)).toBeNull();
  });
});
