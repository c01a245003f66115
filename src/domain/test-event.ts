import { RELAY_SOURCE, type StationEvent } from "./event.ts";
import { ACCOUNT_STATION } from "./station-id.ts";

export const TEST_TYPE = "relay.route.test";

/** A webhook of no station's log, for trying a destination: made of nothing that anybody sent. */
export function testEvent(id: string, type: string, nowMs: number): StationEvent {
  const createdAt = new Date(nowMs).toISOString();
  const data = { message: "A test of the route, asked for by its owner." };
  return {
    id,
    type,
    source: RELAY_SOURCE,
    station: ACCOUNT_STATION,
    seq: 0,
    late: false,
    occurredAtMs: nowMs,
    receivedAtMs: nowMs,
    body: JSON.stringify({ _id: id, type, object: "event", data, createdAt }),
  };
}
