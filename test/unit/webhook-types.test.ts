import { describe, expect, expectTypeOf, it } from "vitest";

import type { EventType } from "../../src/domain/catalogue.ts";
import type { Action, Chargestation, Session } from "../../src/domain/resources.ts";
import {
  type EdrvWebhook,
  isKnownEvent,
  type KnownEvent,
  type RelayedEvent,
  type RelayOwnEvent,
  type UnknownEvent,
} from "../../src/domain/webhook-types.ts";

const fields = {
  id: "644fc18f84c4b5000981ad7b",
  source: "src_1",
  station: "6192dea22df1431ea2c4720d",
  seq: 42,
  late: false,
  occurredAt: "2026-11-22T10:15:30.123Z",
  receivedAt: "2026-11-22T10:15:30.400Z",
};

const updated: RelayedEvent = {
  ...fields,
  type: "session.updated",
  class: "network",
  body: {
    _id: fields.id,
    type: "session.updated",
    object: "session",
    data: { _id: "1", status: "Started" },
    createdAt: fields.occurredAt,
  },
};
const unknown: RelayedEvent = {
  ...fields,
  type: "session.paused",
  class: "unknown",
  body: { type: "session.paused" },
};
const own: RelayedEvent = {
  ...fields,
  station: "_account",
  type: "relay.route.failing",
  class: "relay",
  body: {},
};

/** Written as a reader would: it is the types in its arms that are under test. */
function summarise(event: RelayedEvent): string {
  if (event.class === "unknown" || event.class === "relay") {
    expectTypeOf(event).toEqualTypeOf<UnknownEvent | RelayOwnEvent>();
    return event.class;
  }
  expectTypeOf(event).toEqualTypeOf<KnownEvent>();
  switch (event.type) {
    case "session.updated":
      expectTypeOf(event.class).toEqualTypeOf<"network">();
      expectTypeOf(event.body).toEqualTypeOf<EdrvWebhook<"session.updated">>();
      expectTypeOf(event.body.data).toEqualTypeOf<Session>();
      return `session ${event.body.data.status}`;
    case "session.set_power_limit.accepted":
    case "chargestation.get_diagnostics.rejected":
      expectTypeOf(event.class).toEqualTypeOf<"action">();
      expectTypeOf(event.body.data).toEqualTypeOf<Action>();
      return "action";
    case "chargestation.online":
      expectTypeOf(event.body.data).toEqualTypeOf<Chargestation>();
      return "online";
    default:
      return event.type;
  }
}

describe("RelayedEvent", () => {
  it("narrows to the webhook of one type", () => {
    expect(summarise(updated)).toBe("session Started");
    expect(summarise(unknown)).toBe("unknown");
    expect(summarise(own)).toBe("relay");
  });

  it("has one member for each known type", () => {
    expectTypeOf<KnownEvent["type"]>().toEqualTypeOf<EventType>();
    expectTypeOf<
      Extract<KnownEvent, { type: "rate.created" }>["class"]
    >().toEqualTypeOf<"synchronous">();
  });

  it("does not let class, type and body contradict each other", () => {
    expectTypeOf<{ type: "session.updated"; class: "action" }>().not.toExtend<
      Pick<Extract<KnownEvent, { type: "session.updated" }>, "type" | "class">
    >();
    expectTypeOf<EdrvWebhook<"session.ended">>().not.toExtend<EdrvWebhook<"session.updated">>();
  });
});

describe("isKnownEvent", () => {
  it("goes by the class", () => {
    expect([updated, unknown, own].map(isKnownEvent)).toEqual([true, false, false]);
    expectTypeOf(isKnownEvent).guards.toEqualTypeOf<KnownEvent>();
  });
});
