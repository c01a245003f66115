import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";

import { Database } from "../../src/store/database.ts";
import {
  deadLetterFill,
  listDeadLetters,
  readLetterEvent,
} from "../../src/store/dead-letter-store.ts";
import { feedMigrations } from "../../src/store/feed-schema.ts";
import { troubleOf } from "../../src/store/health-store.ts";
import { exists, type Migration, migrate } from "../../src/store/migrate.ts";
import { registryMigrations } from "../../src/store/registry-store.ts";
import { readRoute, writeRoute } from "../../src/store/route-store.ts";
import { stationMigrations } from "../../src/store/station-schema.ts";
import { readLanes } from "../../src/store/station-store.ts";
import { tenantMigrations } from "../../src/store/tenant-schema.ts";

afterEach(() => reset());

const withDatabase = (name: string, run: (db: Database) => void) =>
  runInDurableObject(env.STATION.getByName(name), (_instance, { storage }) =>
    run(new Database(storage)),
  );

const placeOf = (migrations: readonly Migration[], sought: string) =>
  migrations.findIndex(({ name }) => name === sought);

const first: Migration = { name: "001_first", sql: "CREATE TABLE first (a)" };
const second: Migration = { name: "002_second", sql: "ALTER TABLE first ADD COLUMN b DEFAULT 7" };

describe("migrate", () => {
  it("runs what is new and keeps what is there", async () => {
    await withDatabase("t/new", (db) => {
      migrate(db, [first]);
      db.run("INSERT INTO first (a) VALUES (1)");
      migrate(db, [first, second]);
      migrate(db, [first, second]);
      expect(db.all("SELECT a, b FROM first")).toEqual([{ a: 1, b: 7 }]);
    });
  });

  it("refuses an object whose history differs from the list", async () => {
    await withDatabase("t/differs", (db) => {
      migrate(db, [first]);
      expect(() => migrate(db, [{ ...first, name: "001_renamed" }])).toThrow(/001_first/);
      expect(() => migrate(db, [])).toThrow(/001_first/);
    });
  });

  it("leaves nothing of a migration that fails half way", async () => {
    await withDatabase("t/fails", (db) => {
      const broken = { name: "001", sql: "CREATE TABLE half (a); SELECT nonsense FROM nowhere" };
      expect(() => migrate(db, [broken])).toThrow();
      expect(db.all("SELECT name FROM sqlite_master WHERE name = 'half'")).toEqual([]);
      expect(exists(db)).toBe(false);
    });
  });

  it("gives routes of the first version no limits and no hints", async () => {
    await withDatabase("t/routes", (db) => {
      migrate(db, tenantMigrations.slice(0, 1));
      db.run(
        `INSERT INTO routes (id, name, url, enabled, health, filter, format, header_names,
           timeout_ms, schedule, on_exhausted, edrv_scheme, sealed_secrets, created_at_ms, updated_at_ms)
         VALUES ('rt_1', 'r', 'https://a.example.com/', 1, 'healthy', '{}', 'raw', '[]',
           10000, '[1]', 'park', 'body', 's1.x', 1, 2)`,
      );
      migrate(db, tenantMigrations);
      const route = readRoute(db, "rt_1");
      expect(route).toMatchObject({
        name: "r",
        ratePerSecond: null,
        concurrency: null,
        signingHints: "[]",
      });
      if (route === null) return;
      const changed = { ...route, ratePerSecond: 0.5, concurrency: 3, signingHints: "[1]" };
      writeRoute(db, changed);
      expect(readRoute(db, "rt_1")).toEqual(changed);
    });
  });

  it.each([
    ["station", stationMigrations],
    ["feed", feedMigrations],
    ["tenant", tenantMigrations],
    ["registry", registryMigrations],
  ])("brings a new %s up to date", async (name, migrations) => {
    await withDatabase(`t/${name}`, (db) => {
      expect(exists(db)).toBe(false);
      migrate(db, migrations);
      expect(exists(db)).toBe(true);
    });
  });

  it("knows lanes as blocked that were so before their trouble had kinds", async () => {
    await withDatabase("t/blocked", (db) => {
      migrate(db, tenantMigrations.slice(0, placeOf(tenantMigrations, "003_route_health")));
      db.run("INSERT INTO blocked (route_id, station) VALUES ('rt_1', 'cs1')");
      migrate(db, tenantMigrations);
      expect(troubleOf(db, "rt_1", "cs1")).toBe("blocked");
    });
  });

  it("counts as failures the attempts of the first version that were not refused", async () => {
    await withDatabase("t/lanes", (db) => {
      migrate(db, stationMigrations.slice(0, placeOf(stationMigrations, "002_attempt_log")));
      db.run("INSERT INTO lanes (route_id, cursor, attempts, refusals) VALUES ('rt_1', 4, 3, 1)");
      migrate(db, stationMigrations);
      expect(readLanes(db)).toMatchObject([{ cursor: 4, attempts: 3, failures: 2, refusals: 1 }]);
    });
  });

  it("keeps dead letters from before they held their event", async () => {
    await withDatabase("t/letters", (db) => {
      migrate(db, tenantMigrations.slice(0, placeOf(tenantMigrations, "005_replays")));
      db.run(
        `INSERT INTO dead_letters (number, route_id, station, seq, event_id, type, attempts,
           last_answer, snippet, at_ms)
         VALUES (7, 'rt_1', 'cs1', 3, 'e3', 'session.updated', 2, 'HTTP 500', 'no', 9)`,
      );
      migrate(db, tenantMigrations);
      expect(listDeadLetters(db, "rt_1", 0, 10)).toMatchObject([
        { number: 7, station: "cs1", seq: 3, eventId: "e3", lastAnswer: "HTTP 500", source: null },
      ]);
      expect(readLetterEvent(db, 7)).toBeNull();
      expect(deadLetterFill(db)).toEqual({ letters: 1, bytes: 0 });
    });
  });
});
