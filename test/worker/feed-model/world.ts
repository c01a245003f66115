import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, vi } from "vitest";

import { SUBSCRIPTION_HEADER, type Subscription } from "../../../src/domain/subscription.ts";
import type { PushBatch } from "../../../src/objects/feed.ts";
import type { TestTenant } from "../../support/api.ts";
import { feedOf, newTenant } from "../support.ts";
import { firstKeyId } from "../token-support.ts";
import { Checker, type Licence } from "./checker.ts";
import { Fleet, type Fresh, type Shape } from "./fleet.ts";
import { History } from "./history.ts";
import { Subscriber } from "./subscriber.ts";
import type { Sight } from "./viewers.ts";

const CROWD = 100;

/** A feed with its stations and subscribers, and everything that can happen to it. */
export class World {
  readonly tenant: TestTenant;
  readonly fleet = new Fleet();
  readonly history = new History(this.fleet);
  readonly subscribers: Subscriber[] = [];
  readonly licence: Licence = { slow: false };
  #underWay: Promise<void>[] = [];
  #jumpedMs = 0;

  private constructor(tenant: TestTenant) {
    this.tenant = tenant;
    const now = Date.now.bind(Date);
    // The relay lives in the test's isolate and so in its time.
    vi.spyOn(Date, "now").mockImplementation(() => now() + this.#jumpedMs);
  }

  static async create(): Promise<World> {
    return new World(await newTenant());
  }

  get #feed() {
    return feedOf(this.tenant);
  }

