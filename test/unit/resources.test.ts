import { readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it } from "vitest";
import type * as z from "zod";

import type { EventType } from "../../src/domain/catalogue.ts";
import {
  Action,
  Chargestation,
  Connector,
  LoadManagementGroup,
  Location,
  Measure,
  Organization,
  Rate,
  RateSchedule,
  Reference,
  type ResourceOf,
  RFID,
  Session,
  User,
} from "../../src/domain/resources.ts";

function fixtureText(name: string): string {
  return readFileSync(new URL(`../fixtures/edrv/${name}.json`, import.meta.url), "utf8");
}

function fixture(name: string): Record<string, unknown> {
  return JSON.parse(fixtureText(name));
}

/** The value as it is after reading it and writing it as JSON again. */
function reread(schema: z.ZodType, value: unknown): unknown {
  return JSON.parse(JSON.stringify(schema.parse(value)));
}

describe("eDRV's samples", () => {
  it("reads the chargestation, its connectors and their rates", () => {
    const station = Chargestation.parse(fixture("chargestation.data"));
    expect(station._id).toBe("5eafcdae9e7760a2646be430");
    expect(station.online).toBe(true);
    expect(station.connectors?.[0]).toMatchObject({ status: "Preparing", power: 2.01 });
    expect(station.connectors?.[0]?.rate).toMatchObject({ currency: "EUR" });
  });

  it("reads the session and its energy report", () => {
    const session = Session.parse(fixture("session.data"));
    expect(session.chargestation).toBe("6192dea22df1431ea2c4720d");
    expect(session.status).toBe("Started");
    expect(session.metrics?.energyConsumed).toBe(1960);
    expect(session.energy_report?.energy_meter).toEqual({ value: "734.060", unit: "kWh" });
  });

  it("reads the action inside the one complete webhook", () => {
    const webhook = fixture("chargestation.get_composite_schedule.accepted");
    const action = Action.parse(webhook.data);
    expect(action.type).toBe("chargestation.get_composite_schedule");
    expect(action.status).toBe("completed");
    expect(action.chargestation).toBe("5fb24edb64345616b6f3198d");
  });

  it.each([
    ["chargestation.data", Chargestation, (body: unknown) => body],
    ["session.data", Session, (body: unknown) => body],
    ["chargestation.get_composite_schedule.accepted", Action, dataOf],
  ] as const)("gives %s back unchanged", (name, schema, pick) => {
    const value = pick(fixture(name));
    expect(reread(schema, value)).toStrictEqual(value);
  });

  it.each([
    ["chargestation.online", "chargestation"],
    ["chargestation.connector_status.updated", "chargestation"],
    ["session.started", "session"],
    ["session.updated", "session"],
  ])("the webhook %s holds the sample's text as it is", (type, object) => {
    const text = fixtureText(type);
    expect(text).toContain(`"data":${fixtureText(`${object}.data`)},`);

    const webhook = fixture(type);
    expect(webhook).toMatchObject({ type, object });
    const seconds = Number.parseInt(String(webhook._id).slice(0, 8), 16);
    expect(seconds).toBe(Math.floor(Date.parse(String(webhook.createdAt)) / 1000));
  });
});

function dataOf(body: unknown): unknown {
  return typeof body === "object" && body !== null && "data" in body ? body.data : undefined;
}

const schemas = {
  Chargestation,
  Connector,
  Session,
  Action,
  Location,
  User,
  Rate,
  RateSchedule,
  RFID,
  Organization,
  LoadManagementGroup,
};

describe.each(Object.entries(schemas))("%s", (_name, schema) => {
  it("needs nothing but its id", () => {
    expect(reread(schema, { _id: "1" })).toStrictEqual({ _id: "1" });
    expect(schema.safeParse({}).success).toBe(false);
    expect(schema.safeParse("5eafcdae9e7760a2646be430").success).toBe(false);
  });

  it("keeps keys it does not know", () => {
    const value = { _id: "1", added_since: { deep: [1] }, createdAt: null };
    expect(reread(schema, value)).toStrictEqual(value);
  });
});

