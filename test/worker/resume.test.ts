import { evictDurableObject, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { compileFilter, type Filter, filterable } from "../../src/domain/filter.ts";
import { feedName, stationName } from "../../src/env.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { eventsOf, type Frame, newTenant, subscribe, type TestSocket } from "./support.ts";

afterEach(() => reset());

const STATIONS = ["a", "b", "c", "d"];
const TYPES = ["session.updated", "session.started", "chargestation.online", "never.heard.of"];

const Logged = z.object({ seq: z.number(), type: z.string() });

/** Webhooks for a tenant, and what its stations' logs make of them: the model. */
class Traffic {
  readonly #tenant: TestTenant;
  readonly #path: string;

  private constructor(tenant: TestTenant, path: string) {
    this.#tenant = tenant;
    this.#path = path;
  }

  static async start(): Promise<{ tenant: TestTenant; traffic: Traffic }> {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    return { tenant, traffic: new Traffic(tenant, path) };
  }

  async send(station: string, type: string): Promise<void> {
    const ofStation = type.startsWith("chargestation.");
    const data = ofStation ? { data: { _id: station, chargestation: station } } : {};
    const event = webhook({ station, type, ...data });
    expect((await this.#tenant.send(this.#path, event)).status).toBe(200);
  }

  /** What a subscriber with this filter must have of a station, in order. */
  async of(station: string, filter: Filter): Promise<number[]> {
    const { wants } = compileFilter(filter);
    const items = await this.#tenant.items(`/v1/stations/${station}/events?limit=200`);
    return z
      .array(Logged)
      .parse(items)
      .filter(({ type }) => wants(filterable({ type, station }, () => "{}")))
      .map(({ seq }) => seq);
  }
}

const Cursor = z.object({ cursor: z.string() });

/** A subscriber that is thrown out again and again, and comes back with the last cursor it read. */
class Wanderer {
  readonly #tenant: TestTenant;
  readonly #path: string;
  readonly #query: string;
  #from: string;
  #current: TestSocket | null = null;
  readonly received: { station: string; seq: number }[] = [];
  readonly refusedCount = { notRecovered: 0 };

  constructor(tenant: TestTenant, path: string, filter: Filter, from: string) {
    this.#tenant = tenant;
    this.#path = path;
    const types = filter.types === undefined ? "" : `&types=${filter.types.join()}`;
    const stations = filter.stations === undefined ? "" : `&stations=${filter.stations.join()}`;
    this.#query = types + stations;
    this.#from = from;
  }

  async connect(): Promise<void> {
    this.drop(Number.MAX_SAFE_INTEGER);
    const path = `${this.#path}?from=${this.#from}${this.#query}`;
    this.#current = await subscribe(this.#tenant, path);
  }

  /** Breaks off having read at most `frames` of what has come; the rest never arrived. */
  drop(frames: number): void {
    const socket = this.#current;
    if (socket === null) return;
    this.#current = null;
    this.#read(socket.frames.slice(0, frames));
    socket.socket.close();
  }

  #read(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (frame.op === "hello" && frame.recovered === false) this.refusedCount.notRecovered += 1;
      this.received.push(...eventsOf([frame]));
      this.#from = Cursor.parse(frame).cursor;
    }
  }

  of(station: string): number[] {
    const live = this.#current === null ? [] : eventsOf(this.#current.frames);
    return [...this.received, ...live]
      .filter((event) => event.station === station)
      .map(({ seq }) => seq);
  }
}

type Step =
  | { readonly do: "send"; readonly station: string; readonly type: string }
  | { readonly do: "drop"; readonly frames: number }
  | { readonly do: "connect" }
  | { readonly do: "evict"; readonly webSockets: "hibernate" | "close" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      station: fc.constantFrom(...STATIONS),
      type: fc.constantFrom(...TYPES),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("drop" as const),
      // Right after the upgrade, after the greeting, in the middle, or after all that has come.
      frames: fc.oneof(fc.nat(3), fc.constant(Number.MAX_SAFE_INTEGER)),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ do: "connect" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("evict" as const),
      webSockets: fc.constantFrom("hibernate" as const, "close" as const),
    }),
  },
);

const filters: fc.Arbitrary<Filter> = fc.record(
  {
    types: fc.subarray(["session.*", "*.online", "never.heard.of"], { minLength: 1 }),
    stations: fc.subarray(STATIONS, { minLength: 1 }),
  },
  { requiredKeys: [] },
);

async function wander(path: string, stations: readonly string[], steps: Step[], filter: Filter) {
  const { tenant, traffic } = await Traffic.start();
  for (const station of stations) await traffic.send(station, "session.started");
  const wanderer = new Wanderer(tenant, path, filter, "start");
  // Shares the frames of the one that comes and goes, whenever that one is live.
  const steady = new Wanderer(tenant, path, filter, "start");
  await steady.connect();
  const feed = env.FEED.getByName(feedName(tenant.id));
  const station = env.STATION.getByName(stationName(tenant.id, stations[0] ?? ""));
  const ofStation = path.includes("/stations/");
  // Sends are not waited for before something else happens, so that it happens in their midst.
  const sends: Promise<void>[] = [];
  for (const each of steps) {
    if (each.do === "send") {
      if (stations.includes(each.station)) sends.push(traffic.send(each.station, each.type));
    } else if (each.do === "drop") wanderer.drop(each.frames);
    else if (each.do === "connect") await wanderer.connect();
    else {
      await Promise.all(sends);
      // Only what is awake can be evicted.
      await (ofStation ? station.read(0, 1) : feed.hasStation(""));
      await evictDurableObject(ofStation ? station : feed, { webSockets: each.webSockets });
    }
  }
  await Promise.all(sends);
  await wanderer.connect();
  if (steps.some((each) => each.do === "evict" && each.webSockets === "close")) {
    await steady.connect();
  }
  for (const station of stations) {
    const wanted = await traffic.of(station, filter);
    await expect.poll(() => wanderer.of(station).length).toBeGreaterThanOrEqual(wanted.length);
    expect({ station, seqs: wanderer.of(station) }).toEqual({ station, seqs: wanted });
    await expect.poll(() => steady.of(station).length).toBeGreaterThanOrEqual(wanted.length);
    expect({ station, seqs: steady.of(station) }).toEqual({ station, seqs: wanted });
  }
  for (const each of [wanderer, steady]) each.drop(0);
  expect(wanderer.refusedCount.notRecovered).toBe(0);
  await reset();
}

describe("a subscriber that is thrown out at any point and comes back with its last cursor", () => {
  it("has every event of the feed that its filter lets through, once and in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), filters, (steps, filter) =>
        wander("/v1/stream", STATIONS, steps, filter),
      ),
      { numRuns: 15, endOnFailure: true },
    );
  });

  it("has every event of its station's stream", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) =>
        wander("/v1/stations/a/stream", ["a"], steps, {}),
      ),
      { numRuns: 10, endOnFailure: true },
    );
  });
});
