import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";

import { stationName } from "../../src/env.ts";
import { type IncomingEvent, Journal, LOG_EVENTS } from "../../src/objects/station-journal.ts";
import { Lanes, type LaneWorld } from "../../src/objects/station-lanes.ts";
import { Database } from "../../src/store/database.ts";
import { objectId, webhook } from "../support/webhooks.ts";
import { newTenant } from "./support.ts";

const DAY_MS = 24 * 3_600_000;

afterEach(() => reset());

function incoming(overrides: Partial<IncomingEvent> = {}): IncomingEvent {
  const nowMs = Date.now();
  return {
    id: objectId(overrides.receivedAtMs ?? nowMs),
    type: "session.updated",
    source: "src_test",
    createdAtMs: overrides.receivedAtMs ?? nowMs,
    receivedAtMs: nowMs,
    body: "{}",
    replayable: false,
    ...overrides,
  };
}

/** Runs with a station's storage, as the object itself has it. */
function withStorage<T>(name: string, run: (db: Database) => T | Promise<T>): Promise<T> {
  return runInDurableObject(env.STATION.getByName(name), (_instance, { storage }) =>
    run(new Database(storage)),
  );
}

const nobody = () => [];

describe("StationObject", () => {
  it("numbers events 1, 2, 3 in the order of acceptance, whoever sends them at once", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await Promise.all(
      Array.from({ length: 40 }, () => tenant.send(path, webhook({ station: "cs1" }))),
    );
    const items = await tenant.items("/v1/stations/cs1/events?limit=100");
    expect(items).toMatchObject(Array.from({ length: 40 }, (_, index) => ({ seq: index + 1 })));
  });

  it("accepts an id once: at the same time, after a restart, and after many others", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const event = webhook({ station: "cs1" });
    await Promise.all([tenant.send(path, event), tenant.send(path, event)]);
    for (let i = 0; i < 70; i += 1) await tenant.send(path, webhook({ station: "cs1" }));
    const station = env.STATION.getByName(stationName(tenant.id, "cs1"));
    await evictDurableObject(station);
    expect((await tenant.send(path, event)).status).toBe(200);
    expect((await station.read(0, 1000)).seq).toBe(71);
  });

  it("passes on a duplicate whose original was committed by an instance that died before its push", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const event = webhook({ station: "cs1" });
    const name = stationName(tenant.id, "cs1");
    await withStorage(name, (db) => {
      const body = JSON.stringify(event);
      new Journal(db, "cs1").append([incoming({ id: event._id, body })], nobody);
    });
    await evictDurableObject(env.STATION.getByName(name));
    expect(await tenant.items("/v1/events")).toEqual([]);
    expect((await tenant.send(path, event)).status).toBe(200);
    expect(await tenant.items("/v1/events")).toMatchObject([{ id: event._id, seq: 1 }]);
  });

  it("calls an event late when a later one was accepted before it, and does not fold it", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    const startMs = Date.now() - 60_000;
    const at = (seconds: number) => new Date(startMs + seconds * 1000).toISOString();
    const data = { _id: "cs1" };
    await tenant.send(path, webhook({ type: "chargestation.online", data, createdAt: at(10) }));
    await tenant.send(path, webhook({ type: "chargestation.offline", data, createdAt: at(5) }));
    expect(await tenant.items("/v1/stations/cs1/events")).toMatchObject([
      { late: false },
      { late: true },
    ]);
    const { body } = await tenant.call("GET", "/v1/stations/cs1");
    expect(body).toMatchObject({ station: "cs1", seq: 2, online: true, onlineAt: at(10) });
  });

  it("pages its events by seq", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    for (let i = 0; i < 5; i += 1) await tenant.send(path, webhook({ station: "cs1" }));
    const page = async (query: string) =>
      (await tenant.call("GET", `/v1/stations/cs1/events${query}`)).body;
    expect(await page("?limit=2")).toMatchObject({ items: [{ seq: 1 }, { seq: 2 }], next: "2" });
    expect(await page("?limit=2&after=2")).toMatchObject({ next: "4" });
    expect(await page("?limit=2&after=4")).toMatchObject({ items: [{ seq: 5 }], next: null });
    expect(await page("?limit=201")).toMatchObject({ status: 400, code: "invalid_request" });
    expect(await page("?after=x")).toMatchObject({ status: 400 });
  });

  it("puts management events into the account's lane", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.send(path, webhook({ type: "user.created", data: { _id: "u1" } }));
    await tenant.send(path, webhook({ station: "cs1" }));
    expect(await tenant.items("/v1/stations")).toMatchObject([
      { station: "_account", seq: 1 },
      { station: "cs1", seq: 1 },
    ]);
  });

  it("leaves state and snapshots when it is deleted, and comes back when it sends again", async () => {
    const tenant = await newTenant();
    const { path } = await tenant.source();
    await tenant.send(path, webhook({ type: "chargestation.online", data: { _id: "cs1" } }));
    expect((await tenant.call("DELETE", "/v1/stations/cs1")).status).toBe(204);
    expect((await tenant.call("GET", "/v1/stations/cs1")).status).toBe(404);
    await tenant.send(path, webhook({ type: "chargestation.online", data: { _id: "cs1" } }));
    expect(await tenant.items("/v1/stations")).toMatchObject([{ seq: 2, online: true }]);
    await tenant.send(path, webhook({ type: "chargestation.deleted", data: { _id: "cs1" } }));
    expect(await tenant.items("/v1/stations")).toEqual([]);
  });
});

