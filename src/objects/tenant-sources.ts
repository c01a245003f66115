import { type Actor, changesBetween } from "../domain/audit.ts";
import { MAX_LIVE_SECRETS, MAX_SOURCES } from "../domain/config-plan.ts";
import type { NewSecret, NewSource, SourcePatch } from "../domain/control.ts";
import { changedAt } from "../domain/entity-tag.ts";
import { MAX_CLOCK_LEAD_MS } from "../domain/event.ts";
import type { SourceNotice } from "../domain/notice.ts";
import { type Page, pageOf } from "../domain/page.ts";
import {
  heedClock,
  noteEveryMs,
  REFUSAL_WINDOW_MS,
  refusalBurst,
  silentAtMs,
} from "../domain/source-health.ts";
import type { Config } from "../env.ts";
import type { Database } from "../store/database.ts";
import {
  countRefusals,
  listWatchedSources,
  markSilenceTold,
  setLastEvent,
  type WatchedSourceRow,
} from "../store/source-health-store.ts";
import * as store from "../store/tenant-store.ts";
import type { Audit } from "./tenant-audit.ts";
import type { Changes } from "./tenant-changes.ts";
import { changeSource, makeSource, sealSourceSecret } from "./tenant-source-rows.ts";
import * as views from "./tenant-views.ts";

/** A source as the edge needs it to verify. Secrets stay sealed until there. */
export interface IngestSource {
  readonly enabled: boolean;
  readonly scheme: string;
  readonly schemeSeen: string | null;
  readonly toleranceSeconds: number;
  /** How often the edge notes that events come in, at most. */
  readonly noteEveryMs: number;
  readonly secrets: readonly {
    readonly id: string;
    readonly sealed: string;
    readonly expiresAtMs: number | null;
  }[];
}

export interface RefusalCount {
  readonly atMs: number;
  readonly reason: string;
  readonly count: number;
  /** A few refused requests: time, size, the sender's address prefix. Never a body or a signature. */
  readonly samples: readonly {
    readonly at: string;
    readonly size: number;
    readonly from: string;
  }[];
}

/** The settings, and what becomes of a source's troubles. The latter is part of the turn's transaction. */
export interface SourceWorld {
  readonly tenant: string;
  readonly config: () => Promise<Config>;
  readonly announce: (notice: SourceNotice, nowMs: number) => void;
  readonly countRefused: (times: number, nowMs: number) => void;
  readonly wakeAt: (atMs: number) => void;
}

/** The tenant's ingest URLs and their signing secrets, for TenantObject. */
export class Sources {
  readonly #db: Database;
  readonly #id: string;
  readonly #audit: Audit;
  readonly #changes: Changes;
  readonly #world: SourceWorld;

  constructor(db: Database, audit: Audit, changes: Changes, world: SourceWorld) {
    this.#db = db;
    this.#id = world.tenant;
    this.#audit = audit;
    this.#changes = changes;
    this.#world = world;
  }

