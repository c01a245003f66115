import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";

import type { TestTenant } from "../support/api.ts";
import { feedOf, lastCursor, newTenant, ops, seqs, subscribe, type TestSocket } from "./support.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const EVENT_CHARS = 128 * 1024;
/** More than twice what may be under way. */
const BACKLOG_EVENTS = 80;

async function push(tenant: TestTenant, seq: number): Promise<void> {
  const type = "session.updated";
  const body = "x".repeat(EVENT_CHARS);
  const json = JSON.stringify({ id: `${seq}`, type, station: "a", seq, body });
  const state = JSON.stringify({ station: "a", seq, online: true, connectors: [] });
  const events = [{ seq, type, json }];
  await feedOf(tenant).push({ station: "a", oldestSeq: 1, events, state, removed: false });
}

const acknowledge = ({ socket, frames }: TestSocket) =>
  socket.send(JSON.stringify({ op: "ack", cursor: lastCursor(frames) }));

describe("a subscriber that acknowledges and subscribes anew", () => {
  it("is not slow for what it was sent before, once it acknowledges what came after", async () => {
    const tenant = await newTenant();
    const subscriber = await subscribe(tenant);
    const { socket, frames } = subscriber;
    await expect.poll(() => ops(frames)).toEqual(["hello"]);
    for (let seq = 1; seq <= BACKLOG_EVENTS; seq += 1) {
      await push(tenant, seq);
      // All but the last one.
      if (seq < BACKLOG_EVENTS) {
        await expect.poll(() => seqs(frames).length).toBe(seq);
        acknowledge(subscriber);
      }
    }
    await expect.poll(() => seqs(frames).length).toBe(BACKLOG_EVENTS);
    const now = Date.now.bind(Date);
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + 20_000);
    socket.send('{"op":"subscribe","from":"start"}');
    await expect.poll(() => ops(frames).filter((op) => op === "hello")).toHaveLength(2);
    acknowledge(subscriber);
    const replayed = () => seqs(frames).length - BACKLOG_EVENTS;
    await expect.poll(replayed).toBeGreaterThan(3);
    acknowledge(subscriber);
    // The window is full again, with what came a moment ago.
    await expect.poll(replayed).toBeGreaterThan(7);
    clock.mockImplementation(() => now() + 40_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(ops(frames)).not.toContain("gap");
    while (replayed() < BACKLOG_EVENTS) {
      const before = replayed();
      acknowledge(subscriber);
      await expect.poll(replayed).toBeGreaterThan(before);
    }
    expect(replayed()).toBe(BACKLOG_EVENTS);
    expect(ops(frames)).not.toContain("gap");
  });
});
