import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";

import type { TestTenant } from "../support/api.ts";
import { around, sendOne } from "./outage-support.ts";
import { feedOf, lastCursor, newTenant, ops, stationOf, subscribe } from "./support.ts";
import { statesOf } from "./token-support.ts";

afterEach(() => reset());

/** Long enough for a replay that something else comes in between. */
const BACKLOG_EVENTS = 400;
const EVENT_CHARS = 16 * 1024;

/** Puts events of a station into the feed, as its object does. */
async function push(tenant: TestTenant, station: string, count = 1, chars = 1): Promise<void> {
  for (let seq = 1; seq <= count; seq += 1) {
    const type = "session.updated";
    const json = JSON.stringify({ id: `${seq}`, type, station, seq, body: "x".repeat(chars) });
    const state = JSON.stringify({ station, seq, online: true, connectors: [] });
    const events = [{ seq, type, json }];
    await feedOf(tenant).push({ station, oldestSeq: 1, events, state, removed: false });
  }
}

describe("a station that a call takes out", () => {
  /** A place from which a replay is long, and in which the station `gone` has no part. */
  async function start() {
    const tenant = await newTenant();
    await push(tenant, "gone");
    const token = await tenant.token({ view: "state" });
    const first = await subscribe(tenant, "/v1/stream?from=snapshot", token);
    await expect.poll(() => ops(first.frames)).toEqual(["hello", "snapshot"]);
    first.socket.close();
    await push(tenant, "busy", BACKLOG_EVENTS, EVENT_CHARS);
    return { tenant, token, from: lastCursor(first.frames) };
  }

  const removed = { station: "gone", removed: true };

  it("while one who came back is brought up to date is told of at the end of that", async () => {
    const { tenant, token, from } = await start();
    const { frames } = await subscribe(tenant, `/v1/stream?from=${from}`, token);
    await expect.poll(() => ops(frames)).toContain("hello");
    expect(await feedOf(tenant).removeStation("gone")).toBe(true);
    expect(ops(frames)).toEqual(["hello"]);
    await expect.poll(() => ops(frames)).toEqual(["hello", "state"]);
    expect(statesOf(frames, "state")).toContainEqual(expect.objectContaining(removed));
  });

  it("while one who wants none of its events begins at the start is told of at the end of that", async () => {
    const { tenant, token } = await start();
    const path = "/v1/stream?from=start&types=session.ended";
    const { frames } = await subscribe(tenant, path, token);
    await expect.poll(() => ops(frames)).toContain("hello");
    expect(await feedOf(tenant).removeStation("gone")).toBe(true);
    expect(ops(frames)).toEqual(["hello"]);
    await expect.poll(() => ops(frames)).toEqual(["hello", "state"]);
    expect(statesOf(frames, "state")).toEqual([expect.objectContaining(removed)]);
  });

  it("before one came back is told of, though its token is renewed on the way", async () => {
    const { tenant, token, from } = await start();
    expect(await feedOf(tenant).removeStation("gone")).toBe(true);
    const renewal = JSON.stringify({
      op: "auth",
      token: await tenant.token({ view: "state" }),
    });
    const { frames, socket } = await subscribe(tenant, `/v1/stream?from=${from}`, token);
    socket.send(renewal);
    await expect.poll(() => ops(frames)).toEqual(["hello", "hello", "state"]);
    expect(statesOf(frames, "state")).toContainEqual(expect.objectContaining(removed));
  });

  it("is not told of to those who may not see it, or who have a snapshot without it", async () => {
    const { tenant, token, from } = await start();
    expect(await feedOf(tenant).removeStation("gone")).toBe(true);
    const other = await tenant.token({ view: "state", stations: ["busy"] });
    const narrow = await subscribe(tenant, `/v1/stream?from=${from}`, other);
    const fresh = await subscribe(tenant, "/v1/stream?from=snapshot", token);
    await expect.poll(() => ops(narrow.frames)).toEqual(["hello", "state"]);
    await expect.poll(() => ops(fresh.frames)).toEqual(["hello", "snapshot"]);
    expect(JSON.stringify([narrow.frames, fresh.frames])).not.toContain("gone");
  });
});

describe("a station that a call takes out while it sends", () => {
  const statusOf = async (tenant: TestTenant, station: string) =>
    (await tenant.call("GET", `/v1/stations/${station}`)).status;

  it("stays out when what it had sent before reaches the feed after that", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await sendOne(tenant, path, "cs1");
    const token = await tenant.token({ view: "state" });
    const watch = (from: string) =>
      subscribe(tenant, `/v1/stream?types=session.ended&from=${from}`, token);
    const away = await watch("snapshot");
    await expect.poll(() => ops(away.frames)).toEqual(["hello", "snapshot"]);
    away.socket.close();
    const removal = Promise.withResolvers<void>();
    const pushes: string[] = [];
    await around(feedOf(tenant), "push", async (real) => {
      pushes.push("held");
      await removal.promise;
      return real();
    });
    const sending = sendOne(tenant, path, "cs1");
    await expect.poll(() => pushes.length).toBe(1);
    expect((await tenant.call("DELETE", "/v1/stations/cs1")).status).toBe(204);
    removal.resolve();
    await sending;
    expect(await statusOf(tenant, "cs1")).toBe(404);
    const back = await watch(lastCursor(away.frames));
    await expect
      .poll(() => statesOf(back.frames, "state"))
      .toEqual([expect.objectContaining({ station: "cs1", removed: true })]);
    await sendOne(tenant, path, "cs1");
    expect(await statusOf(tenant, "cs1")).toBe(200);
  });

  it("is there when what it has sent since reached the feed before that", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await sendOne(tenant, path, "cs1");
    await around(stationOf(tenant, "cs1"), "forget", async (real) => {
      const answer = await real();
      await sendOne(tenant, path, "cs1");
      return answer;
    });
    expect((await tenant.call("DELETE", "/v1/stations/cs1")).status).toBe(204);
    expect(await statusOf(tenant, "cs1")).toBe(200);
  });

  it("is still there when that could not be stored, and can be taken out again", async () => {
    const tenant = await newTenant();
    await push(tenant, "cs1");
    const sql = (query: string) =>
      runInDurableObject(feedOf(tenant), (_instance, { storage }) => {
        storage.sql.exec(query);
      });
    await sql(`CREATE TRIGGER full BEFORE INSERT ON meta BEGIN SELECT RAISE(ABORT, 'full'); END`);
    const failed = await runInDurableObject(feedOf(tenant), (feed) =>
      feed.removeStation("cs1").catch(String),
    );
    expect(failed).toContain("full");
    expect(await feedOf(tenant).state("cs1")).not.toBeNull();
    await sql("DROP TRIGGER full");
    expect(await feedOf(tenant).removeStation("cs1")).toBe(true);
    expect(await feedOf(tenant).state("cs1")).toBeNull();
  });
});
