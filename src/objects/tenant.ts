import { DurableObject } from "cloudflare:workers";

import type {
  NewKey,
  NewRoute,
  NewSecret,
  NewSource,
  Role,
  RoutePatch,
  SourcePatch,
} from "../domain/control.ts";
import { hashKey, hintOf, randomId } from "../domain/ids.ts";
import { type RouteTable, sourceSecretPurpose } from "../domain/route.ts";
import { type Config, configOf, type Env, feedName, stationName } from "../env.ts";
import { Database } from "../store/database.ts";
import { exists, migrate } from "../store/migrate.ts";
import * as quarantine from "../store/quarantine-store.ts";
import * as routes from "../store/route-store.ts";
import { tenantMigrations } from "../store/tenant-schema.ts";
import * as store from "../store/tenant-store.ts";
import type { FeedConfig } from "./feed.ts";
import type { DeadLetter } from "./station-lanes.ts";
import { changeRoute, makeRoute } from "./tenant-routes.ts";
import * as views from "./tenant-views.ts";

export const MAX_KEYS = 200;
export const MAX_SOURCES = 50;
export const MAX_ROUTES = 100;
export const MAX_LIVE_SECRETS = 10;

const TELL_TRIES = 3;
const RETELL_MS = 5_000;
/** Blocked stations woken in the first second after a route goes on; doubled while all goes well. */
const FIRST_WAKES = 10;
const MAX_WAKES = 320;
/** Stations that the deletion of a key wakes before it is answered. */
const WAKES_AT_ONCE = 50;

