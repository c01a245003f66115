import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";

import type { TestTenant } from "../support/api.ts";
import {
  type Frame,
  feedOf,
  lastCursor,
  newTenant,
  ops,
  ping,
  seqs,
  subscribe,
  type TestSocket,
} from "./support.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** What is sent at a time; a subscriber is slow beyond 4 MiB. */
const EVENT_BYTES = 128 * KIB;
const EVENTS_PER_MIB = MIB / EVENT_BYTES;

/** Puts events of one station into the feed, as its object does. */
class Source {
  readonly #tenant: TestTenant;
  readonly #station: string;
  seq = 0;

  constructor(tenant: TestTenant, station = "a") {
    this.#tenant = tenant;
    this.#station = station;
  }

  async push(count: number, bytes = EVENT_BYTES): Promise<void> {
    const station = this.#station;
    for (let sent = 0; sent < count; sent += 1) {
      this.seq += 1;
      const { seq } = this;
      const type = "session.updated";
      const json = JSON.stringify({ id: `${seq}`, type, station, seq, body: "x".repeat(bytes) });
      const state = JSON.stringify({ station, seq, online: true, connectors: [] });
      const events = [{ seq, type, json }];
      await feedOf(this.#tenant).push({ station, oldestSeq: 1, events, state, removed: false });
    }
  }
}

const upTo = (last: number, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);
const opened = ({ frames }: TestSocket) => until(() => frames.length > 0);
const isError = ({ op }: Frame) => op === "error";

/** Acknowledges what has come so far; resolves when the relay has heard it, because frames are answered in order. */
async function ack(subscriber: TestSocket): Promise<void> {
  const answers = subscriber.frames.filter(isError).length;
  const cursor = lastCursor(subscriber.frames);
  subscriber.socket.send(JSON.stringify({ op: "ack", cursor }));
  subscriber.socket.send('{"op":"?"}');
  await until(() => subscriber.frames.filter(isError).length > answers);
}
const isGap = ({ op }: Frame) => op === "gap";

/** Also where tests run at the same time, which `expect.poll` does not take. */
async function until(holds: () => boolean, timeout = 20_000): Promise<void> {
  await vi.waitFor(() => expect(holds()).toBe(true), { timeout });
}

describe("a subscriber that acknowledges nothing", () => {
  afterEach(() => reset());

  it("gets everything for as long as it pings", async () => {
    const tenant = await newTenant();
    const plain = await subscribe(tenant);
    await opened(plain);
    const source = new Source(tenant);
    for (let mib = 0; mib < 12; mib += 3) {
      await source.push(3 * EVENTS_PER_MIB);
      await expect.poll(() => seqs(plain.frames).length).toBe(source.seq);
      await ping(plain);
    }
    expect(seqs(plain.frames)).toEqual(upTo(source.seq));
    expect(ops(plain.frames)).not.toContain("gap");
  });

  it("is given the present states after more than 4 MiB without a ping, and goes on after them", async () => {
    const tenant = await newTenant();
    const silent = await subscribe(tenant);
    await opened(silent);
    const source = new Source(tenant);
    await source.push(4 * EVENTS_PER_MIB + 4);
    await expect.poll(() => silent.frames.some(isGap)).toBe(true);
    const reached = seqs(silent.frames).length;
    expect(seqs(silent.frames)).toEqual(upTo(reached));
    await expect.poll(() => ops(silent.frames).at(-1)).toBe("snapshot");
    const snapshot = Snapshot.parse(silent.frames.at(-1));
    expect(silent.frames.find(isGap)).toMatchObject({ reason: "slow", cursor: expect.any(String) });
    expect(snapshot).toMatchObject({ stations: [{ station: "a" }], done: true });
    await source.push(2);
    await ping(silent);
    const first = (snapshot.stations[0]?.seq ?? 0) + 1;
    await expect.poll(() => seqs(silent.frames).at(-1)).toBe(source.seq);
    expect(seqs(silent.frames).slice(reached)).toEqual(upTo(source.seq, first));
  });

  it("is not taken for slow with 4 MiB of them exactly", async () => {
    const tenant = await newTenant();
    const silent = await subscribe(tenant);
    await opened(silent);
    const source = new Source(tenant);
    // Each frame has an envelope around its event.
    await source.push(4 * EVENTS_PER_MIB, EVENT_BYTES - 512);
    await expect.poll(() => seqs(silent.frames).length).toBe(source.seq);
    expect(ops(silent.frames)).not.toContain("gap");
  });

  it("is sent 12 MiB of the past without a gap, though it says nothing", async () => {
    const tenant = await newTenant();
    const source = new Source(tenant);
    await source.push(12 * EVENTS_PER_MIB);
    const silent = await subscribe(tenant, "/v1/stream?from=start");
    await expect.poll(() => seqs(silent.frames).length).toBe(source.seq);
    await source.push(4);
    await expect.poll(() => seqs(silent.frames).length).toBe(source.seq);
    expect(seqs(silent.frames)).toEqual(upTo(source.seq));
    expect(new Set(ops(silent.frames))).toEqual(new Set(["hello", "events"]));
  });

  it("is closed with its cursor after 32 MiB of the past, and has missed nothing when it comes back", async () => {
    const tenant = await newTenant();
    const source = new Source(tenant);
    await source.push(36 * EVENTS_PER_MIB);
    const silent = await subscribe(tenant, "/v1/stream?from=start");
    await expect.poll(() => silent.closed.code).toBe(4101);
    expect(silent.frames.at(-1)).toMatchObject({ op: "bye", code: 4101 });
    const again = await subscribe(tenant, `/v1/stream?from=${lastCursor(silent.frames)}`);
    await expect.poll(() => seqs(again.frames).at(-1)).toBe(source.seq);
    expect([...seqs(silent.frames), ...seqs(again.frames)]).toEqual(upTo(source.seq));
    expect(again.frames[0]).toMatchObject({ recovered: true });
  });
});

describe("a subscriber that acknowledges", () => {
  afterEach(() => reset());

  it("gets everything for as long as it does, however much that is", async () => {
    const tenant = await newTenant();
    const keen = await subscribe(tenant);
    await opened(keen);
    await ack(keen);
    const source = new Source(tenant);
    for (let mib = 0; mib < 12; mib += 3) {
      await source.push(3 * EVENTS_PER_MIB);
      await expect.poll(() => seqs(keen.frames).length).toBe(source.seq);
      await ack(keen);
    }
    expect(seqs(keen.frames)).toEqual(upTo(source.seq));
    expect(ops(keen.frames)).not.toContain("gap");
  });

  it("is slow when it stops, whether it pings or not, and goes on exactly when it has caught up", async () => {
    const tenant = await newTenant();
    const slow = await subscribe(tenant);
    await opened(slow);
    await ack(slow);
    const source = new Source(tenant);
    for (let mib = 0; mib < 6; mib += 1) {
      await source.push(EVENTS_PER_MIB);
      await ping(slow);
    }
    const isResynced = () => slow.frames.some(({ op }) => op === "snapshot");
    await expect.poll(isResynced).toBe(true);
    const reached = seqs(slow.frames).length;
    expect(reached).toBeLessThan(source.seq);
    const before = slow.frames.length;
    await source.push(4);
    // Nothing more comes until it has acknowledged what it got.
    await ping(slow);
    expect(slow.frames.length).toBe(before);
    const snapshot = Snapshot.parse(slow.frames.findLast(({ op }) => op === "snapshot"));
    // How much it has missed depends on when it was found to be slow: it is replayed as it acknowledges.
    for (let taken = reached; seqs(slow.frames).at(-1) !== source.seq; ) {
      await ack(slow);
      await until(() => seqs(slow.frames).length > taken);
      taken = seqs(slow.frames).length;
    }
    const first = (snapshot.stations[0]?.seq ?? 0) + 1;
    expect(seqs(slow.frames).slice(reached)).toEqual(upTo(source.seq, first));
  });

  it("is replayed the past no faster than it takes it, 512 KiB at a time", async () => {
    const tenant = await newTenant();
    const source = new Source(tenant);
    await source.push(3 * EVENTS_PER_MIB);
    const slow = await subscribe(tenant);
    await opened(slow);
    await ack(slow);
    slow.socket.send('{"op":"subscribe","from":"start"}');
    const received = () => seqs(slow.frames).length;
    let acknowledged = 0;
    while (received() < source.seq) {
      await until(() => received() > acknowledged);
      // Whatever more may be on its way comes before the answer to a ping.
      await ping(slow);
      expect(received() - acknowledged).toBeLessThanOrEqual(EVENTS_PER_MIB / 2 + 1);
      acknowledged = received();
      await ack(slow);
    }
    expect(seqs(slow.frames)).toEqual(upTo(source.seq));
    expect(ops(slow.frames)).not.toContain("gap");
  });
});

// They wait for the 30 s that a slow one has, both at the same time.
describe.concurrent("slow subscribers", () => {
  it("are closed with their cursor when they do not catch up, and delay nobody", async () => {
    const tenant = await newTenant();
    const source = new Source(tenant);
    const slow = await subscribe(tenant);
    const keen = await subscribe(tenant);
    await opened(slow);
    await opened(keen);
    await ack(slow);
    await ack(keen);
    for (let mib = 0; mib < 6; mib += 3) {
      await source.push(3 * EVENTS_PER_MIB);
      await until(() => seqs(keen.frames).length === source.seq);
      await ack(keen);
    }
    await until(() => slow.closed.code !== null, 50_000);
    expect(slow.closed.code).toBe(4101);
    expect(slow.frames.at(-1)).toMatchObject({
      op: "bye",
      code: 4101,
      retryAfterMs: expect.any(Number),
    });
    await source.push(3);
    await until(() => seqs(keen.frames).length === source.seq);
    expect(seqs(keen.frames)).toEqual(upTo(source.seq));
    // What the snapshot stands for is behind it; from there on it has missed nothing.
    const snapshot = Snapshot.parse(slow.frames.findLast(({ op }) => op === "snapshot"));
    const again = await subscribe(tenant, `/v1/stream?from=${lastCursor(slow.frames)}`);
    await until(() => seqs(again.frames).at(-1) === source.seq);
    expect(seqs(again.frames)).toEqual(upTo(source.seq, (snapshot.stations[0]?.seq ?? 0) + 1));
  });

  it("are also those that leave something unacknowledged for 30 s", async () => {
    const tenant = await newTenant();
    const source = new Source(tenant);
    const slow = await subscribe(tenant);
    await opened(slow);
    await ack(slow);
    const isTold = async () => {
      await source.push(1, 100);
      expect(slow.frames.find(isGap)).toMatchObject({ reason: "slow" });
    };
    await vi.waitFor(isTold, { timeout: 50_000, interval: 1_000 });
    expect(seqs(slow.frames).length).toBeGreaterThan(20);
  });
});

const Snapshot = z.object({
  op: z.literal("snapshot"),
  stations: z.array(z.looseObject({ station: z.string(), seq: z.number() })),
  done: z.boolean(),
});
