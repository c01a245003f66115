import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";

import { NOTHING_TOLD, NOTICE_EVERY_MS } from "../../src/domain/notice.ts";
import type { StationRoute } from "../../src/domain/route.ts";
import { AlarmClock } from "../../src/objects/alarm-clock.ts";
import { Journal } from "../../src/objects/station-journal.ts";
import { StationRoutes } from "../../src/objects/station-routes.ts";
import { Database } from "../../src/store/database.ts";
import * as health from "../../src/store/health-store.ts";
import * as notices from "../../src/store/notice-store.ts";
import { noteSource, readSource } from "../../src/store/tenant-store.ts";
import { newTenant, stationOf, tenantOf } from "./support.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const NOW = Date.UTC(2026, 10, 22, 10, 15);
const DAY_MS = 86_400_000;

/** A tenant's tables. */
async function withTables<T>(run: (db: Database) => T): Promise<T> {
  return runInDurableObject(tenantOf(await newTenant()), (_instance, { storage }) =>
    run(new Database(storage)),
  );
}

/** What a station keeps. */
async function withStation<T>(run: (state: DurableObjectState) => T): Promise<T> {
  return runInDurableObject(stationOf(await newTenant(), "a"), (_instance, state) => run(state));
}

describe("lanes that were tried by a clock that was a day ahead", () => {
  it("are probed in turn", async () => {
    const probed = await withTables((db) => {
      for (const station of ["a", "b", "c"]) {
        health.putTrouble(db, "rt_1", station, "blocked", true, NOW + DAY_MS);
      }
      return [1, 2, 3, 4].map((second) => {
        const nowMs = NOW + second * 1_000;
        const station = health.nextToProbe(db, "rt_1", nowMs) ?? "none";
        health.putTrouble(db, "rt_1", station, "blocked", true, nowMs);
        return station;
      });
    });
    expect(probed).toEqual(["a", "b", "c", "a"]);
  });

  it("are not woken again and again, unless they have been blocked again", async () => {
    const left = await withTables((db) => {
      const wokenMs = NOW;
      const nowMs = NOW + 1_000;
      const since = { ahead: NOW + DAY_MS, meanwhile: NOW + 500, before: NOW - 500 };
      for (const [station, sinceMs] of Object.entries(since)) {
        health.putTrouble(db, "rt_1", station, "blocked", false, sinceMs);
        health.deleteUnblocked(db, "rt_1", station, { wokenMs, nowMs });
      }
      return health.listTroubled(db, "rt_1", "", 10);
    });
    expect(left).toEqual(["meanwhile"]);
  });
});

describe("a source whose last event was noted by a clock that was a day ahead", () => {
  it("goes by the next note, and otherwise by the newest", async () => {
    const tenant = await newTenant();
    const { id } = await tenant.source();
    const noted = await runInDurableObject(tenantOf(tenant), (_instance, { storage }) => {
      const db = new Database(storage);
      return [DAY_MS, 0, -1_000, 300_000, 0].map((inMs) => {
        noteSource(db, id, "timestamped", { atMs: NOW + inMs, maxLeadMs: 300_000 });
        return (readSource(db, id)?.lastEventAtMs ?? 0) - NOW;
      });
    });
    expect(noted).toEqual([DAY_MS, 0, 0, 300_000, 300_000]);
  });
});

describe("notices that were sent by a clock that was a day ahead", () => {
  it("hold nothing back, and make room", async () => {
    const rows = await withTables((db) => {
      const write = (station: string, sentMs: number, dueMs: number | null) =>
        notices.writeNotice(db, {
          ...NOTHING_TOLD,
          type: "relay.lane.gap",
          subject: "rt_1",
          station,
          data: "{}",
          atMs: NOW,
          sentMs,
          dueMs,
        });
      write("due", NOW + DAY_MS, NOW + DAY_MS + NOTICE_EVERY_MS);
      write("held", NOW, NOW + NOTICE_EVERY_MS);
      write("over", NOW + DAY_MS, null);
      write("holding", NOW, null);
      notices.deleteOverNotices(db, NOW, NOTICE_EVERY_MS);
      const times = { nowMs: NOW, longestMs: NOTICE_EVERY_MS };
      const due = notices.listDueNotices(db, times, 10).map(({ station }) => station);
      return { due, count: notices.countNotices(db) };
    });
    expect(rows).toEqual({ due: ["due"], count: 3 });
  });
});

describe("a route that was made by a clock that was a day ahead", () => {
  it.each([
    ["owes all events of which it is in doubt whether they came before it", DAY_MS, [["rt_1", 0]]],
    ["owes those alone that came after it, if the clock is right", -1, [["rt_1", 1]]],
  ])("%s", async (_name, aheadMs, expected) => {
    const owed = await withStation(({ storage }) => {
      const db = new Database(storage);
      const journal = new Journal(db, "a");
      const routes = new StationRoutes(db, journal);
      const incoming = [-5_000, 0, 5_000].map((atMs, at) => ({
        id: `e${at}`,
        type: "session.updated",
        source: "src_1",
        createdAtMs: NOW + atMs,
        receivedAtMs: NOW + atMs,
        body: "{}",
        replayable: false,
      }));
      journal.append(incoming, () => []);
      const [changed] = routes.take({
        version: 1,
        routes: [routeMadeAt(NOW + aheadMs)],
        keyIds: [],
      });
      if (changed !== undefined) routes.owe(changed, 3, NOW + 6_000);
      return [...journal.owed];
    });
    expect(owed).toEqual(expected);
  });
});

describe("AlarmClock", () => {
  it("rings soon when it is asked for anything after the clock was set back", async () => {
    const isFar = await withStation(async (state) => {
      const nowMs = Date.now();
      const clock = new AlarmClock(state, false);
      clock.wakeAt(nowMs + 3_600_000);
      const asked: (number | null)[] = [];
      for (const backMs of [0, 500, DAY_MS]) {
        vi.spyOn(Date, "now").mockReturnValue(nowMs - backMs);
        clock.wakeAt(nowMs + DAY_MS);
        asked.push(await state.storage.getAlarm());
      }
      await state.storage.deleteAlarm();
      return asked.map((atMs) => (atMs ?? 0) > nowMs + 60_000);
    });
    expect(isFar).toEqual([true, true, false]);
  });
});

function routeMadeAt(createdAtMs: number): StationRoute {
  return {
    id: "rt_1",
    url: "https://hooks.example.com/",
    enabled: true,
    changedAtMs: createdAtMs,
    createdAtMs,
    filter: {},
    format: "event",
    timeoutMs: 1_000,
    scheduleSeconds: [1],
    onExhausted: "dead_letter",
    sealedSecrets: "",
    edrvScheme: "timestamped",
  };
}
