import { runInDurableObject } from "cloudflare:test";
import { expect } from "vitest";

import type { FeedObject } from "../../../src/objects/feed.ts";
import { FeedLog } from "../../../src/objects/feed-log.ts";
import { Database } from "../../../src/store/database.ts";
import type { Accepted, Fleet } from "./fleet.ts";

/** A station that a call took out, with all that it had sent by then. */
export interface Removal {
  readonly station: string;
  readonly seq: number;
}

/** All that the feed ever held, in its order: what subscribers are measured by. */
export class History {
  readonly #fleet: Fleet;
  readonly #events: Accepted[] = [];
  readonly #lastSeqs: ReadonlyMap<string, number>[] = [new Map()];
  readonly epochs: string[] = [];
  readonly removals: Removal[] = [];
  /** Places of events whose station had others before them that the feed never got. */
  readonly holes: number[] = [];
  oldest = 0;
  /** What may have been let go of. */
  expired = 0;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  get head(): number {
    return this.#events.length;
  }

  /** Events after one place, up to another. */
  between(from: number, to: number): readonly Accepted[] {
    return this.#events.slice(from, to);
  }

  /** The newest seq of each station at a place. */
  lastSeqsAt(offset: number): ReadonlyMap<string, number> {
    return this.#lastSeqs[offset] ?? new Map();
  }

  /** Reads what is durable by now, and holds it to what was read before and to the stations. */
  async capture(feed: DurableObjectStub<FeedObject>): Promise<void> {
    const { extent, jsons } = await runInDurableObject(feed, async (_instance, { storage }) => {
      const log = new FeedLog(new Database(storage));
      const taken = { extent: log.extent(), jsons: allOf(log) };
      await storage.sync();
      return taken;
    });
    const { epoch, oldest, head } = extent;
    if (epoch !== "" && epoch !== this.epochs.at(-1)) this.epochs.push(epoch);
    expect(oldest).toBeGreaterThanOrEqual(this.oldest);
    expect(oldest).toBeLessThanOrEqual(Math.max(this.expired, this.oldest));
    this.oldest = oldest;
    expect(head).toBeGreaterThanOrEqual(this.head);
    const known = this.#events.slice(oldest).map(({ json }) => json);
    expect(jsons.slice(0, known.length)).toEqual(known);
    for (const json of jsons.slice(known.length)) this.#add(json);
    expect(this.head).toBe(head);
  }

  #add(json: string): void {
    const { station, seq } = placeOf(json);
    const event = this.#fleet.event(station, seq);
    expect(event?.json).toBe(json);
    if (event === null) return;
    const before = this.lastSeqsAt(this.head);
    for (let missing = (before.get(station) ?? 0) + 1; missing < seq; missing += 1) {
      expect({ station, missing, isLost: this.#fleet.isLost(station, missing) }).toMatchObject({
        isLost: true,
      });
    }
    expect(seq).toBeGreaterThan(before.get(station) ?? 0);
    this.#events.push(event);
    if (seq > (before.get(station) ?? 0) + 1) this.holes.push(this.head);
    this.#lastSeqs.push(new Map([...before, [station, seq]]));
  }
}

function placeOf(json: string): { station: string; seq: number } {
  return JSON.parse(json);
}

function allOf(log: FeedLog): string[] {
  const all: string[] = [];
  const { oldest, head } = log.extent();
  for (let position = oldest; position < head; ) {
    const { records, offset } = log.read(position);
    all.push(...records.map(({ json }) => json));
    position = offset;
  }
  return all;
}
