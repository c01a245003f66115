import type { Migration } from "./migrate.ts";

/** FeedObject's tables; docs/storage.md describes them. Append only; never edit an entry that has shipped. */
export const feedMigrations: readonly Migration[] = [
  {
    name: "001_segments",
    sql: `
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      -- A ring: slot = number % capacity. The newest segment grows by one update per flush
      -- until it is full; first and last are the offsets of its events.
      CREATE TABLE segments (
        slot   INTEGER PRIMARY KEY,
        number INTEGER NOT NULL,
        first  INTEGER NOT NULL,
        last   INTEGER NOT NULL,
        states TEXT    NOT NULL,
        events TEXT    NOT NULL
      );
      CREATE TABLE checkpoints (
        chunk  INTEGER NOT NULL,
        part   INTEGER NOT NULL,
        states TEXT    NOT NULL,
        PRIMARY KEY (chunk, part)
      ) WITHOUT ROWID;
    `,
  },
  {
    name: "002_usage",
    sql: `
      -- JSON of what was done on which day, as of this segment (feed-usage.ts); of the newest alone
      -- it is read.
      ALTER TABLE segments ADD COLUMN usage TEXT NOT NULL DEFAULT '';
    `,
  },
  {
    name: "003_metrics",
    sql: `
      -- JSON of what was counted in which minute (feed-metrics.ts), and the segment that has the
      -- minutes before.
      ALTER TABLE segments ADD COLUMN metrics TEXT NOT NULL DEFAULT '';
    `,
  },
];
