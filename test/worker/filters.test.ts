import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { MAX_FILTER_BYTES } from "../../src/domain/filter.ts";
import { FeedLog } from "../../src/objects/feed-log.ts";
import { Database } from "../../src/store/database.ts";
import type { TestTenant } from "../support/api.ts";
import { webhook } from "../support/webhooks.ts";
import { Receiver, seqsOf } from "./receiver.ts";
import { feedOf, newTenant, seqs, subscribe, worker } from "./support.ts";

afterEach(() => reset());

const STARTED = { "data.status": { $in: ["Started"] } };

/** Sends events of station cs1, one for each status. */
async function sendStatuses(tenant: TestTenant, path: string, ...statuses: unknown[]) {
  for (const status of statuses) {
    const data = { _id: "62b1c19482f1fc562109c551", chargestation: "cs1", status };
    expect((await tenant.send(path, webhook({ data }))).status).toBe(200);
  }
}

const query = (match: unknown) => `match=${encodeURIComponent(JSON.stringify(match))}`;
const invalid = (path: string) => ({
  status: 400,
  body: { code: "invalid_request", issues: [{ path, message: expect.any(String) }] },
});

describe("a route with a match", () => {
  it("gets what matches and nothing else, and the change of it from the next event on", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    const { id } = await tenant.route(receiver.url, { filter: { match: STARTED } });
    expect((await tenant.call("GET", `/v1/routes/${id}`)).body).toMatchObject({
      filter: { match: STARTED },
    });
    await sendStatuses(tenant, path, "Started", "Ended", "Started");
    expect(seqsOf(await receiver.received(2))).toEqual([1, 3]);
    const filter = { match: { "data.status": { $not: { $eq: "Started" } } } };
    const changed = await tenant.call("PATCH", `/v1/routes/${id}`, { filter });
    expect(changed).toMatchObject({ status: 200, body: { filter } });
    await sendStatuses(tenant, path, "Started", "Ended");
    expect(seqsOf(await receiver.received(3))).toEqual([1, 3, 5]);
  });

  it("keeps a name that JavaScript gives a meaning of its own", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const receiver = new Receiver();
    const match: unknown = JSON.parse('{"__proto__":{"$exists":true},"constructor.name":"x"}');
    await tenant.route(receiver.url, { filter: { match } });
    for (const extra of ["", ',"__proto__":1', ',"__proto__":1,"constructor":{"name":"x"}']) {
      const text = JSON.stringify(webhook({ station: "cs1" }));
      await tenant.send(path, `${text.slice(0, -1)}${extra}}`);
    }
    expect(seqsOf(await receiver.received(1))).toEqual([3]);
  });

  it("is refused when the match cannot be evaluated, with what is wrong", async () => {
    const tenant = await newTenant();
    const receiver = new Receiver();
    const filter = { match: { "data.status": { $regex: "^S" } } };
    const refusal = invalid("filter.match.data.status.$regex");
    const input = { name: "r", url: receiver.url, filter };
    expect(await tenant.call("POST", "/v1/routes", input)).toMatchObject(refusal);
    const { id } = await tenant.route(receiver.url);
    expect(await tenant.call("PATCH", `/v1/routes/${id}`, { filter })).toMatchObject(refusal);
    expect((await tenant.call("GET", `/v1/routes/${id}`)).body).toMatchObject({ filter: {} });
  });
});

describe("match in a query", () => {
  it("lets through what matches, live and from the log", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await sendStatuses(tenant, path, "Ended", "Started");
    const streams = ["/v1/stream", "/v1/stations/cs1/stream"];
    const subscribers = await Promise.all(
      streams.map((stream) => subscribe(tenant, `${stream}?from=start&${query(STARTED)}`)),
    );
    await sendStatuses(tenant, path, "Ended", "Started");
    for (const subscriber of subscribers) {
      await expect.poll(() => seqs(subscriber.frames)).toEqual([2, 4]);
    }
    const listed = await tenant.items(`/v1/events?types=session.*&${query(STARTED)}`);
    expect(listed).toMatchObject([{ seq: 2 }, { seq: 4 }]);
    expect(await tenant.items(`/v1/events?types=x&${query(STARTED)}`)).toEqual([]);
  });

  it.each([
    ["what is not JSON", "match={", "match"],
    ["no text", "match=", "match"],
    ["what is no object", "match=7", "match"],
    ["an unknown operator", query({ a: { $where: "1" } }), "match.a.$where"],
  ])("is refused when it is %s", async (_name, wrong, path) => {
    const tenant = await newTenant();
    const { path: ingest } = await tenant.source();
    await sendStatuses(tenant, ingest, "Started");
    for (const list of ["/v1/stream", "/v1/stations/cs1/stream", "/v1/events"]) {
      const response = await worker(
        new Request(`${tenant.origin}${list}?${wrong}`, {
          headers: { authorization: `Bearer ${tenant.key}`, upgrade: "websocket" },
        }),
      );
      const answer = { status: response.status, body: await response.json() };
      expect(answer).toMatchObject(invalid(path));
    }
  });

  it.each([
    ["of the longest kind", "x".repeat(MAX_FILTER_BYTES - 60)],
    ["in any script", "Zürich €\u2028 😀"],
    ["in another script of the longest kind", "€".repeat(MAX_FILTER_BYTES / 3 - 30)],
    ["with one letter that doubles its size", `${"x".repeat(9_000)}€`],
  ])("%s outlives hibernation", async (_name, other) => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const match = { "data.status": { $in: ["Started", other] } };
    const subscriber = await subscribe(tenant, `/v1/stream?${query(match)}`);
    await sendStatuses(tenant, path, "Ended", "Started");
    await expect.poll(() => seqs(subscriber.frames)).toEqual([2]);
    await evictDurableObject(feedOf(tenant));
    await sendStatuses(tenant, path, "Ended", other);
    await expect.poll(() => seqs(subscriber.frames)).toEqual([2, 4]);
    expect(subscriber.closed.code).toBeNull();
  });
});

