import { describe, expect, expectTypeOf, it } from "vitest";

import {
  type Item,
  isEvent,
  isKnownEvent,
  type KnownEvent,
  type RelayedEvent,
  type StationState,
} from "../../client/client.ts";
import type { Chargestation, Session } from "../../src/domain/resources.ts";

const fields = {
  ...{ id: "1", source: "src_1", station: "cs1", seq: 1, late: false },
  ...{ occurredAt: "2026-11-22T10:15:30.123Z", receivedAt: "2026-11-22T10:15:30.400Z" },
};
const started: RelayedEvent = {
  ...fields,
  type: "session.started",
  class: "network",
  body: {
    ...{ _id: "1", type: "session.started", object: "session", createdAt: fields.occurredAt },
    data: { _id: "s", status: "Started" },
  },
};
/** Its name is eDRV's, but a relay that does not know it has said so. */
const unknown: RelayedEvent = {
  ...fields,
  type: "session.started",
  class: "unknown",
  body: { type: "session.started" },
};

/** Written as a reader would: it is the types in its arms that are under test. */
function statusOf(event: RelayedEvent): string {
  if (isEvent(event, "session.started", "session.ended")) {
    expectTypeOf(event.type).toEqualTypeOf<"session.started" | "session.ended">();
    expectTypeOf(event.body.data).toEqualTypeOf<Session>();
    expectTypeOf(event.body.data.status).toEqualTypeOf<string | null | undefined>();
    return event.body.data.status ?? "";
  }
  if (!isKnownEvent(event)) return event.class;
  expectTypeOf(event).toExtend<KnownEvent>();
  switch (event.type) {
    case "chargestation.online":
      expectTypeOf(event.body.data).toEqualTypeOf<Chargestation>();
      return "online";
    default:
      return event.type;
  }
}

describe("isEvent", () => {
  it("narrows to the types it is given", () => {
    expect(statusOf(started)).toBe("Started");
    expect(isEvent(started, "session.ended")).toBe(false);
  });

  it("does not take an event for known that the relay does not know", () => {
    expect(statusOf(unknown)).toBe("unknown");
  });

  it("takes only types that eDRV documents", () => {
    // @ts-expect-error there is no such type
    isEvent(started, "session.stopped");
  });
});

describe("Item", () => {
  it("is told apart by its op", () => {
    const describeItem = (item: Item) => {
      switch (item.op) {
        case "event":
          expectTypeOf(item.event).toEqualTypeOf<RelayedEvent>();
          return item.event.type;
        case "gap":
          return item.reason;
        case "state":
        case "snapshot":
          expectTypeOf(item.stations).toEqualTypeOf<readonly StationState[]>();
          return item.stations.length;
      }
    };
    expect(describeItem({ op: "event", event: started })).toBe("session.started");
    expect(describeItem({ op: "gap", reason: "slow" })).toBe("slow");
  });
});
