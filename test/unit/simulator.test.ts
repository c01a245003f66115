import { describe, expect, it } from "vitest";
import * as z from "zod";
import { Fleet } from "../../cli/simulator/fleet.ts";
import { describeEventType, EVENT_TYPES, type ResourceName } from "../../src/domain/catalogue.ts";
import * as resources from "../../src/domain/resources.ts";

const START_MS = Date.UTC(2026, 5, 1, 6);
const HOUR_MS = 3_600_000;

const Webhook = z.strictObject({
  _id: z.string().regex(/^[0-9a-f]{24}$/),
  data: z.looseObject({ _id: z.string() }),
  object: z.string(),
  type: z.string(),
  createdAt: z.iso.datetime({ precision: 3 }),
});

const schemas: Readonly<Record<ResourceName, z.ZodType>> = {
  Chargestation: resources.Chargestation,
  Session: resources.Session,
  Action: resources.Action,
  Location: resources.Location,
  User: resources.User,
  Rate: resources.Rate,
  RateSchedule: resources.RateSchedule,
  RFID: resources.RFID,
  Organization: resources.Organization,
  LoadManagementGroup: resources.LoadManagementGroup,
};

function fleet({ seed = 1, stations = 12, startMs = START_MS } = {}): Fleet {
  return new Fleet({ seed, stations, dateAt: (virtualMs) => startMs + virtualMs });
}

function take(count: number, from = fleet()) {
  return Array.from({ length: count }, () => from.next());
}

function takeParsed(count: number, from = fleet()) {
  return take(count, from).map((event) => ({
    ...event,
    webhook: Webhook.parse(JSON.parse(event.body)),
  }));
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string | null): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

describe("Fleet", () => {
  it("gives the same bytes for the same seed and start", () => {
    expect(take(2_000)).toEqual(take(2_000));
  });

  it("gives other events for another seed", () => {
    expect(take(50, fleet({ seed: 2 }))).not.toEqual(take(50));
  });

  it("has the same stations whenever it starts", () => {
    const stations = (startMs: number) =>
      new Set(take(60, fleet({ startMs })).map(({ station }) => station));
    expect(stations(START_MS)).toEqual(stations(START_MS + HOUR_MS));
  });

  it("goes forward in time, strictly so for each station", () => {
    const events = take(5_000);
    const times = events.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    for (const ofStation of groupBy(events, ({ station }) => station).values()) {
      const dates = ofStation.map(({ createdAt }) => createdAt);
      expect(dates).toEqual([...new Set(dates)].sort());
    }
  });

  it("never gives an id twice, and each carries the second of its event", () => {
    const events = take(8_000, fleet({ stations: 60 }));
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    for (const { id, createdAt } of events) {
      expect(Number.parseInt(id.slice(0, 8), 16)).toBe(Math.floor(Date.parse(createdAt) / 1000));
    }
  });

  it("raises every known type, and now and then one that is not", () => {
    const types = new Set<string>();
    const busy = fleet({ stations: 60 });
    const isComplete = () => types.size >= EVENT_TYPES.length + 2;
    while (!isComplete() && busy.nowMs < 24 * HOUR_MS) types.add(busy.next().type);
    expect(EVENT_TYPES.filter((type) => !types.has(type))).toEqual([]);
    expect([...types].filter((type) => describeEventType(type) === null).sort()).toEqual([
      "payment.created",
      "session.reservation.expired",
    ]);
  });

  it("marks as ordered what eDRV orders", () => {
    for (const { type, fifo } of take(3_000)) {
      expect(fifo).toBe(describeEventType(type)?.fifo ?? false);
    }
  });
});

describe("the bodies of a fleet", () => {
  const events = takeParsed(8_000, fleet({ stations: 60, seed: 5 }));

  it("are eDRV's envelope, its keys in eDRV's order", () => {
    for (const { webhook, id, type, createdAt, body } of events) {
      expect(webhook).toMatchObject({ _id: id, type, createdAt });
      expect(Object.keys(JSON.parse(body))).toEqual(["_id", "data", "object", "type", "createdAt"]);
    }
  });

  it("hold nothing that reads otherwise than documented", () => {
    for (const { webhook, type } of events) {
      const description = describeEventType(type);
      if (description === null) continue;
      const read = schemas[description.resource].parse(webhook.data);
      expect(JSON.parse(JSON.stringify(read))).toStrictEqual(webhook.data);
    }
  });

  it("name their station where eDRV does", () => {
    for (const { webhook, station, type } of events) {
      const resource = describeEventType(type)?.resource;
      const named = resource === "Chargestation" ? webhook.data._id : webhook.data.chargestation;
      expect(named ?? null).toBe(station);
    }
  });

  it.each([
    ["Chargestation", 1_400, 3_300],
    ["Session", 700, 6_000],
    ["Action", 300, 2_000],
  ])("are as large as eDRV's where data is a %s", (resource, smallest, largest) => {
    const sizes = events
      .filter(({ type }) => describeEventType(type)?.resource === resource)
      .map(({ body }) => body.length)
      .sort((a, b) => a - b);
    expect(sizes[0]).toBeGreaterThan(smallest);
    expect(sizes.at(-1)).toBeLessThan(largest);
  });
});
