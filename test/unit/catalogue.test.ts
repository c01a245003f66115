import { readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it } from "vitest";

import {
  type ClassOf,
  classOf,
  describeEventType,
  EVENT_TYPES,
  type EventClass,
  type EventType,
  isActionType,
  isEventType,
  type ResourceNameOf,
} from "../../src/domain/catalogue.ts";

interface ListedEvent {
  readonly type: string;
  readonly class: string;
  readonly resource: string;
  readonly fifo: boolean;
}

const SECTIONS: ReadonlyMap<string, string> = new Map([
  ["Network Events", "network"],
  ["Webhooks for Actions", "action"],
  ["Synchronous Events", "synchronous"],
  ["Charging Intelligence Events", "charging_intelligence"],
]);

const RENAMED: ReadonlyMap<string, string> = new Map([
  ["Advance Rate", "RateSchedule"],
  ["Load Management", "LoadManagementGroup"],
]);

const listed = readList(
  readFileSync(new URL("../fixtures/edrv-webhook-events.txt", import.meta.url), "utf8"),
);

/**
 * Reads eDRV's page. A heading is a type with its states and `data`, which is sometimes run
 * together with them, and the line after it says what `data` is: a line without that, such as
 * `chargestation.meta_data`, names a field and not an event.
 */
function readList(page: string): readonly ListedEvent[] {
  const lines = page.split("\n");
  const events: ListedEvent[] = [];
  let section = "";
  for (const [index, line] of lines.entries()) {
    section = SECTIONS.get(line) ?? section;
    const heading = /^([a-z_.]+?)(\.requested \/ accepted \/ rejected)?\s*data$/.exec(line);
    const resource = /^is an? ([A-Za-z ]+?)(?: with .*)?\.?$/.exec(lines[index + 1] ?? "")?.[1];
    if (heading?.[1] === undefined || resource === undefined) continue;
    const rest = lines.slice(index + 2);
    const end = rest.findIndex((each) => /^is an? /.test(each));
    const description = rest.slice(0, end === -1 ? rest.length : end - 1).join("\n");
    const fields = {
      class: section,
      resource: RENAMED.get(resource) ?? resource,
      fifo: description.includes("This event is FIFO ordered per chargestation."),
    };
    const states = heading[2] === undefined ? [""] : [".requested", ".accepted", ".rejected"];
    for (const state of states) events.push({ type: heading[1] + state, ...fields });
  }
  return events;
}

describe("the catalogue, held against eDRV's published list", () => {
  it("names the same 93 types in the same order", () => {
    expect(listed).toHaveLength(93);
    expect(EVENT_TYPES).toEqual(listed.map(({ type }) => type));
    expect(new Set(EVENT_TYPES).size).toBe(93);
  });

  it.each(listed)("describes $type as the list does", ({ type, ...description }) => {
    expect(describeEventType(type)).toEqual(description);
    expect(classOf(type)).toBe(description.class);
  });

  it("has as many types per class as the list", () => {
    const count = (name: EventClass) => EVENT_TYPES.filter((type) => classOf(type) === name).length;
    expect(count("network")).toBe(9);
    expect(count("action")).toBe(51);
    expect(count("synchronous")).toBe(28);
    expect(count("charging_intelligence")).toBe(5);
  });

  it("takes exactly these 32 types to be in order per chargestation", () => {
    const states = ["requested", "accepted", "rejected"];
    const actions = [
      "session.set_power_limit",
      "session.clear_power_limit",
      "connector.set_power_limit",
      "connector.clear_power_limit",
      "chargestation.set_power_limit",
      "chargestation.clear_power_limit",
      "chargestation.set_charging_profile",
      "chargestation.clear_charging_profile",
      "chargestation.get_diagnostics",
    ].flatMap((action) => states.map((state) => `${action}.${state}`));
    const network = ["chargestation.online", "chargestation.offline"];
    const session = ["session.updated", "session.started", "session.ended"];

    const fifo = EVENT_TYPES.filter((type) => describeEventType(type)?.fifo);
    expect(fifo).toHaveLength(32);
    expect(new Set<string>(fifo)).toEqual(new Set([...network, ...session, ...actions]));
  });

  it("does not take the field chargestation.meta_data for an event", () => {
    expect(isEventType("chargestation.meta_data")).toBe(false);
  });
});

const inherited = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"];
/** The second is a key of the table, not a type. */
const strangers = ["", "chargestation.authorization.*", "payment.created", "Session.updated"];

describe("describeEventType", () => {
  it.each([...inherited, ...strangers])("knows nothing of %j", (type) => {
    expect(describeEventType(type)).toBeNull();
    expect(isEventType(type)).toBe(false);
  });
});

describe("classOf", () => {
  it.each([...inherited, ...strangers, "relay", "relayed.event"])("calls %j unknown", (type) => {
    expect(classOf(type)).toBe("unknown");
  });

  it("does not believe a webhook that calls itself the relay's", () => {
    expect(classOf("relay.route.failing")).toBe("unknown");
  });
});

describe("isActionType", () => {
  it("agrees with the catalogue on every known type", () => {
    for (const type of EVENT_TYPES) expect(isActionType(type)).toBe(classOf(type) === "action");
  });

  it.each([
    "chargestation.some_new_action.accepted",
    "connector.unlock.requested",
    "session.pause.rejected",
  ])("takes the unknown type %s for an action by its shape", (type) => {
    expect(isActionType(type)).toBe(true);
    expect(classOf(type)).toBe("unknown");
  });

  it.each([
    "chargestation.accepted",
    "chargestation..accepted",
    "chargestation.some_new_action.completed",
    "chargestation.some_new_action.accepted.again",
    "chargestation.connector.some_new_action.accepted",
    "location.move.accepted",
    "x.chargestation.reset.accepted",
    "constructor",
  ])("does not take %s for an action", (type) => {
    expect(isActionType(type)).toBe(false);
  });
});

type LastOf<U> = (U extends unknown ? (x: () => U) => void : never) extends (x: infer F) => void
  ? F extends () => infer Last
    ? Last
    : never
  : never;
type CountOf<U, Counted extends readonly unknown[] = []> = [U] extends [never]
  ? Counted["length"]
  : CountOf<Exclude<U, LastOf<U>>, [...Counted, U]>;

describe("EventType", () => {
  it("is a union of 93 literals", () => {
    expectTypeOf<CountOf<EventType>>().toEqualTypeOf<93>();
    expectTypeOf<string>().not.toExtend<EventType>();
  });

  it("spells actions out in their three states", () => {
    type Authorization = Extract<EventType, `${string}.authorization.${string}`>;
    expectTypeOf<Authorization>().toEqualTypeOf<
      | "chargestation.authorization.requested"
      | "chargestation.authorization.accepted"
      | "chargestation.authorization.rejected"
    >();
    expectTypeOf<Extract<EventType, `${string}*`>>().toBeNever();
  });

  it("gives each type its class and its resource", () => {
    expectTypeOf<ClassOf<"session.updated">>().toEqualTypeOf<"network">();
    expectTypeOf<ClassOf<"session.set_power_limit.accepted">>().toEqualTypeOf<"action">();
    expectTypeOf<ResourceNameOf<"session.set_power_limit.accepted">>().toEqualTypeOf<"Action">();
    expectTypeOf<ResourceNameOf<"rate_schedule.created">>().toEqualTypeOf<"RateSchedule">();
    expectTypeOf<ClassOf<EventType>>().toEqualTypeOf<Exclude<EventClass, "unknown" | "relay">>();
  });
});