describe("a station's log", () => {
  it("writes one row per event, however large its state", async () => {
    await withStorage("t/rows", (db) => {
      const journal = new Journal(db, "rows");
      journal.append([incoming()], nobody);
      for (let i = 0; i < 200; i += 1) {
        const before = db.rowsWritten;
        const data = { _id: `s${i}`, status: "Started", connector: "c1" };
        journal.append([incoming({ body: JSON.stringify({ data }) })], nobody);
        expect(db.rowsWritten - before).toBe(1);
      }
      const before = db.rowsWritten;
      const known = incoming();
      journal.append([known, known, known], nobody);
      expect(db.rowsWritten - before).toBe(1);
    });
  });

  it("overwrites the oldest once it is a day old, at one row per event", async () => {
    await withStorage("t/wrap", (db) => {
      const journal = new Journal(db, "wrap");
      const longAgo = Date.now() - 2 * DAY_MS;
      const old = Array.from({ length: LOG_EVENTS }, (_, i) =>
        incoming({ id: `old-${i}`, receivedAtMs: longAgo }),
      );
      journal.append(old, nobody);
      expect(journal.oldestSeq).toBe(1);
      const before = db.rowsWritten;
      journal.append([incoming(), incoming()], nobody);
      expect(db.rowsWritten - before).toBe(2);
      expect([journal.oldestSeq, journal.seq]).toEqual([3, LOG_EVENTS + 2]);
      const again = new Journal(db, "wrap");
      expect([again.oldestSeq, again.seq]).toEqual([3, LOG_EVENTS + 2]);
      const seqs = again.read(0, 1e6).map(({ seq }) => seq);
      expect(seqs).toEqual(Array.from({ length: LOG_EVENTS }, (_, i) => i + 3));
      // Out of the log, the id is free again; still in it, it is not.
      const outcomes = again.append([incoming({ id: "old-0" }), incoming({ id: "old-9" })], nobody);
      expect(outcomes.map(({ status }) => status)).toEqual(["accepted", "duplicate"]);
    });
  });

  it("grows rather than forget an event that is younger than a day, and reads the same after a restart", async () => {
    await withStorage("t/grow", (db) => {
      const journal = new Journal(db, "grow");
      const longAgo = Date.now() - 2 * DAY_MS;
      const some = (count: number, receivedAtMs = Date.now()) =>
        Array.from({ length: count }, () => incoming({ receivedAtMs }));
      // A turn and a half of old events, then young ones until the ring has to grow.
      journal.append(some(LOG_EVENTS * 1.5, longAgo), nobody);
      const oldest = journal.oldestSeq;
      const young = some(LOG_EVENTS);
      journal.append(young, nobody);
      journal.append(some(10), nobody);
      expect(journal.seq).toBe(LOG_EVENTS * 2.5 + 10);
      const again = new Journal(db, "grow");
      expect([again.seq, again.oldestSeq]).toEqual([journal.seq, journal.oldestSeq]);
      expect(again.oldestSeq).toBeGreaterThan(oldest);
      const seqs = again.read(0, 1e6).map(({ seq }) => seq);
      expect(seqs[0]).toBe(again.oldestSeq);
      expect(seqs).toHaveLength(again.seq - again.oldestSeq + 1);
      expect(again.append(young, nobody).every(({ status }) => status === "duplicate")).toBe(true);
    });
  });

  it("takes an id in once that comes twice in one transaction, however many came before", async () => {
    await withStorage("t/twice", (db) => {
      const some = (count: number) => Array.from({ length: count }, () => incoming());
      new Journal(db, "twice").append(some(1_100), nobody);
      // Awake anew it knows few ids. Wherever the generations of those it holds then end:
      for (let before = 490; before <= 520; before += 1) {
        const journal = new Journal(db, "twice");
        journal.append(some(before), nobody);
        const [first, stranger] = [incoming(), incoming({ id: `evt_${before}` })];
        const outcomes = journal.append([first, stranger, first, stranger], nobody);
        const statuses = outcomes.map(({ status }) => status);
        expect(statuses).toEqual(["accepted", "accepted", "duplicate", "duplicate"]);
      }
    });
  });

  it("does not overwrite what a lane still owes", async () => {
    await withStorage("t/owed", (db) => {
      const journal = new Journal(db, "owed");
      const longAgo = Date.now() - 2 * DAY_MS;
      const owes = () => ["rt_1"];
      journal.append([incoming({ receivedAtMs: longAgo })], owes);
      const rest = Array.from({ length: LOG_EVENTS }, () => incoming({ receivedAtMs: longAgo }));
      journal.append(rest, nobody);
      expect(journal.oldestSeq).toBe(1);
    });
  });

  it("keeps a replayed event aside once its id may be forgotten", async () => {
    await withStorage("t/stale", (db) => {
      const journal = new Journal(db, "stale");
      const longAgo = Date.now() - 2 * DAY_MS;
      const replay = incoming({
        receivedAtMs: longAgo,
        createdAtMs: longAgo - 1,
        replayable: true,
      });
      expect(journal.append([replay], nobody)).toMatchObject([{ status: "accepted" }]);
      const rest = Array.from({ length: LOG_EVENTS - 1 }, () =>
        incoming({ receivedAtMs: longAgo }),
      );
      journal.append([...rest, incoming()], nobody);
      expect(journal.append([replay], nobody)).toEqual([{ status: "stale" }]);
      expect(journal.append([{ ...replay, replayable: false }], nobody)).toMatchObject([
        { status: "accepted" },
      ]);
    });
  });

  it("takes nothing in when a write fails half way", async () => {
    await withStorage("t/fail", (db) => {
      const journal = new Journal(db, "fail");
      journal.append([incoming()], nobody);
      const failing = () => {
        throw new Error("disk full");
      };
      let asked = 0;
      const events = [incoming(), incoming()];
      const failSecond = () => {
        asked += 1;
        return asked === 2 ? failing() : [];
      };
      expect(() => journal.append(events, failSecond)).toThrow("disk full");
      expect([journal.seq, journal.read(0, 10).length]).toEqual([1, 1]);
      expect(journal.append(events, nobody)).toMatchObject([
        { status: "accepted", event: { seq: 2 } },
        { status: "accepted", event: { seq: 3 } },
      ]);
    });
  });
});