  async join(sight: Sight, from: string, acknowledges: boolean): Promise<void> {
    const subscriber = new Subscriber(this.tenant, sight, from, acknowledges);
    this.subscribers.push(subscriber);
    await subscriber.connect();
    await this.history.capture(this.#feed);
  }

  /** Sockets of many who want nothing: with them frames are gathered for longer. */
  async crowd(): Promise<void> {
    const subscription: Subscription = {
      keyId: await firstKeyId(this.tenant),
      grant: { view: "events", scopes: [] },
      expiresAtMs: null,
      filter: { types: ["of.nothing"] },
      from: "now",
      origin: null,
      proof: null,
    };
    const headers = { upgrade: "websocket", [SUBSCRIPTION_HEADER]: JSON.stringify(subscription) };
    await Promise.all(
      Array.from({ length: CROWD }, async () => {
        const { webSocket } = await this.#feed.fetch(`${this.tenant.origin}/v1/stream`, {
          headers,
        });
        expect(webSocket).not.toBeNull();
        webSocket?.accept();
      }),
    );
  }

  accept(events: readonly Fresh[]): void {
    for (const event of events) this.fleet.accept(event, Date.now());
  }

  /** Is not waited for, so that other things happen meanwhile. */
  push(station: string, shape: Shape = "exact", by = 0): void {
    const batch = this.fleet.batch(station, shape, by);
    if (batch !== null) this.#underWay.push(this.#send(batch));
  }

  async #send(batch: PushBatch): Promise<void> {
    // In the object's own context, so that a push that fails is told to nobody but this.
    const reply = await runInDurableObject(this.#feed, (feed) =>
      feed.push(batch).catch(() => null),
    ).catch(() => null);
    if (reply === null) return;
    expect(reply.gone).toBe(false);
    this.fleet.believe(batch.station, reply.lastSeq);
  }

  async settle(): Promise<void> {
    const underWay = this.#underWay;
    this.#underWay = [];
    await Promise.all(underWay);
  }

  /** Memory is lost in the middle of whatever is going on; sockets sleep through it, or are closed. */
  async evict(webSockets: "hibernate" | "close"): Promise<void> {
    // One who is slow is waited for for 30 s, which is as long as an eviction waits for what is under way.
    if (this.licence.slow) for (const subscriber of this.subscribers) subscriber.acknowledge();
    // Only what is awake can be evicted.
    await this.#feed.hasStation("");
    await evictDurableObject(this.#feed, { webSockets });
  }

  /** It dies: what is not durable is lost, and so is every socket. */
  async abort(): Promise<void> {
    await runInDurableObject(this.#feed, (_feed, state) => state.abort("killed")).catch(() => {});
    for (const subscriber of this.subscribers) {
      subscriber.read();
      subscriber.drop();
    }
  }

  /** Pushes that find the disk full. */
  async fail(stations: readonly string[]): Promise<void> {
    await this.settle();
    await this.#sql(
      "CREATE TRIGGER full BEFORE INSERT ON segments BEGIN SELECT RAISE(ABORT, 'full'); END",
    );
    for (const station of stations) this.push(station);
    await this.settle();
    await this.#sql("DROP TRIGGER full");
  }

  /** Retention lets go of a share of what there is. */
  async expire(share: number): Promise<void> {
    await this.history.capture(this.#feed);
    const offset = Math.ceil(share * this.history.head);
    const [event] = this.history.between(offset, offset + 1);
    const beforeMs = event === undefined ? 0 : Date.parse(JSON.parse(event.json).receivedAt);
    this.history.expired = Math.max(this.history.expired, offset);
    while (await this.#feed.expire(beforeMs));
  }

  async remove(station: string): Promise<void> {
    await this.settle();
    await this.history.capture(this.#feed);
    const seq = this.history.lastSeqsAt(this.history.head).get(station) ?? 0;
    // What the feed has not heard of yet is not forgotten by it.
    if (seq < this.fleet.of(station).length) return;
    const isThere = (await this.#feed.state(station)) !== null;
    expect(await this.#feed.removeStation(station)).toBe(isThere);
    if (!isThere) return;
    this.fleet.forget(station, Date.now());
    this.history.removals.push({ station, seq });
    await Promise.all(this.subscribers.map((subscriber) => subscriber.note(station, seq)));
  }

  /** A station's log turns before the feed has it: a hole that cannot be filled. */
  async lose(station: string): Promise<void> {
    await this.settle();
    if (!this.fleet.lose(station)) return;
    this.push(station);
    await this.settle();
    // Each epoch is noted.
    await this.history.capture(this.#feed);
  }

  jump(ms: number): void {
    this.#jumpedMs += ms;
    for (const { place } of this.subscribers) place.doubt();
    if (ms > 30_000) this.licence.slow = true;
  }

  /** How a station is now; null when it is gone. */
  present(station: string): string | null {
    const last = this.fleet.of(station).at(-1);
    const wasRemoved = this.history.removals.some(
      (removal) => removal.station === station && removal.seq >= (last?.seq ?? 0),
    );
    return last === undefined || last.isGone || wasRemoved ? null : last.state;
  }

  /** Everything is pushed, everyone comes back, and is held to all that it was ever told. */
  async verify(): Promise<void> {
    await this.settle();
    for (const station of this.fleet.stations) {
      while (this.fleet.isBehind(station)) {
        this.push(station);
        await this.settle();
      }
      expect(await this.#feed.state(station)).toBe(this.present(station));
    }
    await this.history.capture(this.#feed);
    await Promise.all(this.subscribers.map((subscriber) => this.#check(subscriber)));
  }

  async #check(subscriber: Subscriber): Promise<void> {
    const checker = new Checker(this.history, this.fleet, this.licence);
    let checked = 0;
    const isDone = async () => {
      if (!subscriber.isConnected) await subscriber.connect();
      subscriber.acknowledge();
      subscriber.ping();
      subscriber.read();
      for (const entry of subscriber.entries.slice(checked)) {
        checked += 1;
        checker.take(entry);
      }
      return checker.isUpToDate && subscriber.isConnected;
    };
    const untilMs = performance.now() + 20_000;
    while (!(await isDone())) {
      if (performance.now() > untilMs) throw new Error("a subscriber is not brought up to date");
      await scheduler.wait(10);
    }
    expect(checker.lag).toBeLessThan(1_000);
    checker.checkMirror((station) => this.present(station));
    subscriber.drop();
  }

  #sql(query: string): Promise<void> {
    return runInDurableObject(this.#feed, (_feed, { storage }) => {
      storage.sql.exec(query);
    });
  }
}