  list(after: string, limit: number): Page<views.SourceView> {
    const rows = store.listSources(this.#db, after, limit + 1);
    return pageOf(
      rows,
      limit,
      (row) => this.#sourceView(row),
      ({ id }) => id,
    );
  }

  get(id: string): views.SourceView | null {
    const row = store.readSource(this.#db, id);
    return row === null ? null : this.#sourceView(row);
  }

  /** Null when there are {@link MAX_SOURCES}. */
  create(input: NewSource, actor: Actor): Promise<views.SourceView | null> {
    return this.#changes.alone(async () => {
      if (store.countSources(this.#db) >= MAX_SOURCES) return null;
      const { ids, sealer } = await this.#world.config();
      const id = await ids.sourceId(this.#id);
      const secret =
        input.secret === undefined
          ? null
          : await sealSourceSecret(this.#id, id, input.secret, sealer);
      const row = makeSource(id, input, Date.now());
      this.storeNew(row, secret, actor);
      return this.#sourceView(row);
    });
  }

  /** Null when there is none. */
  update(
    id: string,
    patch: SourcePatch,
    actor: Actor,
    ifMatch: string | null,
  ): Promise<views.SourceView | null | "precondition_failed"> {
    const find = () => store.readSource(this.#db, id);
    return this.#changes.aloneTo({ find, whenMissing: null, ifMatch }, async (row) => {
      const changed = changeSource(row, patch, Date.now());
      const after = this.#sourceView(changed);
      this.storeChanged(row, changed, actor);
      this.watch(Date.now());
      return after;
    });
  }

  delete(
    id: string,
    actor: Actor,
    ifMatch: string | null,
  ): Promise<boolean | "precondition_failed"> {
    const find = () => store.readSource(this.#db, id);
    return this.#changes.aloneTo({ find, whenMissing: false, ifMatch }, async (row) => {
      this.storeDeleted(row, actor);
      return true;
    });
  }

  /** A new secret beside the ones before it, which end after the given time. */
  addSecret(
    sourceId: string,
    input: NewSecret,
    actor: Actor,
  ): Promise<views.SecretView | "not_found" | "limit_reached"> {
    return this.#changes.alone(async () => {
      const row = store.readSource(this.#db, sourceId);
      if (row === null) return "not_found";
      const { sealer } = await this.#world.config();
      const secret = await sealSourceSecret(this.#id, sourceId, input.secret, sealer);
      const nowMs = Date.now();
      const before = store.listSecrets(this.#db, sourceId, nowMs);
      const staying = input.expirePreviousAfterSeconds > 0 ? before.length : 0;
      if (staying >= MAX_LIVE_SECRETS) return "limit_reached";
      this.storeSecret(row, secret, input.expirePreviousAfterSeconds, actor);
      return views.secretView(secret);
    });
  }

  deleteSecret(sourceId: string, id: string, actor: Actor): Promise<boolean> {
    return this.#changes.alone(async () => {
      const row = store.readSource(this.#db, sourceId);
      if (row === null || !store.deleteSecret(this.#db, sourceId, id)) return false;
      this.#touch(row);
      this.#audit.record(actor, "source.secret_deleted", sourceId, { secret: id });
      return true;
    });
  }

  refusals(sourceId: string, before: number, limit: number): Page<views.RefusalView> | null {
    if (store.readSource(this.#db, sourceId) === null) return null;
    const rows = store.listRefusals(this.#db, sourceId, before, limit + 1);
    return pageOf(rows, limit, views.refusalView, ({ id }) => String(id));
  }

  forIngest(id: string): IngestSource | null {
    const row = store.readSource(this.#db, id);
    if (row === null) return null;
    const secrets = store.listSecrets(this.#db, id, Date.now());
    return {
      enabled: row.enabled === 1,
      scheme: row.scheme,
      schemeSeen: row.schemeSeen,
      toleranceSeconds: row.toleranceSeconds,
      noteEveryMs: noteEveryMs(row.silentAfterSeconds),
      secrets: secrets.map(({ id: secretId, sealed, expiresAtMs }) => ({
        id: secretId,
        sealed,
        expiresAtMs,
      })),
    };
  }

  note(id: string, schemeSeen: string, atMs: number): void {
    store.noteSource(this.#db, id, schemeSeen, { atMs, maxLeadMs: MAX_CLOCK_LEAD_MS });
    this.watch(Date.now());
  }

  noteRefusals(sourceId: string, refusals: readonly RefusalCount[]): void {
    if (store.readSource(this.#db, sourceId) === null) return;
    const nowMs = Date.now();
    const before = countRefusals(this.#db, sourceId, nowMs - REFUSAL_WINDOW_MS);
    const rows = refusals.map((refusal) => ({
      ...refusal,
      samples: JSON.stringify(refusal.samples),
    }));
    store.insertRefusals(this.#db, sourceId, rows);
    this.#world.countRefused(
      refusals.reduce((sum, { count }) => sum + count, 0),
      nowMs,
    );
    const burst = refusalBurst(before, refusals);
    if (burst === null) return;
    const { count, reasons } = burst;
    const type = "relay.source.refusing";
    this.#world.announce({ type, source: sourceId, count, data: { reasons } }, nowMs);
  }

  /**
   * Announces the sources that have gone silent, each silence once, and asks for the alarm for
   * when the next one may have. While one is set for then or before, it stays: an event moves none.
   */
  watch(nowMs: number): void {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const row of listWatchedSources(this.#db)) {
      const source = heedClock(row, nowMs);
      const { id, lastEventAtMs } = source;
      if (lastEventAtMs !== row.lastEventAtMs) setLastEvent(this.#db, id, lastEventAtMs);
      const atMs = silentAtMs(source);
      if (atMs <= nowMs) this.#announceSilence(source, nowMs);
      else nextMs = Math.min(nextMs, atMs);
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#world.wakeAt(nextMs);
  }

  #announceSilence({ id, lastEventAtMs, silentAfterSeconds }: WatchedSourceRow, nowMs: number) {
    markSilenceTold(this.#db, id);
    const lastEventAt = new Date(lastEventAtMs).toISOString();
    const data = { lastEventAt, silentAfterSeconds };
    this.#world.announce({ type: "relay.source.silent", source: id, data }, nowMs);
  }

  // What stores a change, with its entry in the audit log: one turn, or one transaction.

  storeNew(row: store.SourceRow, secret: store.SecretRow | null, actor: Actor): void {
    store.writeSource(this.#db, row);
    if (secret !== null) store.insertSecret(this.#db, secret);
    const { name, scheme } = row;
    this.#audit.record(actor, "source.created", row.id, { name, scheme });
  }

  storeChanged(row: store.SourceRow, changed: store.SourceRow, actor: Actor): void {
    const changes = changesBetween(this.#sourceView(row), this.#sourceView(changed));
    store.writeSource(this.#db, changed);
    this.#audit.record(actor, "source.changed", row.id, { ...changes });
  }

  storeSecret(
    row: store.SourceRow,
    secret: store.SecretRow,
    expirePreviousAfterSeconds: number,
    actor: Actor,
  ): void {
    this.#touch(row);
    const { id, sourceId, hint } = secret;
    const nowMs = Date.now();
    store.expireSecrets(this.#db, sourceId, nowMs + expirePreviousAfterSeconds * 1000, nowMs);
    store.insertSecret(this.#db, secret);
    const detail = { secret: id, hint, expirePreviousAfterSeconds };
    this.#audit.record(actor, "source.secret_added", sourceId, detail);
  }

  storeDeleted({ id }: store.SourceRow, actor: Actor): void {
    store.deleteSource(this.#db, id);
    this.#audit.record(actor, "source.deleted", id);
  }

  /** Its secrets are part of a source: who reads them sees that it has changed. */
  #touch(row: store.SourceRow): void {
    const updatedAtMs = changedAt(row.updatedAtMs, Date.now());
    store.writeSource(this.#db, { ...row, updatedAtMs });
  }

  #sourceView(row: store.SourceRow): views.SourceView {
    return views.sourceView(row, store.listSecrets(this.#db, row.id, Date.now()));
  }
}
