import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { SimulatedEvent } from "../../cli/simulator/emitter.ts";
import { Fleet } from "../../cli/simulator/fleet.ts";

const HOUR_MS = 3_600_000;
const Session = z.object({
  _id: z.string(),
  status: z.string(),
  metrics: z.object({ energyConsumed: z.number(), energyPeriod: z.number() }),
  cost: z.object({ amount: z.number() }),
  charging_activity: z.array(z.object({ startTime: z.string(), endTime: z.string() })),
});
const Action = z.object({ _id: z.string(), status: z.string() });
const Chargestation = z.object({
  _id: z.string(),
  online: z.boolean(),
  connectors: z.array(z.object({ _id: z.string(), status: z.string() })),
});

function newFleet(stations: number): Fleet {
  return new Fleet({ seed: 7, stations, dateAt: (virtualMs) => 1_790_000_000_000 + virtualMs });
}

function takeUntil(fleet: Fleet, untilMs: number): SimulatedEvent[] {
  const events: SimulatedEvent[] = [];
  while (fleet.nowMs < untilMs) events.push(fleet.next());
  return events;
}

function dataOf<T>(schema: z.ZodType<T>, { body }: SimulatedEvent): T {
  return z.object({ data: schema }).parse(JSON.parse(body)).data;
}

/** The events of each object, by its id, in order. */
function storiesOf<T extends { readonly _id: string }>(
  events: readonly SimulatedEvent[],
  schema: z.ZodType<T>,
) {
  const stories = new Map<string, { type: string; data: T; event: SimulatedEvent }[]>();
  for (const event of events) {
    const data = dataOf(schema, event);
    const story = stories.get(data._id) ?? [];
    stories.set(data._id, [...story, { type: event.type, data, event }]);
  }
  return [...stories.values()];
}

const isSession = ({ type }: SimulatedEvent) =>
  /^session\.(?:created|started|updated|ended|cancelled|st\w+_failure|ev_charged|target\..+)$/.test(
    type,
  );
const isLink = ({ type }: SimulatedEvent) => /^chargestation\.o(?:n|ff)line$/.test(type);
const isAction = ({ type }: SimulatedEvent) => /\.(?:requested|accepted|rejected)$/.test(type);

const events = takeUntil(newFleet(45), 3 * HOUR_MS);

describe("a session", () => {
  const sessions = storiesOf(events.filter(isSession), Session);
  const lines = sessions.map((story) =>
    story.map(({ type }) => type.replace("session.", "")).join(" "),
  );

  it("is created, then starts, reports, and ends, or never starts", () => {
    const reached = /(?: target\.\w+\.reached)?(?: ev_charged)?(?: stop_failure)?(?: ended)?/;
    const legal = new RegExp(
      `^created(?: cancelled| start_failure| started(?: updated)*${reached.source})?$`,
    );
    expect(lines.filter((line) => !legal.test(line))).toEqual([]);
    expect(lines.filter((line) => line.endsWith("ended")).length).toBeGreaterThan(100);
  });

  it("never loses energy, time or cost", () => {
    for (const story of sessions) {
      for (const [index, { data }] of story.entries()) {
        const before = story[index - 1]?.data;
        if (before === undefined) continue;
        expect(data.metrics.energyConsumed).toBeGreaterThanOrEqual(before.metrics.energyConsumed);
        expect(data.metrics.energyPeriod).toBeGreaterThanOrEqual(before.metrics.energyPeriod);
        expect(data.cost.amount).toBeGreaterThanOrEqual(before.cost.amount);
      }
    }
  });

  it("reports every 30 to 60 seconds while its station is online", () => {
    const gapsMs = sessions.flatMap((story) => {
      const times = story.filter(({ type }) => type === "session.updated");
      return times.slice(1).map(({ event }, index) => event.atMs - (times[index]?.event.atMs ?? 0));
    });
    expect(gapsMs.every((gapMs) => gapMs >= 30_000)).toBe(true);
    const timely = gapsMs.filter((gapMs) => gapMs <= 60_000).length;
    expect(timely / gapsMs.length).toBeGreaterThan(0.95);
  });

  it("keeps an activity without holes", () => {
    for (const { charging_activity: activity } of sessions.flatMap((story) =>
      story.map(({ data }) => data),
    )) {
      const ends = activity.slice(0, -1).map(({ endTime }) => endTime);
      expect(activity.slice(1).map(({ startTime }) => startTime)).toEqual(ends);
    }
  });
});

describe("an action", () => {
  it("is requested, then accepted or rejected", () => {
    for (const story of storiesOf(events.filter(isAction), Action)) {
      const [first, second, ...more] = story;
      expect(first).toMatchObject({
        type: expect.stringMatching(/requested$/),
        data: { status: "requested" },
      });
      expect(more).toEqual([]);
      if (second === undefined) continue;
      const isRejected = second.type.endsWith("rejected");
      expect(second.data.status).toBe(isRejected ? "failed" : "completed");
    }
  });
});

describe("a station", () => {
  const links = storiesOf(events.filter(isLink), Chargestation);

  it("comes online first, then goes offline and online in turn", () => {
    expect(links.length).toBeGreaterThanOrEqual(45);
    for (const story of links) {
      const states = story.map(({ data }) => data.online);
      expect(states).toEqual(states.map((_, index) => index % 2 === 0));
    }
  });

  it("sometimes loses its link several times in a row", () => {
    const drops = links.flatMap((story) => story.filter(({ data }) => !data.online));
    const gapsMs = drops.slice(1).map(({ event }, index) => {
      const before = drops[index]?.event;
      return before?.station === event.station ? event.atMs - before.atMs : HOUR_MS;
    });
    expect(gapsMs.some((gapMs) => gapMs < 120_000)).toBe(true);
  });

  it("goes silent, but for what others say about it, while it is offline", () => {
    const offline = new Set<string>();
    for (const { type, station } of events) {
      if (station === null) continue;
      if (type === "chargestation.offline") offline.add(station);
      if (type === "chargestation.online") offline.delete(station);
      if (/^session\.(?:started|updated|ended)$/.test(type)) {
        expect(offline.has(station)).toBe(false);
      }
    }
  });

  it("drops in a storm with all others, and reports each connector on return", () => {
    const fleet = newFleet(45);
    const before = takeUntil(fleet, HOUR_MS).filter(isLink);
    const latest = new Map(before.map(({ station, type }) => [station, type]));
    const isUp = (station: string | null) => latest.get(station) === "chargestation.online";
    fleet.startStorm();
    const endMs = fleet.nowMs + 6_000;
    const storm = takeUntil(fleet, endMs + 1);
    const online = storm.filter(
      ({ type, atMs }) => type === "chargestation.online" && atMs <= endMs,
    );
    const returned = new Set(online.map(({ station }) => station));
    expect(latest.size).toBeGreaterThanOrEqual(45);
    expect([...latest.keys()].filter((station) => isUp(station) && !returned.has(station))).toEqual(
      [],
    );
    for (const event of online) {
      const { connectors } = dataOf(Chargestation, event);
      const reports = storm.filter(
        ({ type, station }) =>
          type === "chargestation.connector_status.updated" && station === event.station,
      );
      expect(reports.length).toBeGreaterThanOrEqual(connectors.length);
    }
  });
});
