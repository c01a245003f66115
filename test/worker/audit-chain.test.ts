import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { AuditVerifier, MAX_AUDIT_ENTRIES } from "../../src/domain/audit-chain.ts";
import { Audit } from "../../src/objects/tenant-audit.ts";
import { Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { tenantMigrations } from "../../src/store/tenant-schema.ts";
import type { TestTenant } from "../support/api.ts";
import { newTenant } from "./support.ts";

const Entry = z.object({
  number: z.number(),
  at: z.string(),
  key: z.string().nullable(),
  action: z.string(),
  target: z.string(),
  detail: z.unknown(),
  hash: z.string().nullable(),
  previousHash: z.string().nullable(),
});
const Page = z.object({ items: z.array(Entry), next: z.string().nullable() });

afterEach(() => reset());

/** What somebody finds who downloads the log page by page. */
async function verify(tenant: TestTenant) {
  const verifier = new AuditVerifier();
  for (let query = "?limit=2"; ; ) {
    const { items, next } = Page.parse((await tenant.call("GET", `/v1/audit${query}`)).body);
    for (const entry of items) verifier.take(entry);
    if (next === null) return verifier.finish();
    query = `?limit=2&after=${next}`;
  }
}

const inTenant = <T>(id: string, run: (db: Database) => T) =>
  runInDurableObject(env.TENANT.getByName(id), (_instance, { storage }) =>
    run(new Database(storage)),
  );

/** A log of five entries with all kinds of details. */
async function tenantWithHistory(): Promise<TestTenant> {
  const tenant = await newTenant();
  const { id } = await tenant.source({ name: "Ladesäule ⚡ 1" });
  await tenant.call("PATCH", `/v1/sources/${id}`, { scheme: "body", silentAfterSeconds: 60 });
  const match = { "data.status": { $in: ["Started", null, 1.5e21] } };
  await tenant.route("https://hooks.example.com/in", { filter: { match } });
  await tenant.call("POST", "/v1/keys", { name: "screen", role: "reader" });
  await tenant.call("DELETE", `/v1/sources/${id}`);
  return tenant;
}

describe("the audit log's chain", () => {
  it("holds from the first entry on, as read through the API", async () => {
    const tenant = await tenantWithHistory();
    expect(await verify(tenant)).toEqual({
      count: 5,
      unchained: 0,
      head: expect.stringMatching(/^[0-9a-f]{64}$/),
      firstBreak: null,
    });
    const { items } = Page.parse((await tenant.call("GET", "/v1/audit")).body);
    expect(items.map(({ number }) => number)).toEqual([5, 4, 3, 2, 1]);
    expect(items.map(({ previousHash }) => previousHash)).toEqual([
      ...items.slice(1).map(({ hash }) => hash),
      null,
    ]);
  });

  it.each([
    ["who", "UPDATE audit SET key_id = 'key_x' WHERE number = 3", 3],
    ["when", "UPDATE audit SET at_ms = at_ms - 1 WHERE number = 3", 3],
    ["what", "UPDATE audit SET action = 'route.deleted' WHERE number = 3", 3],
    ["of what", "UPDATE audit SET target = 'rt_x' WHERE number = 3", 3],
    ["the detail", "UPDATE audit SET detail = '{}' WHERE number = 3", 3],
    ["the hash", "UPDATE audit SET hash = 'aa' WHERE number = 3", 3],
    [
      "that it was hashed",
      "UPDATE audit SET hash = NULL, previous_hash = NULL WHERE number = 3",
      3,
    ],
    ["that it was there", "DELETE FROM audit WHERE number = 3", 4],
    ["that the oldest were there", "DELETE FROM audit WHERE number <= 2", 3],
  ])("tells of a row in which %s was changed", async (_what, sql, number) => {
    const tenant = await tenantWithHistory();
    await inTenant(tenant.id, (db) => db.run(sql));
    expect((await verify(tenant)).firstBreak).toMatchObject({ number });
  });

  it("begins after the entries of earlier versions, and says which these are", async () => {
    const tenant = await newTenant();
    await inTenant(tenant.id, (db) => {
      for (const target of ["src_1", "src_2"]) {
        db.run(
          "INSERT INTO audit (at_ms, key_id, action, target, detail) VALUES (1, NULL, 'source.deleted', ?, '{}')",
          target,
        );
      }
    });
    await tenant.source();
    await tenant.source();
    expect(await verify(tenant)).toMatchObject({ count: 4, unchained: 2, firstBreak: null });
    expect((await tenant.call("GET", "/v1/audit")).body).toMatchObject({
      items: [
        { number: 4, hash: expect.any(String), previousHash: expect.any(String) },
        { number: 3, hash: expect.any(String), previousHash: null },
        { number: 2, hash: null, previousHash: null },
        { number: 1, hash: null, previousHash: null },
      ],
    });
  });

  it("keeps the rows of earlier versions when the columns come", async () => {
    await runInDurableObject(env.TENANT.getByName("before"), (_instance, { storage }) => {
      const db = new Database(storage);
      const first = tenantMigrations.findIndex(({ name }) => name === "007_audit_chain");
      migrate(db, tenantMigrations.slice(0, first));
      db.run(
        "INSERT INTO audit (at_ms, key_id, action, target, detail) VALUES (1, 'k', 'a', 't', '{}')",
      );
      migrate(db, tenantMigrations);
      const audit = new Audit(db);
      audit.record("k", "source.deleted", "src_1");
      expect(audit.list(Number.MAX_SAFE_INTEGER, 10).items).toMatchObject([
        { number: 2, previousHash: null, hash: expect.any(String) },
        { number: 1, previousHash: null, hash: null },
      ]);
    });
  });

  it("can be verified from the oldest entry kept, when older ones have gone", async () => {
    const { id } = await newTenant();
    await inTenant(id, (db) => {
      const audit = new Audit(db);
      for (let count = 1; count <= MAX_AUDIT_ENTRIES; count += 1) {
        audit.record(null, "key.created", `key_${count}`);
      }
      const report = () => {
        const verifier = new AuditVerifier();
        const { items } = audit.list(Number.MAX_SAFE_INTEGER, 20_000);
        for (const entry of items) verifier.take(entry);
        return [items.at(-1)?.number, verifier.finish()];
      };
      const holds = { count: MAX_AUDIT_ENTRIES, unchained: 0, firstBreak: null };
      expect(report()).toEqual([1, { ...holds, head: expect.any(String) }]);
      const before = db.rowsWritten;
      audit.record(null, "key.deleted", "key_1");
      expect(db.rowsWritten - before).toBe(2);
      audit.record(null, "key.deleted", "key_2");
      expect(report()).toEqual([3, { ...holds, head: expect.any(String) }]);
    });
  });

  it("is written with its entry in one row", async () => {
    const { id } = await newTenant();
    await inTenant(id, (db) => {
      new Audit(db).record(null, "key.created", "key_1");
      expect(db.rowsWritten).toBe(1);
    });
  });
});
