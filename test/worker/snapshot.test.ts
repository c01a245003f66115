import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { feedName } from "../../src/env.ts";
import type { TestTenant } from "../support/api.ts";
import { eventsOf, newTenant, subscribe, type TestSocket } from "./support.ts";

afterEach(() => reset());

const STATIONS = 450;
const nameOf = (index: number) => `cs${index % STATIONS}`;

/** Stations that push to the feed as their objects do. */
class Fleet {
  readonly #tenant: TestTenant;
  readonly #seqs = new Map<string, number>();

  constructor(tenant: TestTenant) {
    this.#tenant = tenant;
  }

  seqOf(station: string): number {
    return this.#seqs.get(station) ?? 0;
  }

  /** `isLast` is false for the beginning of a backlog: the state comes with the end of it. */
  async push(station: string, isLast = true): Promise<void> {
    const seq = this.seqOf(station) + 1;
    this.#seqs.set(station, seq);
    const type = "session.updated";
    const json = JSON.stringify({ id: `${seq}`, type, station, seq, body: {} });
    const state = isLast ? JSON.stringify({ station, seq, connectors: [] }) : null;
    const batch = { station, oldestSeq: 1, events: [{ seq, type, json }], state, removed: false };
    await env.FEED.getByName(feedName(this.#tenant.id)).push(batch);
  }

  async pushAll(): Promise<void> {
    await Promise.all(Array.from({ length: STATIONS }, (_, index) => this.push(nameOf(index))));
  }
}

const State = z.looseObject({ station: z.string(), seq: z.number() });
const Snapshot = z.object({ stations: z.array(State), done: z.boolean() });

const pagesOf = ({ frames }: TestSocket) =>
  frames.filter(({ op }) => op === "snapshot").map((frame) => Snapshot.parse(frame));

/** Where each station stands in the snapshot, and the events that came after it. */
function continued(subscriber: TestSocket) {
  const states = pagesOf(subscriber).flatMap(({ stations }) => stations);
  const seqs = new Map(states.map(({ station, seq }) => [station, [seq]]));
  const last = subscriber.frames.findLastIndex(({ op }) => op === "snapshot");
  for (const { station, seq } of eventsOf(subscriber.frames.slice(last))) {
    seqs.set(station, [...(seqs.get(station) ?? []), seq]);
  }
  return { states, seqs };
}

describe("a snapshot", () => {
  it("of a feed in motion is continued by the events after it, none left out and none twice", async () => {
    const tenant = await newTenant();
    const fleet = new Fleet(tenant);
    await fleet.pushAll();
    const subscribers: TestSocket[] = [];
    for (let round = 0; round < 12; round += 1) {
      const pushes = Array.from({ length: 60 }, (_, i) => fleet.push(nameOf(round * 37 + i)));
      subscribers.push(await subscribe(tenant, "/v1/stream?from=snapshot"));
      await Promise.all(pushes);
    }
    await fleet.pushAll();
    for (const subscriber of subscribers) {
      const stations = Array.from({ length: STATIONS }, (_, index) => nameOf(index));
      await expect
        .poll(() =>
          stations.every((id) => continued(subscriber).seqs.get(id)?.at(-1) === fleet.seqOf(id)),
        )
        .toBe(true);
      const { states, seqs } = continued(subscriber);
      expect(states).toHaveLength(STATIONS);
      expect(pagesOf(subscriber).map(({ done }) => done)).toEqual([false, false, true]);
      for (const [station, [first = 0, ...rest]] of seqs) {
        const after = Array.from({ length: fleet.seqOf(station) - first }, (_, i) => first + 1 + i);
        expect({ station, rest }).toEqual({ station, rest: after });
      }
    }
  });

  it("waits for the state that a backlog brings with its end", async () => {
    const tenant = await newTenant();
    const fleet = new Fleet(tenant);
    await fleet.push("cs0");
    await fleet.push("cs0", false);
    const subscriber = await subscribe(tenant, "/v1/stream?from=snapshot");
    await expect.poll(() => subscriber.frames.length).toBe(1);
    await fleet.push("cs0");
    await expect.poll(() => pagesOf(subscriber).length).toBe(1);
    expect(pagesOf(subscriber)).toEqual([
      { stations: [{ station: "cs0", seq: 3, connectors: [] }], done: true },
    ]);
  });

  it("does not wait for ever for a station that died in the middle of its backlog", async () => {
    const tenant = await newTenant();
    const fleet = new Fleet(tenant);
    await fleet.push("cs0");
    await fleet.push("cs0", false);
    const subscriber = await subscribe(tenant, "/v1/stream?from=snapshot");
    await expect.poll(() => pagesOf(subscriber).length).toBe(1);
    await fleet.push("cs0");
    await expect.poll(() => eventsOf(subscriber.frames).map(({ seq }) => seq)).toEqual([3]);
  });

  it("does not wait for stations that the subscriber does not want", async () => {
    const tenant = await newTenant();
    const fleet = new Fleet(tenant);
    await fleet.push("cs0");
    await fleet.push("cs1");
    await fleet.push("cs1", false);
    const subscriber = await subscribe(tenant, "/v1/stream?from=snapshot&stations=cs0");
    await expect.poll(() => pagesOf(subscriber).length, { timeout: 4_000 }).toBe(1);
  });

  it("of a new station in the midst of its first backlog does not say that it is gone", async () => {
    const tenant = await newTenant();
    const token = await tenant.token({ view: "state" });
    const subscriber = await subscribe(tenant, "/v1/stream", token);
    await expect.poll(() => subscriber.frames.length).toBe(1);
    const fleet = new Fleet(tenant);
    await fleet.push("new", false);
    await fleet.push("new");
    const states = () =>
      subscriber.frames.flatMap(({ op, stations }) => (op === "state" ? stations : []));
    await expect.poll(states).toMatchObject([{ station: "new", seq: 2 }]);
    expect(JSON.stringify(subscriber.frames)).not.toContain("removed");
  });
});
