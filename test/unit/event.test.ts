import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  eventClass,
  eventHead,
  MAX_CLOCK_LEAD_MS,
  occurredAt,
  RELAY_SOURCE,
  type StationEvent,
  serializeEvent,
} from "../../src/domain/event.ts";

const RECEIVED = Date.UTC(2026, 10, 22, 10, 15, 30, 400);

function stationEvent(overrides: Partial<StationEvent> = {}): StationEvent {
  return {
    id: "644fc18f84c4b5000981ad7b",
    type: "session.updated",
    source: "src_1",
    station: "6192dea22df1431ea2c4720d",
    seq: 42,
    late: false,
    occurredAtMs: RECEIVED - 277,
    receivedAtMs: RECEIVED,
    body: '{"_id":"644fc18f84c4b5000981ad7b"}',
    ...overrides,
  };
}

describe("occurredAt", () => {
  it.each([
    ["a time in the past", -1, -1],
    ["a time long past", -10 * 365 * 86_400_000, -10 * 365 * 86_400_000],
    ["the time received", 0, 0],
    ["a time at the edge of what is believed", MAX_CLOCK_LEAD_MS, MAX_CLOCK_LEAD_MS],
    ["a time one millisecond beyond it", MAX_CLOCK_LEAD_MS + 1, 0],
    ["a time in 2099", Date.UTC(2099, 0) - RECEIVED, 0],
  ])("counts %s as it is told or as received", (_name, offsetMs, countedMs) => {
    expect(occurredAt(RECEIVED + offsetMs, RECEIVED)).toBe(RECEIVED + countedMs);
  });

  it("counts a webhook without a readable time as of now", () => {
    expect(occurredAt(null, RECEIVED)).toBe(RECEIVED);
  });

  it("believes five minutes of clock lead", () => {
    expect(MAX_CLOCK_LEAD_MS).toBe(300_000);
  });
});

describe("eventClass", () => {
  it.each([
    ["session.updated", "src_1", "network"],
    ["chargestation.get_diagnostics.requested", "src_1", "action"],
    ["user.created", "src_1", "synchronous"],
    ["session.ev_charged", "src_1", "charging_intelligence"],
    ["session.paused", "src_1", "unknown"],
    ["relay.route.failing", RELAY_SOURCE, "relay"],
    ["relay.route.failing", "relay", "relay"],
    ["relay.route.failing", "src_1", "unknown"],
  ])("calls a %s of %s %s", (type, source, expected) => {
    expect(eventClass(type, source)).toBe(expected);
  });
});

describe("serializeEvent", () => {
  it("writes the fields of an event in their order, the body last", () => {
    expect(serializeEvent(stationEvent())).toBe(
      '{"id":"644fc18f84c4b5000981ad7b","type":"session.updated","class":"network",' +
        '"source":"src_1","station":"6192dea22df1431ea2c4720d","seq":42,"late":false,' +
        '"occurredAt":"2026-11-22T10:15:30.123Z","receivedAt":"2026-11-22T10:15:30.400Z",' +
        '"body":{"_id":"644fc18f84c4b5000981ad7b"}}',
    );
  });

  it.each([
    '{"price":1.0,"big":12345678901234567890,"e":1e3}',
    '{\n  "b" : 1,\r\n\t"10" : 2, "2" : 3\n}',
    '{"a":1,"a":2}',
    '{"text":"\\u00EB\\/\\ud800 ë 🔌"}',
  ])("puts the body %s in byte for byte", (body) => {
    expect(serializeEvent(stationEvent({ body })).endsWith(`,"body":${body}}`)).toBe(true);
  });
});

const TRAPS = [
  ',"body":',
  '","body":',
  '\\",\\"body\\":',
  'x\\","body":{}',
  '"',
  "\\",
  ",",
  "body",
  '"body":',
];

describe("eventHead", () => {
  it.each(TRAPS)("ends before the body when names and body hold %j", (trap) => {
    const body = JSON.stringify({ note: trap, body: { body: trap }, [trap]: 1 });
    const event = stationEvent({ id: trap, type: trap, source: trap, station: trap, body });
    const head: unknown = JSON.parse(eventHead(serializeEvent(event)));
    expect(head).toEqual({
      id: trap,
      type: trap,
      class: "unknown",
      source: trap,
      station: trap,
      seq: 42,
      late: false,
      occurredAt: "2026-11-22T10:15:30.123Z",
      receivedAt: "2026-11-22T10:15:30.400Z",
    });
  });

  it("and the body together are the whole event, whatever they hold", () => {
    const token = fc
      .array(fc.oneof(fc.constantFrom(...TRAPS), fc.string({ unit: "grapheme-ascii" })), {
        minLength: 1,
        maxLength: 4,
      })
      .map((parts) => parts.join(""));
    const body = fc
      .dictionary(token, fc.oneof(token, fc.jsonValue()), { maxKeys: 4 })
      .map((any) => JSON.stringify(any));
    const events = fc.record({ id: token, type: token, body, seq: fc.nat(), late: fc.boolean() });
    fc.assert(
      fc.property(events, (fields) => {
        const text = serializeEvent(stationEvent(fields));
        const head: Record<string, unknown> = JSON.parse(eventHead(text));
        expect(head).toMatchObject({
          id: fields.id,
          type: fields.type,
          seq: fields.seq,
          late: fields.late,
        });
        expect(JSON.parse(text)).toEqual({ ...head, body: JSON.parse(fields.body) });
      }),
      { numRuns: 300 },
    );
  });
});
