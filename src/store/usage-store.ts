import type { Database } from "./database.ts";

/** JSON of Totals (domain/usage.ts): what the tenant has counted itself, and what its feed has told. */
export type UsageRow = {
  readonly day: string;
  readonly own: string;
  readonly feed: string;
};

export function readUsage(db: Database, day: string): UsageRow | null {
  return db.first<UsageRow>("SELECT day, own, feed FROM usage_days WHERE day = ?", day);
}

/** From the first to the last day, both among them, in their order. */
export function listUsage(db: Database, from: string, to: string): UsageRow[] {
  return db.all<UsageRow>(
    "SELECT day, own, feed FROM usage_days WHERE day BETWEEN ? AND ? ORDER BY day",
    from,
    to,
  );
}

/** One row; days before `oldest` go. */
export function writeUsage(db: Database, row: UsageRow, oldest: string): void {
  db.run(
    `INSERT INTO usage_days (day, own, feed) VALUES (?, ?, ?)
     ON CONFLICT (day) DO UPDATE SET own = excluded.own, feed = excluded.feed`,
    row.day,
    row.own,
    row.feed,
  );
  db.run("DELETE FROM usage_days WHERE day < ?", oldest);
}
