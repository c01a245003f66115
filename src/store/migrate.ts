import type { Database } from "./database.ts";

export interface Migration {
  /** Stable and unique; stored in the database, so renaming one is an error at start-up. */
  readonly name: string;
  readonly sql: string;
}

/** Whether this object has ever stored anything. Asking creates nothing. */
export function exists(db: Database): boolean {
  return db.first("SELECT 1 FROM sqlite_master WHERE name = 'migrations'") !== null;
}

/**
 * Bring one object's schema up to date. The list is append-only: objects that slept through
 * ten deploys run the ten in order, and an object whose history disagrees with ours refuses
 * to start rather than guess.
 */
export function migrate(db: Database, migrations: readonly Migration[]): void {
  db.transaction(() => {
    db.run("CREATE TABLE IF NOT EXISTS migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
    const applied = db.all<{ name: string }>("SELECT name FROM migrations ORDER BY id");
    applied.forEach(({ name }, index) => {
      const known = migrations[index]?.name;
      if (known !== name) {
        throw new Error(`migration ${index} is "${known}" here, "${name}" on disk`);
      }
    });
    for (const { name, sql } of migrations.slice(applied.length)) {
      db.run(sql);
      db.run("INSERT INTO migrations (name) VALUES (?)", name);
    }
  });
}