describe("match in a subscribe frame", () => {
  it("replaces the filter", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const subscriber = await subscribe(tenant);
    const filter = { match: STARTED };
    subscriber.socket.send(JSON.stringify({ op: "subscribe", filter, from: "now" }));
    await expect.poll(() => subscriber.frames.map(({ op }) => op)).toEqual(["hello", "hello"]);
    await sendStatuses(tenant, path, "Ended", "Started");
    await expect.poll(() => seqs(subscriber.frames)).toEqual([2]);
  });

  it("leaves the filter as it is when it cannot be evaluated, and says why", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const subscriber = await subscribe(tenant, `/v1/stream?${query(STARTED)}`);
    const filter = { match: { "data.status": { $gt: null } } };
    subscriber.socket.send(JSON.stringify({ op: "subscribe", filter }));
    await expect
      .poll(() => subscriber.frames)
      .toMatchObject([
        { op: "hello" },
        {
          op: "error",
          code: "invalid_filter",
          detail: "match.data.status.$gt: expected a number or a string",
        },
      ]);
    await sendStatuses(tenant, path, "Ended", "Started");
    await expect.poll(() => seqs(subscriber.frames)).toEqual([2]);
  });
});

describe("POST /v1/filters/test", () => {
  const test = (tenant: TestTenant, body: unknown, key?: string) =>
    tenant.call("POST", "/v1/filters/test", body, key);

  it("says of the newest events, newest first, whether they pass and why not", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await sendStatuses(tenant, path, "Started", "Ended");
    await tenant.send(path, webhook({ station: "cs2", type: "chargestation.online" }));
    const filter = { types: ["session.*"], match: STARTED };
    const time = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(await test(tenant, { filter })).toMatchObject({
      status: 200,
      body: {
        items: [
          {
            event: { type: "chargestation.online", station: "cs2", seq: 1, occurredAt: time },
            matched: false,
            reasons: [{ part: "types", message: "wanted session.*, found chargestation.online" }],
          },
          {
            event: { id: expect.any(String), type: "session.updated", station: "cs1", seq: 2 },
            matched: false,
            reasons: [
              {
                part: "match",
                path: "data.status",
                message: 'wanted "$in":["Started"], found "Ended"',
              },
            ],
          },
          { event: { station: "cs1", seq: 1 }, matched: true, reasons: [] },
        ],
        scanned: 3,
      },
    });
    expect((await test(tenant, { filter, type: "session.*", limit: 1 })).body).toMatchObject({
      items: [{ event: { seq: 2 } }],
      scanned: 2,
    });
  });

  it("answers about no events when there are none", async () => {
    const tenant = await newTenant();
    const answer = await test(tenant, { filter: {} });
    expect(answer).toMatchObject({ status: 200, body: { items: [], scanned: 0 } });
  });

  it("takes a reader's key, which may change nothing otherwise, and no other tenant's", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await sendStatuses(tenant, path, "Started");
    const made = await tenant.call("POST", "/v1/keys", { name: "r", role: "reader" });
    const { apiKey } = z.object({ apiKey: z.string() }).parse(made.body);
    expect((await test(tenant, { filter: {} }, apiKey)).body).toMatchObject({ scanned: 1 });
    const route = { name: "r", url: "https://example.com" };
    expect((await tenant.call("POST", "/v1/routes", route, apiKey)).status).toBe(403);
    const other = await newTenant();
    expect((await test(tenant, { filter: {} }, other.key)).body).toMatchObject({ scanned: 0 });
    expect((await test(tenant, { filter: {} }, "cw_x")).status).toBe(401);
  });

  it.each<[unknown, string]>([
    [{}, "filter"],
    [{ filter: { match: { $where: "1" } } }, "filter.match.$where"],
    [{ filter: { types: ["a*"] } }, "filter.types.0"],
    [{ filter: {}, type: "a*" }, "type"],
    [{ filter: {}, limit: 51 }, "limit"],
  ])("refuses %j", async (body, path) => {
    const tenant = await newTenant();
    expect(await test(tenant, body)).toMatchObject(invalid(path));
  });
});

