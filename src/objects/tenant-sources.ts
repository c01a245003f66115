import { type Actor, changesBetween } from "../domain/audit.ts";
import type { NewSecret, NewSource, SourcePatch } from "../domain/control.ts";
import { allowsChange, changedAt, entityTag } from "../domain/entity-tag.ts";
import { hintOf, randomId } from "../domain/ids.ts";
import type { SourceNotice } from "../domain/notice.ts";
import { type Page, pageOf } from "../domain/page.ts";
import { sourceSecretPurpose } from "../domain/route.ts";
import {
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
  type WatchedSourceRow,
} from "../store/source-health-store.ts";
import * as store from "../store/tenant-store.ts";
import type { Audit } from "./tenant-audit.ts";
import type { Changes } from "./tenant-changes.ts";
import * as views from "./tenant-views.ts";

export const MAX_SOURCES = 50;
export const MAX_LIVE_SECRETS = 10;

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
      const { ids } = await this.#world.config();
      const id = await ids.sourceId(this.#id);
      const secret = input.secret === undefined ? null : await this.#sealSecret(id, input.secret);
      const nowMs = Date.now();
      const row: store.SourceRow = {
        id,
        name: input.name,
        enabled: 1,
        scheme: input.scheme,
        schemeSeen: null,
        toleranceSeconds: input.toleranceSeconds,
        silentAfterSeconds: input.silentAfterSeconds,
        lastEventAtMs: null,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
      };
      store.writeSource(this.#db, row);
      if (secret !== null) store.insertSecret(this.#db, secret);
      this.#audit.record(actor, "source.created", id, { name: input.name, scheme: input.scheme });
      return this.#sourceView(row);
    });
  }

  /** Null when there is none. `ifMatch` as in {@link allowsChange}. */
  update(
    id: string,
    patch: SourcePatch,
    actor: Actor,
    ifMatch: string | null,
  ): Promise<views.SourceView | null | "precondition_failed"> {
    return this.#changes.alone(async () => {
      const row = store.readSource(this.#db, id);
      if (row === null) return null;
      const before = this.#sourceView(row);
      if (!allowsChange(ifMatch, entityTag(before))) return "precondition_failed";
      const changed: store.SourceRow = {
        ...row,
        name: patch.name ?? row.name,
        enabled: patch.enabled === undefined ? row.enabled : Number(patch.enabled),
        scheme: patch.scheme ?? row.scheme,
        toleranceSeconds: patch.toleranceSeconds ?? row.toleranceSeconds,
        silentAfterSeconds: patch.silentAfterSeconds ?? row.silentAfterSeconds,
        updatedAtMs: changedAt(row.updatedAtMs, Date.now()),
      };
      const after = this.#sourceView(changed);
      store.writeSource(this.#db, changed);
      this.#audit.record(actor, "source.changed", id, { ...changesBetween(before, after) });
      this.watch(Date.now());
      return after;
    });
  }

  delete(
    id: string,
    actor: Actor,
    ifMatch: string | null,
  ): Promise<boolean | "precondition_failed"> {
    return this.#changes.alone(async () => {
      const row = store.readSource(this.#db, id);
      if (row === null) return false;
      if (!allowsChange(ifMatch, entityTag(this.#sourceView(row)))) return "precondition_failed";
      store.deleteSource(this.#db, id);
      this.#audit.record(actor, "source.deleted", id);
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
      const secret = await this.#sealSecret(sourceId, input.secret);
      const nowMs = Date.now();
      const expiresAtMs = nowMs + input.expirePreviousAfterSeconds * 1000;
      const before = store.listSecrets(this.#db, sourceId, nowMs);
      const staying = expiresAtMs > nowMs ? before.length : 0;
      if (staying >= MAX_LIVE_SECRETS) return "limit_reached";
      store.expireSecrets(this.#db, sourceId, expiresAtMs, nowMs);
      store.insertSecret(this.#db, secret);
      this.#touch(row);
      this.#audit.record(actor, "source.secret_added", sourceId, {
        secret: secret.id,
        hint: secret.hint,
        expirePreviousAfterSeconds: input.expirePreviousAfterSeconds,
      });
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
    store.noteSource(this.#db, id, schemeSeen, atMs);
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
    for (const source of listWatchedSources(this.#db)) {
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

  /** Its secrets are part of a source: who reads them sees that it has changed. */
  #touch(row: store.SourceRow): void {
    const updatedAtMs = changedAt(row.updatedAtMs, Date.now());
    store.writeSource(this.#db, { ...row, updatedAtMs });
  }

  #sourceView(row: store.SourceRow): views.SourceView {
    return views.sourceView(row, store.listSecrets(this.#db, row.id, Date.now()));
  }

  async #sealSecret(sourceId: string, secret: string): Promise<store.SecretRow> {
    const { sealer } = await this.#world.config();
    const id = randomId("sec");
    return {
      id,
      sourceId,
      sealed: await sealer.seal(secret, sourceSecretPurpose(this.#id, id)),
      hint: hintOf(secret),
      createdAtMs: Date.now(),
      expiresAtMs: null,
    };
  }
}
