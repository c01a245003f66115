import type { Migration } from "./migrate.ts";

/** TenantObject's tables; docs/storage.md describes them. Append only; never edit an entry that has shipped. */
export const tenantMigrations: readonly Migration[] = [
  {
    name: "001_control_plane",
    sql: `
      CREATE TABLE tenant (
        id            INTEGER PRIMARY KEY,
        name          TEXT    NOT NULL,
        version       INTEGER NOT NULL,
        keys_version  INTEGER NOT NULL,
        removed       INTEGER NOT NULL,
        created_at_ms INTEGER NOT NULL
      );
      CREATE TABLE keys (
        id            TEXT PRIMARY KEY,
        name          TEXT    NOT NULL,
        role          TEXT    NOT NULL,
        hash          TEXT    NOT NULL,
        hint          TEXT    NOT NULL,
        created_at_ms INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE sources (
        id                   TEXT PRIMARY KEY,
        name                 TEXT    NOT NULL,
        enabled              INTEGER NOT NULL,
        scheme               TEXT    NOT NULL,
        scheme_seen          TEXT,
        tolerance_seconds    INTEGER NOT NULL,
        silent_after_seconds INTEGER NOT NULL,
        last_event_at_ms     INTEGER,
        created_at_ms        INTEGER NOT NULL,
        updated_at_ms        INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE source_secrets (
        id            TEXT PRIMARY KEY,
        source_id     TEXT    NOT NULL,
        sealed        TEXT    NOT NULL,
        hint          TEXT    NOT NULL,
        created_at_ms INTEGER NOT NULL,
        expires_at_ms INTEGER
      ) WITHOUT ROWID;
      CREATE TABLE refusals (
        id        INTEGER PRIMARY KEY,
        source_id TEXT    NOT NULL,
        at_ms     INTEGER NOT NULL,
        reason    TEXT    NOT NULL,
        count     INTEGER NOT NULL,
        samples   TEXT    NOT NULL
      );
      CREATE TABLE routes (
        id             TEXT PRIMARY KEY,
        name           TEXT    NOT NULL,
        url            TEXT    NOT NULL,
        enabled        INTEGER NOT NULL,
        health         TEXT    NOT NULL,
        filter         TEXT    NOT NULL,
        format         TEXT    NOT NULL,
        header_names   TEXT    NOT NULL,
        auth_type      TEXT,
        timeout_ms     INTEGER NOT NULL,
        schedule       TEXT    NOT NULL,
        on_exhausted   TEXT    NOT NULL,
        edrv_scheme    TEXT    NOT NULL,
        sealed_secrets TEXT    NOT NULL,
        created_at_ms  INTEGER NOT NULL,
        updated_at_ms  INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE blocked (
        route_id TEXT NOT NULL,
        station  TEXT NOT NULL,
        PRIMARY KEY (route_id, station)
      ) WITHOUT ROWID;
      CREATE TABLE subscribed (
        station TEXT PRIMARY KEY,
        version INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE dead_letters (
        number      INTEGER PRIMARY KEY,
        route_id    TEXT    NOT NULL,
        station     TEXT    NOT NULL,
        seq         INTEGER NOT NULL,
        event_id    TEXT    NOT NULL,
        type        TEXT    NOT NULL,
        attempts    INTEGER NOT NULL,
        last_answer TEXT    NOT NULL,
        snippet     TEXT    NOT NULL,
        at_ms       INTEGER NOT NULL
      );
      CREATE INDEX dead_letters_by_event ON dead_letters (route_id, station, seq);
      CREATE TABLE quarantine (
        number         INTEGER PRIMARY KEY,
        id             TEXT    NOT NULL UNIQUE,
        source_id      TEXT    NOT NULL,
        reason         TEXT    NOT NULL,
        received_at_ms INTEGER NOT NULL,
        size           INTEGER NOT NULL,
        body           BLOB    NOT NULL
      );
    `,
  },
  {
    name: "002_route_limits",
    sql: `
      ALTER TABLE routes ADD COLUMN signing_hints TEXT NOT NULL DEFAULT '[]';
      ALTER TABLE routes ADD COLUMN rate_per_second REAL;
      ALTER TABLE routes ADD COLUMN concurrency INTEGER;
    `,
  },
  {
    name: "003_route_health",
    sql: `
      -- Only routes that are not healthy. breaker: JSON of Breaker (domain/breaker.ts).
      CREATE TABLE route_health (
        route_id TEXT PRIMARY KEY,
        open     INTEGER NOT NULL,
        breaker  TEXT    NOT NULL
      ) WITHOUT ROWID;
      -- kind: waiting (its head is tried again by its schedule), blocked (nothing may be
      -- attempted: its station is woken when that changes), parked (it waits for a person).
      CREATE TABLE troubled_lanes (
        route_id  TEXT    NOT NULL,
        station   TEXT    NOT NULL,
        kind      TEXT    NOT NULL,
        since_ms  INTEGER NOT NULL,
        tried_ms  INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (route_id, station)
      ) WITHOUT ROWID;
      INSERT INTO troubled_lanes (route_id, station, kind, since_ms)
        SELECT route_id, station, 'blocked', 0 FROM blocked;
      DROP TABLE blocked;
    `,
  },
  {
    name: "004_notices",
    sql: `
      CREATE TABLE notices (
        type          TEXT    NOT NULL,
        subject       TEXT    NOT NULL,
        station       TEXT    NOT NULL,
        data          TEXT    NOT NULL,
        at_ms         INTEGER NOT NULL,
        pending_count INTEGER NOT NULL,
        sending_id    TEXT,
        sending_count INTEGER NOT NULL,
        sending_ms    INTEGER NOT NULL,
        sent_ms       INTEGER,
        due_ms        INTEGER,
        PRIMARY KEY (type, subject, station)
      ) WITHOUT ROWID;
      ALTER TABLE sources ADD COLUMN silence_told_ms INTEGER;
    `,
  },
  {
    name: "005_replays",
    sql: `
      CREATE TABLE audit (
        number INTEGER PRIMARY KEY,
        at_ms  INTEGER NOT NULL,
        key_id TEXT,
        action TEXT    NOT NULL,
        target TEXT    NOT NULL,
        detail TEXT    NOT NULL
      );
      CREATE TABLE replays (
        number         INTEGER PRIMARY KEY,
        id             TEXT    NOT NULL UNIQUE,
        kind           TEXT    NOT NULL,
        route_id       TEXT    NOT NULL,
        from_ms        INTEGER,
        to_ms          INTEGER,
        matched        INTEGER NOT NULL,
        delivered      INTEGER NOT NULL,
        failed         INTEGER NOT NULL,
        counted_to     TEXT,
        cancelled      INTEGER NOT NULL,
        created_at_ms  INTEGER NOT NULL,
        finished_at_ms INTEGER,
        stations       TEXT,
        types          TEXT
      );
      CREATE INDEX replays_unfinished ON replays (number) WHERE finished_at_ms IS NULL;
      -- One row per station that has something left to send.
      CREATE TABLE replay_stations (
        replay_id     TEXT    NOT NULL,
        station       TEXT    NOT NULL,
        place         INTEGER NOT NULL,
        after_seq     INTEGER NOT NULL,
        until_seq     INTEGER NOT NULL,
        attempts      INTEGER NOT NULL,
        refusals      INTEGER NOT NULL,
        not_before_ms INTEGER,
        PRIMARY KEY (replay_id, station)
      ) WITHOUT ROWID;
      ALTER TABLE dead_letters RENAME TO dead_letters_before;
      -- No number is used twice, so that an id stays its letter's. The event's columns are null
      -- in letters that were kept without it; the body is last, so that lists do not read it.
      CREATE TABLE dead_letters (
        number         INTEGER PRIMARY KEY AUTOINCREMENT,
        route_id       TEXT    NOT NULL,
        station        TEXT    NOT NULL,
        seq            INTEGER NOT NULL,
        event_id       TEXT    NOT NULL,
        type           TEXT    NOT NULL,
        attempts       INTEGER NOT NULL,
        last_answer    TEXT    NOT NULL,
        snippet        TEXT    NOT NULL,
        at_ms          INTEGER NOT NULL,
        replay_id      TEXT,
        size           INTEGER NOT NULL,
        source         TEXT,
        late           INTEGER,
        occurred_at_ms INTEGER,
        received_at_ms INTEGER,
        body           TEXT
      );
      INSERT INTO dead_letters (number, route_id, station, seq, event_id, type, attempts,
          last_answer, snippet, at_ms, size)
        SELECT number, route_id, station, seq, event_id, type, attempts, last_answer, snippet,
          at_ms, 0
        FROM dead_letters_before;
      DROP TABLE dead_letters_before;
      CREATE INDEX dead_letters_by_event ON dead_letters (route_id, station, seq);
    `,
  },
  {
    name: "006_browsers",
    sql: `
      -- JSON: the origins that browsers may come from; empty for any.
      ALTER TABLE tenant ADD COLUMN allowed_origins TEXT NOT NULL DEFAULT '[]';
      -- Tickets that have opened their stream, until they can be used no more.
      CREATE TABLE tickets (
        id            TEXT PRIMARY KEY,
        stream        TEXT    NOT NULL,
        opened_at_ms  INTEGER NOT NULL,
        expires_at_ms INTEGER NOT NULL
      ) WITHOUT ROWID;
    `,
  },
  {
    name: "007_audit_chain",
    sql: `
      -- Null in entries from before: the chain begins with the first one after.
      ALTER TABLE audit ADD COLUMN hash TEXT;
      ALTER TABLE audit ADD COLUMN previous_hash TEXT;
    `,
  },
  {
    name: "008_retention",
    sql: `
      -- swept_to: the round under way has seen to the stations up to this one; null for none.
      ALTER TABLE tenant ADD COLUMN retention_days INTEGER NOT NULL DEFAULT 30;
      ALTER TABLE tenant ADD COLUMN swept_to TEXT;
      ALTER TABLE tenant ADD COLUMN sweep_due_ms INTEGER NOT NULL DEFAULT 0;
    `,
  },
  {
    name: "009_quarantine_release",
    sql: `
      -- The station that an entry is being released to; null until somebody asks for it.
      ALTER TABLE quarantine ADD COLUMN released_to TEXT;
    `,
  },
  {
    name: "010_usage",
    sql: `
      -- JSON of Totals (domain/usage.ts): counted here, and as the feed has counted the day.
      CREATE TABLE usage_days (
        day  TEXT PRIMARY KEY,
        own  TEXT NOT NULL,
        feed TEXT NOT NULL
      ) WITHOUT ROWID;
    `,
  },
];
