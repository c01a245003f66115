import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { FeedLog } from "../../src/objects/feed-log.ts";
import { type IncomingEvent, Journal, LOG_EVENTS } from "../../src/objects/station-journal.ts";
import { Database } from "../../src/store/database.ts";
import { call, type TestTenant } from "../support/api.ts";
import { OPERATOR_KEY } from "../support/secrets.ts";
import { objectId, webhook } from "../support/webhooks.ts";
import { Receiver } from "./receiver.ts";
import { eventsOf, feedOf, newTenant, stationOf, subscribe, worker } from "./support.ts";

const DAY_MS = 24 * 3_600_000;

afterEach(() => reset());

const Key = z.object({ id: z.string(), apiKey: z.string() });
const Page = z.object({ items: z.array(z.unknown()), next: z.string().nullable() });

const removeTenant = ({ origin, id }: TestTenant) =>
  call(worker, origin, OPERATOR_KEY, "DELETE", `/v1/tenants/${id}`);

async function createKey(tenant: TestTenant): Promise<z.infer<typeof Key>> {
  const { body } = await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
  return Key.parse(body);
}

/** A push of one event, with a state of about that size. */
function batch(station: string, seq: number, stateChars: number) {
  const type = "session.updated";
  return {
    station,
    oldestSeq: 1,
    removed: false,
    state: JSON.stringify({ station, seq, sessions: "x".repeat(stateChars) }),
    events: [{ seq, type, json: JSON.stringify({ type, station, seq, body: {} }) }],
  };
}

/** What is stored, read as after a restart. */
function storedFeed<T>(tenant: TestTenant, read: (log: FeedLog) => T): Promise<T> {
  return runInDurableObject(feedOf(tenant), (_instance, { storage }) =>
    read(new FeedLog(new Database(storage))),
  );
}

describe("FeedObject with large states", () => {
  it("goes on through three rounds of 512 stations", async () => {
    const tenant = await newTenant();
    const subscriber = await subscribe(tenant);
    const feed = feedOf(tenant);
    for (let seq = 1; seq <= 3; seq += 1) {
      for (let i = 0; i < 512; i += 1) {
        expect(await feed.push(batch(`cs${i}`, seq, 17_000))).toMatchObject({ lastSeq: seq });
      }
    }
    expect(await feed.push(batch("cs0", 3, 17_000))).toMatchObject({ lastSeq: 3 });
    await expect.poll(() => eventsOf(subscriber.frames).length).toBeGreaterThanOrEqual(1536);
    expect(eventsOf(subscriber.frames)).toHaveLength(1536);
    expect(await storedFeed(tenant, (log) => log.extent().head)).toBe(1536);
    expect(await storedFeed(tenant, (log) => log.snapshot(() => true, true))).toHaveLength(512);
  });

  it("takes 900 stations that push at once", async () => {
    const tenant = await newTenant();
    const feed = feedOf(tenant);
    const stations = Array.from({ length: 900 }, (_, index) => `cs${index}`);
    const replies = await Promise.all(
      stations.map((station) => feed.push(batch(station, 1, 12_000))),
    );
    expect(replies.map(({ lastSeq }) => lastSeq)).toEqual(stations.map(() => 1));
    const lastSeqs = await storedFeed(tenant, (log) => stations.map((name) => log.lastSeq(name)));
    expect(lastSeqs).toEqual(stations.map(() => 1));
  });
});

describe("a page of large events", () => {
  it.each(["/v1/events", "/v1/stations/cs1/events"])(
    "of %s is answered, and goes on",
    async (url) => {
      const tenant = await newTenant();
      const { path } = await tenant.source();
      for (let i = 0; i < 80; i += 1) {
        const event = { ...webhook({ station: "cs1" }), pad: "x".repeat(510_000) };
        expect((await tenant.send(path, JSON.stringify(event))).status).toBe(200);
      }
      const received: unknown[] = [];
      for (let after: string | null = ""; after !== null; ) {
        const query: string = after === "" ? "" : `&after=${after}`;
        const answer = await tenant.call("GET", `${url}?limit=200${query}`);
        expect(answer.status).toBe(200);
        const { items, next } = Page.parse(answer.body);
        received.push(...items);
        after = next;
      }
      expect(received).toMatchObject(
        Array.from({ length: 80 }, (_, index) => ({ seq: index + 1 })),
      );
    },
  );
});

describe("a long filter", () => {
  it("is stored while it is in force, and no longer", async () => {
    const tenant = await newTenant();
    const { socket, frames } = await subscribe(tenant);
    const stations = Array.from({ length: 590 }, () => objectId());
    const subscribeTo = (filter: object) =>
      socket.send(JSON.stringify({ op: "subscribe", filter }));
    const stored = () =>
      runInDurableObject(feedOf(tenant), (_instance, { storage }) => [...storage.kv.list()].length);
    await expect.poll(() => frames.length).toBe(1);
    subscribeTo({ stations });
    await expect.poll(() => frames).toMatchObject([{ op: "hello" }, { op: "hello" }]);
    expect(await stored()).toBe(1);
    subscribeTo({});
    await expect.poll(() => frames.length).toBe(3);
    expect(await stored()).toBe(0);
    subscribeTo({ stations });
    await expect.poll(() => frames.length).toBe(4);
    expect(await stored()).toBe(1);
    socket.close(1000, "");
    await expect.poll(stored).toBe(0);
  });
});

