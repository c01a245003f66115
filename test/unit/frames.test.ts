import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { toUtf8 } from "../../src/domain/encoding.ts";
import {
  AUTH_PROTOCOL_PREFIX,
  CloseCode,
  HEARTBEAT_SECONDS,
  PING,
  PONG,
  PROTOCOL,
} from "../../src/protocol/codes.ts";
import {
  byeFrame,
  errorFrame,
  eventsFrame,
  type GapReason,
  gapFrame,
  helloFrame,
  MAX_CLIENT_FRAME_CHARS,
  readClientFrame,
  SubscribeFrame,
  snapshotFrame,
  stateFrame,
} from "../../src/protocol/frames.ts";
import { anyText } from "../support/arbitraries.ts";

const CURSOR = "abcdefghij27.42";

describe("readClientFrame", () => {
  it.each([
    { op: "subscribe", filter: { types: ["session.*"] }, from: "now" },
    { op: "ack", cursor: CURSOR },
    { op: "auth", token: "t" },
    { op: "never heard of", more: [1, { a: null }] },
    { op: "" },
  ])("reads the op of %j and keeps the rest", (frame) => {
    expect(readClientFrame(JSON.stringify(frame))).toEqual({ op: frame.op, frame });
  });

  it.each([
    "",
    "ping",
    "{",
    "null",
    "7",
    '"subscribe"',
    "[]",
    '[{"op":"subscribe"}]',
    "{}",
    '{"op":null}',
    '{"op":7}',
    '{"op":["subscribe"]}',
    '{"OP":"subscribe"}',
    '{"__proto__":{"op":"subscribe"}}',
    "{'op':'subscribe'}",
    '{"op":"subscribe"}{"op":"ack"}',
    '\ufeff{"op":"subscribe"}',
  ])("takes %j for no frame", (text) => {
    expect(readClientFrame(text)).toBeNull();
  });

  it("takes binary data for no frame", () => {
    expect(readClientFrame(toUtf8('{"op":"subscribe"}').buffer)).toBeNull();
  });

  it("reads a text of 65,536 characters and none beyond", () => {
    const textOf = (length: number) => JSON.stringify({ op: "x", pad: "" }).padEnd(length, " ");
    expect(MAX_CLIENT_FRAME_CHARS).toBe(65_536);
    expect(readClientFrame(textOf(65_536))).not.toBeNull();
    expect(readClientFrame(textOf(65_537))).toBeNull();
  });

  it("has room for the largest filter", () => {
    const filter = { stations: ["s".repeat(16_000)] };
    expect(readClientFrame(JSON.stringify({ op: "subscribe", filter }))).not.toBeNull();
  });

  it("never throws, however deep or odd the text", () => {
    expect(readClientFrame(`{"op":"x","deep":${"[".repeat(30_000)}`)).toBeNull();
    const deep = `{"op":"x","deep":${"[".repeat(30_000)}${"]".repeat(30_000)}}`;
    expect(readClientFrame(deep)?.op).toBe("x");
    const text = fc.oneof(anyText(), fc.json());
    fc.assert(
      fc.property(text, (any) => {
        const read = readClientFrame(any);
        if (read !== null) expect(JSON.parse(any)).toMatchObject({ op: read.op });
      }),
      { numRuns: 300 },
    );
  });
});

describe("SubscribeFrame", () => {
  it.each([
    { op: "subscribe" },
    { op: "subscribe", from: "snapshot" },
    { op: "subscribe", filter: {}, from: CURSOR },
    { op: "subscribe", filter: "anything, for the relay to judge" },
  ])("takes %j", (frame) => {
    expect(SubscribeFrame.parse(frame)).toEqual(frame);
  });

  it.each([
    { op: "ack" },
    { op: "subscribe", from: "" },
    { op: "subscribe", from: 7 },
    { op: "subscribe", from: null },
    { op: "subscribe", from: "x".repeat(129) },
    { op: "subscribe", filters: {} },
    {},
  ])("refuses %j", (frame) => {
    expect(SubscribeFrame.safeParse(frame).success).toBe(false);
  });
});

