import { describe, expect, it } from "vitest";

import { TEST_TYPE, testEvent } from "../../src/domain/test-event.ts";

describe("testEvent", () => {
  it("is a whole webhook of no station's log", () => {
    const nowMs = Date.UTC(2026, 10, 22, 10, 15);
    const { body, ...event } = testEvent("evt_1", TEST_TYPE, nowMs);
    expect(event).toEqual({
      id: "evt_1",
      type: "relay.route.test",
      source: "relay",
      station: "_account",
      seq: 0,
      late: false,
      occurredAtMs: nowMs,
      receivedAtMs: nowMs,
    });
    expect(JSON.parse(body)).toEqual({
      _id: "evt_1",
      type: "relay.route.test",
      object: "event",
      data: { message: "A test of the route, asked for by its owner." },
      createdAt: "2026-11-22T10:15:00.000Z",
    });
  });
});