describe("FeedObject.newest", () => {
  const entry = (seq: number, type: string, size = 0) => {
    const head = JSON.stringify({ id: `e${seq}`, type, station: "a", seq });
    return { seq, type, json: `${head.slice(0, -1)},"body":{"x":"${"x".repeat(size)}"}}` };
  };
  async function push(tenant: TestTenant, events: ReturnType<typeof entry>[]) {
    const rest = { station: "a", oldestSeq: 1, state: "{}", removed: false };
    for (let start = 0; start < events.length; start += 2_000) {
      await feedOf(tenant).push({ ...rest, events: events.slice(start, start + 2_000) });
    }
  }
  const seqsIn = (items: readonly string[]) =>
    items.map((json) => z.object({ seq: z.number() }).parse(JSON.parse(json)).seq);

  it("looks at 10,000 events and no more", async () => {
    const tenant = await newTenant();
    const newest = async () => {
      const { items, scanned } = await feedOf(tenant).newest("rare", 5);
      return { seqs: seqsIn(items), scanned };
    };
    const common = (first: number, count: number) =>
      Array.from({ length: count }, (_, at) => entry(first + at, "common", 30));
    await push(tenant, [entry(1, "rare"), ...common(2, 9_998)]);
    expect(await newest()).toEqual({ seqs: [1], scanned: 9_999 });
    await push(tenant, [entry(10_000, "common")]);
    expect(await newest()).toEqual({ seqs: [1], scanned: 10_000 });
    await push(tenant, [entry(10_001, "common")]);
    expect(await newest()).toEqual({ seqs: [], scanned: 10_000 });
  });

  it("looks at 64 MiB and no more, and so does a page of events", async () => {
    const tenant = await newTenant();
    const size = 500_000;
    const limit = Math.ceil((64 * 1024 * 1024) / entry(100, "common", size).json.length);
    const some = (first: number, count: number) =>
      Array.from({ length: count }, (_, at) => entry(first + at, "common", size));
    for (let seq = 1; seq <= limit; seq += 10) {
      await push(tenant, some(seq, Math.min(10, limit + 1 - seq)));
    }
    const page = async () => (await tenant.call("GET", "/v1/events?types=rare")).body;
    expect(await feedOf(tenant).newest("rare", 5)).toEqual({ items: [], scanned: limit });
    expect(await page()).toEqual({ items: [], next: null });
    await push(tenant, some(limit + 1, 1));
    expect(await feedOf(tenant).newest("rare", 5)).toEqual({ items: [], scanned: limit });
    expect(await page()).toEqual({ items: [], next: expect.any(String) });
  });

  it("ends a page that has grown large, and never sends more than it can", async () => {
    const tenant = await newTenant();
    const events = Array.from({ length: 12 }, (_, at) => entry(at + 1, "common", 500_000));
    await push(tenant, events);
    const { items, scanned } = await feedOf(tenant).newest(null, 50);
    expect(seqsIn(items)).toEqual([12, 11, 10, 9, 8, 7, 6, 5]);
    expect(scanned).toBe(8);
  });

  it("writes no row, and reads back across segments of any size", async () => {
    const tenant = await newTenant();
    const feed = feedOf(tenant);
    await push(
      tenant,
      Array.from({ length: 60 }, (_, at) => entry(at + 1, "common", at % 7 === 0 ? 40_000 : 500)),
    );
    expect(seqsIn((await feed.newest(null, 50)).items)).toEqual(
      Array.from({ length: 50 }, (_, at) => 60 - at),
    );
    await runInDurableObject(feed, (_instance, { storage }) => {
      const db = new Database(storage);
      const log = new FeedLog(db);
      const found: string[] = [];
      for (let position = log.extent().head; position > 0; ) {
        const { records, offset } = log.readBack(position);
        expect(records.map((record) => record.offset)).toEqual(
          Array.from({ length: position - offset }, (_, at) => offset + 1 + at),
        );
        found.unshift(...records.map(({ json }) => json));
        position = offset;
      }
      expect(seqsIn(found)).toEqual(Array.from({ length: 60 }, (_, at) => at + 1));
      expect(db.rowsWritten).toBe(0);
    });
  });
});