/** A source as the edge needs it to verify. Secrets stay sealed until there. */
export interface IngestSource {
  readonly enabled: boolean;
  readonly scheme: string;
  readonly schemeSeen: string | null;
  readonly toleranceSeconds: number;
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

/**
 * One per tenant, named by its id: the control plane. Off the hot path; what the hot path
 * needs of it is fetched and kept by the edge, the feed and the stations.
 */
export class TenantObject extends DurableObject<Env> {
  readonly #db: Database;
  readonly #id: string;
  #turn: Promise<unknown> = Promise.resolve();
  #wakesPerSecond = FIRST_WAKES;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#id = ctx.id.name ?? "";
    this.#db = new Database(ctx.storage);
    if (exists(this.#db)) migrate(this.#db, tenantMigrations);
  }

  /** The first admin key, shown once; or what is known of the tenant that has, or had, this id. */
  async create(name: string): Promise<{ apiKey: string } | { taken: store.TenantRow }> {
    return this.#inTurn(async () => {
      const before = exists(this.#db) ? store.readTenant(this.#db) : null;
      if (before !== null) return { taken: before };
      const { ids } = await configOf(this.env);
      const apiKey = await ids.apiKey(this.#id);
      const hash = await hashKey(apiKey);
      migrate(this.#db, tenantMigrations);
      store.insertTenant(this.#db, name, Date.now());
      this.#insertKey({ name: "first key", role: "admin" }, apiKey, hash);
      return { apiKey };
    });
  }

  /** Removes everything of the tenant; a tombstone stays, so that nothing recreates it. */
  async remove(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!this.#isThere()) return false;
      this.#db.transaction(() => {
        store.clearTenant(this.#db);
        store.insertTombstone(this.#db, Date.now());
      });
      await this.#tellFeed();
      return true;
    });
  }

  /** Whose key has this hash, or null. */
  async authenticate(hash: string): Promise<{ keyId: string; role: Role } | null> {
    const key = this.#isThere() ? store.findKeyByHash(this.#db, hash) : null;
    return key === null ? null : { keyId: key.id, role: key.role === "admin" ? "admin" : "reader" };
  }

  async feedConfig(): Promise<FeedConfig> {
    const tenant = exists(this.#db) ? store.readTenant(this.#db) : null;
    if (tenant === null || tenant.removed === 1) return { version: 0, keyIds: [], removed: true };
    return { version: tenant.version, keyIds: store.listKeyIds(this.#db), removed: false };
  }

  async listKeys(after: string, limit: number): Promise<views.Page<views.KeyView>> {
    const rows = store.listKeys(this.#db, after, limit + 1);
    return views.pageOf(rows, limit, views.keyView, ({ id }) => id);
  }

  async createKey(input: NewKey): Promise<(views.KeyView & { apiKey: string }) | null> {
    return this.#alone(async () => {
      if (store.countKeys(this.#db) >= MAX_KEYS) return null;
      const { ids } = await configOf(this.env);
      const apiKey = await ids.apiKey(this.#id);
      const hash = await hashKey(apiKey);
      const row = this.#insertKey(input, apiKey, hash);
      await this.#tellFeed();
      return { ...views.keyView(row), apiKey };
    });
  }

  async deleteKey(id: string): Promise<boolean> {
    return this.#alone(async () => {
      if (!store.hasKey(this.#db, id)) return false;
      await this.#changeConfig(() => store.deleteKey(this.#db, id));
      // A few at once, so that it holds for their next event; the alarm wakes the rest.
      await this.#tellStations(WAKES_AT_ONCE);
      return true;
    });
  }

  async listSources(after: string, limit: number): Promise<views.Page<views.SourceView>> {
    const rows = store.listSources(this.#db, after, limit + 1);
    return views.pageOf(
      rows,
      limit,
      (row) => this.#sourceView(row),
      ({ id }) => id,
    );
  }

  async getSource(id: string): Promise<views.SourceView | null> {
    const row = store.readSource(this.#db, id);
    return row === null ? null : this.#sourceView(row);
  }

  async createSource(input: NewSource): Promise<views.SourceView | null> {
    return this.#alone(async () => {
      if (store.countSources(this.#db) >= MAX_SOURCES) return null;
      const config = await configOf(this.env);
      const id = await config.ids.sourceId(this.#id);
      const secret =
        input.secret === undefined ? null : await this.#sealSecret(id, input.secret, config);
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
      return this.#sourceView(row);
    });
  }

  async updateSource(id: string, patch: SourcePatch): Promise<views.SourceView | null> {
    const row = store.readSource(this.#db, id);
    if (row === null) return null;
    const changed: store.SourceRow = {
      ...row,
      name: patch.name ?? row.name,
      enabled: patch.enabled === undefined ? row.enabled : Number(patch.enabled),
      scheme: patch.scheme ?? row.scheme,
      toleranceSeconds: patch.toleranceSeconds ?? row.toleranceSeconds,
      silentAfterSeconds: patch.silentAfterSeconds ?? row.silentAfterSeconds,
      updatedAtMs: Date.now(),
    };
    store.writeSource(this.#db, changed);
    return this.#sourceView(changed);
  }

  async deleteSource(id: string): Promise<boolean> {
    return store.deleteSource(this.#db, id);
  }

  /** A new secret beside the ones before it, which end after the given time. */
  async addSecret(
    sourceId: string,
    input: NewSecret,
  ): Promise<views.SecretView | "not_found" | "limit_reached"> {
    return this.#alone(async () => {
      if (store.readSource(this.#db, sourceId) === null) return "not_found";
      const secret = await this.#sealSecret(sourceId, input.secret, await configOf(this.env));
      const nowMs = Date.now();
      const expiresAtMs = nowMs + input.expirePreviousAfterSeconds * 1000;
      const before = store.listSecrets(this.#db, sourceId, nowMs);
      const staying = expiresAtMs > nowMs ? before.length : 0;
      if (staying >= MAX_LIVE_SECRETS) return "limit_reached";
      store.expireSecrets(this.#db, sourceId, expiresAtMs, nowMs);
      store.insertSecret(this.#db, secret);
      return views.secretView(secret);
    });
  }

  async deleteSecret(sourceId: string, id: string): Promise<boolean> {
    return store.deleteSecret(this.#db, sourceId, id);
  }

  async listRefusals(
    sourceId: string,
    before: number,
    limit: number,
  ): Promise<views.Page<views.RefusalView> | null> {
    if (store.readSource(this.#db, sourceId) === null) return null;
    const rows = store.listRefusals(this.#db, sourceId, before, limit + 1);
    return views.pageOf(rows, limit, views.refusalView, ({ id }) => String(id));
  }

  /** For the edge. Null when there is no such source, or no such tenant any more. */
  async ingestSource(id: string): Promise<IngestSource | null> {
    const row = this.#isThere() ? store.readSource(this.#db, id) : null;
    if (row === null) return null;
    const secrets = store.listSecrets(this.#db, id, Date.now());
    return {
      enabled: row.enabled === 1,
      scheme: row.scheme,
      schemeSeen: row.schemeSeen,
      toleranceSeconds: row.toleranceSeconds,
      secrets: secrets.map(({ id: secretId, sealed, expiresAtMs }) => ({
        id: secretId,
        sealed,
        expiresAtMs,
      })),
    };
  }

  async noteSource(id: string, schemeSeen: string, atMs: number): Promise<void> {
    if (this.#isThere()) store.noteSource(this.#db, id, schemeSeen, atMs);
  }

  async noteRefusals(sourceId: string, refusals: readonly RefusalCount[]): Promise<void> {
    if (!this.#isThere() || store.readSource(this.#db, sourceId) === null) return;
    const rows = refusals.map((refusal) => ({
      ...refusal,
      samples: JSON.stringify(refusal.samples),
    }));
    store.insertRefusals(this.#db, sourceId, rows);
  }

  async listRoutes(after: string, limit: number): Promise<views.Page<views.RouteView>> {
    const rows = routes.listRoutes(this.#db, after, limit + 1);
    return views.pageOf(rows, limit, views.routeView, ({ id }) => id);
  }

  async getRoute(id: string): Promise<views.RouteView | null> {
    const row = routes.readRoute(this.#db, id);
    return row === null ? null : views.routeView(row);
  }

  async createRoute(input: NewRoute): Promise<(views.RouteView & { secret: string }) | null> {
    return this.#alone(async () => {
      if (routes.countRoutes(this.#db) >= MAX_ROUTES) return null;
      const { sealer } = await configOf(this.env);
      const scheme = store.latestSchemeSeen(this.#db) ?? "timestamped";
      const { row, secret } = await makeRoute(this.#id, input, scheme, sealer, Date.now());
      await this.#changeConfig(() => routes.writeRoute(this.#db, row));
      return { ...views.routeView(row), secret };
    });
  }

  async updateRoute(
    id: string,
    patch: RoutePatch,
  ): Promise<views.RouteView | "not_found" | "signs_only_raw"> {
    return this.#alone(async () => {
      const row = routes.readRoute(this.#db, id);
      if (row === null) return "not_found";
      const { sealer } = await configOf(this.env);
      const changed = await changeRoute(this.#id, row, patch, sealer, Date.now());
      if (changed === null) return "signs_only_raw";
      await this.#changeConfig(() => routes.writeRoute(this.#db, changed));
      return views.routeView(changed);
    });
  }

  /** Stops a route's attempts, or lets them go on, each lane where it stood. */
  async enableRoute(id: string, enabled: boolean): Promise<views.RouteView | null> {
    return this.#alone(async () => {
      const row = routes.readRoute(this.#db, id);
      if (row === null) return null;
      const health = enabled ? "healthy" : row.health;
      const changed = { ...row, enabled: Number(enabled), health, updatedAtMs: Date.now() };
      await this.#changeConfig(() => routes.writeRoute(this.#db, changed));
      return views.routeView(changed);
    });
  }

  /** The destination has answered that it wants nothing more. */
  async disableRoute(id: string): Promise<void> {
    await this.#alone(async () => {
      const row = routes.readRoute(this.#db, id);
      if (row === null || row.enabled === 0) return;
      const changed = { ...row, enabled: 0, health: "disabled", updatedAtMs: Date.now() };
      await this.#changeConfig(() => routes.writeRoute(this.#db, changed));
    });
  }

  async deleteRoute(id: string): Promise<boolean> {
    return this.#alone(async () => {
      if (routes.readRoute(this.#db, id) === null) return false;
      await this.#changeConfig(() => routes.deleteRoute(this.#db, id));
      return true;
    });
  }

  /** For stations: all routes, or null when nothing has changed since `version`. */
  async routesSince(version: number): Promise<RouteTable | null> {
    const tenant = this.#isThere() ? store.readTenant(this.#db) : null;
    if (tenant === null || tenant.version <= version) return null;
    return {
      version: tenant.version,
      routes: routes.allRoutes(this.#db).map((row) => views.stationRoute(row)),
      keyIds: store.listKeyIds(this.#db),
    };
  }

  /** A lane may attempt nothing; its station is woken when its route goes on or goes away. */
  async registerBlocked(routeId: string, station: string): Promise<void> {
    if (!this.#isThere()) return;
    routes.insertBlocked(this.#db, routeId, station);
    // The route may have changed between the station's look and this.
    if (routes.readRoute(this.#db, routeId)?.enabled !== 0) await this.#soon(50);
  }

  async keepDeadLetter(letter: DeadLetter): Promise<void> {
    if (!this.#isThere() || routes.readRoute(this.#db, letter.routeId) === null) return;
    routes.insertDeadLetter(this.#db, { ...letter, atMs: Date.now() });
  }

  async listDeadLetters(
    routeId: string,
    after: number,
    limit: number,
  ): Promise<views.Page<views.DeadLetterView> | null> {
    if (routes.readRoute(this.#db, routeId) === null) return null;
    const rows = routes.listDeadLetters(this.#db, routeId, after, limit + 1);
    return views.pageOf(rows, limit, views.deadLetterView, ({ number }) => String(number));
  }

  /** Keeps a webhook that was signed and could not be relayed, once. */
  async quarantine(
    entry: Omit<quarantine.QuarantineRow, "number" | "size">,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<"kept" | "full" | "gone"> {
    if (!this.#isThere()) return "gone";
    if (quarantine.isQuarantined(this.#db, entry.id)) return "kept";
    const { entries, bytes } = quarantine.quarantineFill(this.#db);
    const isFull =
      entries >= quarantine.MAX_QUARANTINED ||
      bytes + body.length > quarantine.MAX_QUARANTINED_BYTES;
    if (isFull) return "full";
    quarantine.insertQuarantined(this.#db, { ...entry, size: body.length }, body.slice().buffer);
    return "kept";
  }

  async listQuarantine(after: number, limit: number): Promise<views.Page<views.QuarantineView>> {
    const rows = quarantine.listQuarantined(this.#db, after, limit + 1);
    return views.pageOf(rows, limit, views.quarantineView, ({ number }) => String(number));
  }

  async discardQuarantined(id: string): Promise<boolean> {
    return quarantine.deleteQuarantined(this.#db, id);
  }

  /**
   * Whether the key is valid, for a station that is about to serve it. From then on the station
   * is woken when a key is deleted.
   */
  async registerSubscribed(station: string, keyId: string): Promise<boolean> {
    if (!this.#isThere() || !store.hasKey(this.#db, keyId)) return false;
    if (!store.isSubscribed(this.#db, station)) store.putSubscribed(this.#db, station);
    return true;
  }

  /** Tells the feed again, in case it was not told, and wakes stations that wait. Never throws. */
  override async alarm(): Promise<void> {
    try {
      await this.#feed().configure(await this.feedConfig());
      if (!this.#isThere()) return;
      const count = this.#wakesPerSecond;
      const blocked = routes.listUnblocked(this.#db, count);
      const subscribed = store.listToTell(this.#db, count);
      const wakes = [
        ...blocked.map(({ routeId, station }) =>
          this.#wake(station, () => routes.deleteUnblocked(this.#db, routeId, station)),
        ),
        ...subscribed.map((station) => this.#tellOfKeys(station)),
      ];
      const allWell = (await Promise.all(wakes)).every((well) => well);
      const more = blocked.length === count || subscribed.length === count;
      this.#wakesPerSecond = more && allWell ? Math.min(count * 2, MAX_WAKES) : FIRST_WAKES;
      if (more || !allWell) await this.#soon(allWell ? 1_000 : RETELL_MS);
    } catch (error) {
      console.warn(JSON.stringify({ event: "tenant.alarm_failed", error: String(error) }));
      await this.#soon(RETELL_MS);
    }
  }

  async #tellStations(limit: number): Promise<void> {
    const stations = store.listToTell(this.#db, limit);
    await Promise.all(stations.map((station) => this.#tellOfKeys(station)));
  }

  #tellOfKeys(station: string): Promise<boolean> {
    return this.#wake(station, (hasSockets) => {
      if (hasSockets) store.putSubscribed(this.#db, station);
      else store.deleteSubscribed(this.#db, station);
    });
  }

  /** One station that cannot be woken keeps no other waiting. */
  async #wake(station: string, done: (hasSockets: boolean) => void): Promise<boolean> {
    try {
      done(await this.env.STATION.getByName(stationName(this.#id, station)).wake());
      return true;
    } catch (error) {
      console.warn(JSON.stringify({ event: "station.wake_failed", station, error: String(error) }));
      return false;
    }
  }

  #isThere(): boolean {
    return exists(this.#db) && store.readTenant(this.#db)?.removed === 0;
  }

  #feed() {
    return this.env.FEED.getByName(feedName(this.#id));
  }

  /** One change at a time: sealing and telling the feed take turns of the event loop. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(change);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** A change to a tenant that is there; a removal may have come before it. */
  #alone<T>(change: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      if (!this.#isThere()) throw new Error("the tenant has been removed");
      return change();
    });
  }

  async #changeConfig(change: () => void): Promise<void> {
    this.#db.transaction(() => {
      change();
      store.raiseVersion(this.#db);
    });
    await this.#tellFeed();
    const isAwaited =
      routes.listUnblocked(this.#db, 1).length > 0 || store.listToTell(this.#db, 1).length > 0;
    if (isAwaited) await this.#soon(50);
  }

  /**
   * Resolves when the change is in force for the next event. The alarm, part of the change's
   * transaction because nothing is awaited in between, tells the feed should this not.
   */
  async #tellFeed(): Promise<void> {
    void this.ctx.storage.setAlarm(Date.now() + RETELL_MS);
    const config = await this.feedConfig();
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#feed().configure(config);
      } catch (error) {
        if (tries === TELL_TRIES) throw error;
      }
    }
  }

  async #soon(ms: number): Promise<void> {
    const atMs = Date.now() + ms;
    const armedMs = await this.ctx.storage.getAlarm();
    if (armedMs === null || armedMs > atMs) await this.ctx.storage.setAlarm(atMs);
  }

  #insertKey(input: NewKey, apiKey: string, hash: string): store.KeyRow {
    const row = {
      id: randomId("key"),
      name: input.name,
      role: input.role,
      hint: hintOf(apiKey),
      createdAtMs: Date.now(),
    };
    store.insertKey(this.#db, { ...row, hash });
    return row;
  }

  #sourceView(row: store.SourceRow): views.SourceView {
    return views.sourceView(row, store.listSecrets(this.#db, row.id, Date.now()));
  }

  async #sealSecret(sourceId: string, secret: string, config: Config): Promise<store.SecretRow> {
    const id = randomId("sec");
    return {
      id,
      sourceId,
      sealed: await config.sealer.seal(secret, sourceSecretPurpose(this.#id, id)),
      hint: hintOf(secret),
      createdAtMs: Date.now(),
      expiresAtMs: null,
    };
  }
}
