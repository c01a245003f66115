import type { Migration } from "./migrate.ts";

/** StationObject's tables; docs/storage.md describes them. Append only; never edit an entry that has shipped. */
export const stationMigrations: readonly Migration[] = [
  {
    name: "001_log",
    sql: `
      -- A ring: slot = (seq - 1) % capacity. Small columns first, so that a look at them
      -- does not read the body.
      CREATE TABLE log (
        slot           INTEGER PRIMARY KEY,
        seq            INTEGER NOT NULL,
        event_id       TEXT    NOT NULL,
        type           TEXT    NOT NULL,
        source         TEXT    NOT NULL,
        late           INTEGER NOT NULL,
        occurred_at_ms INTEGER NOT NULL,
        received_at_ms INTEGER NOT NULL,
        head           TEXT    NOT NULL,
        body           TEXT    NOT NULL
      );
      CREATE TABLE ring (id INTEGER PRIMARY KEY, capacity INTEGER NOT NULL, epoch TEXT NOT NULL);
      CREATE TABLE config (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, routes TEXT NOT NULL);
      CREATE TABLE lanes (
        route_id      TEXT PRIMARY KEY,
        cursor        INTEGER NOT NULL,
        prev_seq      INTEGER,
        head_seq      INTEGER,
        attempts      INTEGER NOT NULL,
        refusals      INTEGER NOT NULL,
        not_before_ms INTEGER,
        gap_first     INTEGER,
        gap_last      INTEGER
      ) WITHOUT ROWID;
    `,
  },
  {
    name: "002_attempt_log",
    sql: `
      ALTER TABLE lanes ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE lanes ADD COLUMN attempt_log TEXT NOT NULL DEFAULT '[]';
      UPDATE lanes SET failures = attempts - refusals;
    `,
  },
  {
    name: "003_totals",
    sql: `
      -- JSON: what the station has done when this row was written (domain/usage.ts).
      ALTER TABLE lanes ADD COLUMN totals TEXT NOT NULL DEFAULT '[]';
    `,
  },
];