describe("frames from the server", () => {
  it("greet with everything that hello promises", () => {
    const hello = { connection: "c1", tenant: "acme", cursor: CURSOR, recovered: null, behind: 3 };
    expect(JSON.parse(helloFrame(hello))).toEqual({
      op: "hello",
      v: 1,
      connection: "c1",
      tenant: "acme",
      cursor: CURSOR,
      recovered: null,
      behind: 3,
      heartbeatSeconds: HEARTBEAT_SECONDS,
    });
    for (const recovered of [true, false]) {
      expect(JSON.parse(helloFrame({ ...hello, recovered }))).toMatchObject({ recovered });
    }
  });

  it.each([
    ["none", []],
    ["one", ['{"a":1.0}']],
    ["several", ['{"a": 1e3 }', "{}", '{"b":"],\\"cursor\\":\\"x\\""}']],
  ])("carry %s as the text they were given", (_name, texts) => {
    const events = eventsFrame(texts, CURSOR, null);
    expect(events).toBe(`{"op":"events","events":[${texts.join()}],"cursor":"${CURSOR}"}`);
    expect(JSON.parse(events)).toEqual({
      op: "events",
      events: texts.map((text) => JSON.parse(text)),
      cursor: CURSOR,
    });
    for (const done of [true, false]) {
      const snapshot = snapshotFrame(texts, CURSOR, done);
      expect(snapshot).toContain(`"stations":[${texts.join()}]`);
      expect(JSON.parse(snapshot)).toEqual({
        op: "snapshot",
        stations: texts.map((text) => JSON.parse(text)),
        cursor: CURSOR,
        done,
      });
    }
  });

  it("carry states in place of events, and how far behind the subscriber is", () => {
    expect(JSON.parse(stateFrame(['{"seq":1}'], CURSOR, 7))).toEqual({
      op: "state",
      stations: [{ seq: 1 }],
      cursor: CURSOR,
      behind: 7,
    });
    expect(JSON.parse(stateFrame([], CURSOR, null))).not.toHaveProperty("behind");
    expect(JSON.parse(eventsFrame([], CURSOR, 0))).toMatchObject({ behind: 0, cursor: CURSOR });
  });

  it.each(["retention", "epoch", "slow"] satisfies GapReason[])("tell of a gap by %s", (reason) => {
    expect(JSON.parse(gapFrame(reason, CURSOR))).toEqual({ op: "gap", reason, cursor: CURSOR });
  });

  it("tell of errors and of the end", () => {
    const detail = 'no such "op"\n';
    expect(JSON.parse(errorFrame("bad_frame", detail))).toEqual({
      op: "error",
      code: "bad_frame",
      detail,
    });
    expect(JSON.parse(byeFrame(CloseCode.restart, 1500, CURSOR))).toEqual({
      op: "bye",
      code: 4102,
      retryAfterMs: 1500,
      cursor: CURSOR,
    });
  });

  it("stay JSON, whatever a cursor holds", () => {
    const odd = '"}],\u2028';
    for (const text of [
      eventsFrame([], odd, null),
      snapshotFrame([], odd, true),
      gapFrame("slow", odd),
    ]) {
      expect(JSON.parse(text)).toMatchObject({ cursor: odd });
    }
  });
});

describe("the protocol", () => {
  it("keeps the names and codes that clients rely on", () => {
    expect([PROTOCOL, AUTH_PROTOCOL_PREFIX, PING, PONG]).toEqual([
      "chargewire.v1",
      "auth.",
      "ping",
      "pong",
    ]);
    expect(CloseCode).toEqual({
      badFrame: 4000,
      unauthorised: 4001,
      forbidden: 4003,
      version: 4009,
      overCapacity: 4100,
      tooSlow: 4101,
      restart: 4102,
      reconnect: 4200,
      tokenExpired: 4401,
    });
  });
});