describe("a station's lanes", () => {
  it("cost one row per delivery, and an alarm only when none is armed", async () => {
    await withStorage("t/lanes", async (db) => {
      const journal = new Journal(db, "lanes");
      const delivered: number[] = [];
      const world: LaneWorld = {
        attempt: async (_route, event) => {
          delivered.push(event.seq);
          return { kind: "answered", status: 200, retryAfterMs: null, latencyMs: 1, snippet: "" };
        },
        fetchRoutes: async () => ({ version: 1, routes: [ROUTE], keyIds: [] }),
        report: async () => ({ isOpen: false }),
        giveUp: async () => {},
        announceLost: async () => {},
        disableRoute: async () => {},
        registerBlocked: async () => {},
        registerParked: async () => {},
        checkRoutes: async () => {},
        knowsRoutesOf: () => true,
        wakeAt: () => {},
        onFault: () => {},
        keysChanged: () => {},
      };
      journal.append([incoming()], nobody);
      journal.matchedSeq = 1;
      const lanes = new Lanes(db, journal, world);
      await lanes.refresh(1);
      for (let count = 1; count <= 5; count += 1) {
        const before = db.rowsWritten;
        journal.append([incoming()], (event) => lanes.wanting(event));
        lanes.kick();
        await expect.poll(() => delivered.length).toBe(count);
        await expect.poll(() => journal.owed.size).toBe(0);
        expect(db.rowsWritten - before).toBe(2);
      }
      expect(delivered).toEqual([2, 3, 4, 5, 6]);
    });
  });
});

const ROUTE = {
  id: "rt_1",
  url: "https://receiver.example.com",
  enabled: true,
  changedAtMs: 0,
  filter: {},
  format: "raw",
  timeoutMs: 1000,
  scheduleSeconds: [],
  onExhausted: "dead_letter",
  sealedSecrets: "",
  edrvScheme: "body",
} as const;
