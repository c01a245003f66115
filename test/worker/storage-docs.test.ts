import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";

import storage from "../../docs/storage.md?raw";
import { Database } from "../../src/store/database.ts";
import { feedMigrations } from "../../src/store/feed-schema.ts";
import { migrate } from "../../src/store/migrate.ts";
import { registryMigrations } from "../../src/store/registry-store.ts";
import { stationMigrations } from "../../src/store/station-schema.ts";
import { tenantMigrations } from "../../src/store/tenant-schema.ts";

afterEach(() => reset());

describe("docs/storage.md", () => {
  it.each([
    ["StationObject", stationMigrations],
    ["FeedObject", feedMigrations],
    ["TenantObject", tenantMigrations],
    ["RegistryObject", registryMigrations],
  ])("names every table and column of %s", async (object, migrations) => {
    const section = storage.split(/^## /m).find((part) => part.startsWith(object)) ?? "";
    const missing = await runInDurableObject(
      env.STATION.getByName(`docs/${object}`),
      (_instance, { storage: host }) => {
        const db = new Database(host);
        migrate(db, migrations);
        const columns = db.all<{ table: string; column: string }>(
          `SELECT tables.name AS "table", columns.name AS "column"
           FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
           WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite%'
             AND tables.name NOT LIKE '\\_cf%' ESCAPE '\\' AND tables.name <> 'migrations'
             AND NOT (columns.name = 'id' AND columns.type = 'INTEGER')`,
        );
        expect(columns.length).toBeGreaterThan(2);
        return columns.filter(
          ({ table, column }) =>
            !section.includes(`\`${table}\``) || !section.includes(`\`${column}\``),
        );
      },
    );
    expect(missing).toEqual([]);
  });
});
