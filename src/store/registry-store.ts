import type { Database } from "./database.ts";
import type { Migration } from "./migrate.ts";

/** RegistryObject's tables; docs/storage.md describes them. Append only; never edit an entry that has shipped. */
export const registryMigrations: readonly Migration[] = [
  {
    name: "001_tenants",
    sql: `CREATE TABLE tenants (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at_ms INTEGER NOT NULL
    ) WITHOUT ROWID`,
  },
];

export type RegisteredTenant = {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
};

export function putTenant(db: Database, { id, name, createdAtMs }: RegisteredTenant): void {
  db.run(
    "INSERT OR IGNORE INTO tenants (id, name, created_at_ms) VALUES (?, ?, ?)",
    id,
    name,
    createdAtMs,
  );
}

export function findTenant(db: Database, id: string): RegisteredTenant | null {
  return db.first<RegisteredTenant>(
    "SELECT id, name, created_at_ms AS createdAtMs FROM tenants WHERE id = ?",
    id,
  );
}

export function listTenants(db: Database, after: string, limit: number): RegisteredTenant[] {
  return db.all<RegisteredTenant>(
    "SELECT id, name, created_at_ms AS createdAtMs FROM tenants WHERE id > ? ORDER BY id LIMIT ?",
    after,
    limit,
  );
}

export function deleteTenant(db: Database, id: string): void {
  db.run("DELETE FROM tenants WHERE id = ?", id);
}