describe("DELETE /v1/tenants/{id}", () => {
  it("closes the sockets and empties the stations of a tenant with a route and a deleted key", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.route(new Receiver().url);
    const { id } = await createKey(tenant);
    await tenant.call("DELETE", `/v1/keys/${id}`);
    await tenant.send(path, webhook({ station: "cs1" }));
    const feedSocket = await subscribe(tenant);
    const stationSocket = await subscribe(tenant, "/v1/stations/cs1/stream");
    expect((await removeTenant(tenant)).status).toBe(204);
    // This isolate still knows the source.
    expect((await tenant.send(path, webhook({ station: "cs1" }))).status).toBe(404);
    await expect.poll(() => feedSocket.closed.code).toBe(4003);
    await expect.poll(() => stationSocket.closed.code).toBe(4003);
    await expect.poll(async () => (await stationOf(tenant, "cs1").read(0, 10)).seq).toBe(0);
    await expect.poll(async () => (await feedOf(tenant).states("", 10)).items).toEqual([]);
    expect((await removeTenant(tenant)).status).toBe(404);
  });

  it("keeps nothing aside for a tenant that was removed", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.send(path, webhook({ station: "cs1" }));
    await removeTenant(tenant);
    expect((await tenant.send(path, "not json")).status).toBe(404);
  });
});

describe("DELETE /v1/keys/{id}", () => {
  it("keeps the next event from a station's socket that the key has opened", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.send(path, webhook({ station: "a" }));
    const { id, apiKey } = await createKey(tenant);
    const doomed = await subscribe(tenant, "/v1/stations/a/stream", apiKey);
    await tenant.call("DELETE", `/v1/keys/${id}`);
    await tenant.send(path, webhook({ station: "a" }));
    await expect.poll(() => doomed.closed.code).toBe(4001);
    expect(eventsOf(doomed.frames)).toEqual([]);
  });
});

describe("POST /v1/sources/{id}/secrets", () => {
  it("leaves the secrets as they are when it refuses one more", async () => {
    const tenant = await newTenant();
    const { id } = await tenant.source();
    const add = async (secret: string, expirePreviousAfterSeconds: number) => {
      const input = { secret, expirePreviousAfterSeconds };
      return (await tenant.call("POST", `/v1/sources/${id}/secrets`, input)).status;
    };
    const source = async () => (await tenant.call("GET", `/v1/sources/${id}`)).body;
    for (let i = 0; i < 9; i += 1) expect(await add(`secret number ${i}`, 2_592_000)).toBe(201);
    const before = await source();
    expect(before).toMatchObject({ secrets: Array.from({ length: 10 }, () => ({})) });
    expect(await add("one too many", 60)).toBe(409);
    expect(await source()).toEqual(before);
  });
});

describe("PATCH /v1/routes/{id}", () => {
  it.each([
    ["the event format", { edrvSecret: "their-edrv-secret" }, { format: "event" }],
    ["a secret of eDRV's", { format: "event" }, { edrvSecret: "their-edrv-secret" }],
  ])(
    "refuses %s where a route would have to sign another body than eDRV's",
    async (_name, settings, patch) => {
      const tenant = await newTenant();
      const { id } = await tenant.route(new Receiver().url, settings);
      const route = async () => (await tenant.call("GET", `/v1/routes/${id}`)).body;
      const before = await route();
      expect(await tenant.call("PATCH", `/v1/routes/${id}`, patch)).toMatchObject({
        status: 400,
        body: { code: "invalid_request" },
      });
      expect(await route()).toEqual(before);
      const both = { format: "event", edrvSecret: null };
      expect((await tenant.call("PATCH", `/v1/routes/${id}`, both)).status).toBe(200);
    },
  );
});

const longAgoMs = Date.now() - 2 * DAY_MS;

function incoming(overrides: Partial<IncomingEvent> = {}): IncomingEvent {
  return {
    id: objectId(longAgoMs),
    type: "session.updated",
    source: "src_test",
    createdAtMs: longAgoMs,
    receivedAtMs: longAgoMs,
    body: "{}",
    replayable: false,
    ...overrides,
  };
}

const many = (count: number, overrides: Partial<IncomingEvent> = {}) =>
  Array.from({ length: count }, () => incoming(overrides));
const nobody = () => [];

describe("GET /v1/stations/{id}/events", () => {
  it("answers 410 after a seq whose successors are no longer kept", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const station = stationOf(tenant, "a");
    await runInDurableObject(station, (_instance, { storage }) => {
      const journal = new Journal(new Database(storage), "a");
      journal.append(many(LOG_EVENTS), nobody);
      journal.append(many(99, { receivedAtMs: Date.now() }), nobody);
    });
    await evictDurableObject(station);
    await tenant.send(path, webhook({ station: "a" }));
    const page = (after: number) =>
      tenant.call("GET", `/v1/stations/a/events?after=${after}&limit=1`);
    const expired = { status: 410, body: { code: "cursor_expired" } };
    expect(await page(5)).toMatchObject(expired);
    expect(await page(99)).toMatchObject(expired);
    expect(await page(100)).toMatchObject({ status: 200, body: { items: [{ seq: 101 }] } });
  });
});

describe("Journal", () => {
  it("calls a replay stale although the oldest event kept is late, or the replay is of the future", async () => {
    const object = env.STATION.getByName("t/late");
    await runInDurableObject(object, (_instance, { storage }) => {
      const journal = new Journal(new Database(storage), "late");
      const nowMs = Date.now();
      const replay = incoming({ replayable: true });
      const future = incoming({ replayable: true, createdAtMs: nowMs + 73 * 365 * DAY_MS });
      const late = incoming({ createdAtMs: longAgoMs - 3_600_000 });
      journal.append([replay, future, late, ...many(LOG_EVENTS - 3)], nobody);
      journal.append(many(2, { receivedAtMs: nowMs }), nobody);
      expect(journal.oldestSeq).toBe(3);
      const again = [replay, future].map((event) => ({ ...event, receivedAtMs: nowMs }));
      expect(journal.append(again, nobody)).toEqual([{ status: "stale" }, { status: "stale" }]);
    });
  });
});