describe("what wanders between samples", () => {
  it.each([
    { value: "16.0", unit: "A" },
    { value: 16, unit: "A" },
    { value: 15830, unit: "Wh" },
    { value: 0.52, unit: null },
    { value: null },
    { value: "69", unit: "Percent", phase: "L1" },
  ])("reads the measure %j", (measure) => {
    expect(reread(Measure, measure)).toStrictEqual(measure);
  });

  it.each(["created", "started", "Started", "Ended", "cancelled"])(
    "reads the session status %s as it is spelt",
    (status) => {
      expect(Session.parse({ _id: "1", status }).status).toBe(status);
    },
  );

  it("reads a reference as an id or as the object itself", () => {
    expect(Reference.parse("1")).toBe("1");
    expect(Reference.parse({ _id: "1", online: true })).toEqual({ _id: "1", online: true });
    expect(Session.parse({ _id: "1", chargestation: { _id: "2" } }).chargestation).toEqual({
      _id: "2",
    });
    expect(Connector.parse({ _id: "1", rate: "3" }).rate).toBe("3");
  });

  it("reads amounts written as strings", () => {
    expect(Rate.parse({ _id: "1", minimum_amount: "0.50" }).minimum_amount).toBe("0.50");
    expect(Session.parse({ _id: "1", cost: { amount: "1.2" } }).cost?.amount).toBe("1.2");
  });
});

describe("a field of an unexpected shape", () => {
  it("reads as undefined and leaves the rest readable", () => {
    const session = Session.parse({
      _id: "1",
      status: 7,
      metrics: "none",
      chargestation: "2",
      energy_report: { timestamp: 0, power: { value: 3.3, unit: "kW" } },
    });
    expect(session.status).toBeUndefined();
    expect(session.metrics).toBeUndefined();
    expect(session.chargestation).toBe("2");
    expect(session.energy_report?.power?.value).toBe(3.3);
  });

  it("leaves out an unreadable connector and keeps its neighbours", () => {
    const connectors = [{ status: "Available" }, null, { _id: "2", status: "Charging" }];
    const station = Chargestation.parse({ _id: "1", online: true, connectors });
    expect(station.connectors).toEqual([{ _id: "2", status: "Charging" }]);
    expect(station.online).toBe(true);
  });
});

describe("ResourceOf", () => {
  it("is the type of data for each event type", () => {
    expectTypeOf<ResourceOf<"session.updated">>().toEqualTypeOf<Session>();
    expectTypeOf<ResourceOf<"session.target.soc.reached">>().toEqualTypeOf<Session>();
    expectTypeOf<ResourceOf<"session.set_power_limit.accepted">>().toEqualTypeOf<Action>();
    expectTypeOf<ResourceOf<"chargestation.connector.created">>().toEqualTypeOf<Chargestation>();
    expectTypeOf<ResourceOf<"rate_schedule.deleted">>().toEqualTypeOf<RateSchedule>();
    expectTypeOf<ResourceOf<"rfid.created">>().toEqualTypeOf<RFID>();
    expectTypeOf<ResourceOf<"organization.updated">>().toEqualTypeOf<Organization>();
    expectTypeOf<
      ResourceOf<"load_management.group.chargestation.added">
    >().toEqualTypeOf<LoadManagementGroup>();
    expectTypeOf<ResourceOf<"location.created" | "user.deleted">>().toEqualTypeOf<
      Location | User
    >();
    expectTypeOf<ResourceOf<EventType>>().not.toBeAny();
  });

  it("asks for nothing but the id", () => {
    expectTypeOf<{ _id: string }>().toExtend<Session>();
    expectTypeOf<{ _id: string }>().toExtend<Chargestation>();
    expectTypeOf<{ status: string }>().not.toExtend<Session>();
    expectTypeOf<Session["status"]>().toEqualTypeOf<string | null | undefined>();
  });
});
