import { faultFields, log } from "../log.ts";
import type { Database } from "../store/database.ts";
import { exists } from "../store/migrate.ts";
import { deleteUnblocked, listUnblocked } from "../store/route-store.ts";
import { deleteSubscribed, listToTell, putSubscribed, readTenant } from "../store/tenant-store.ts";
import type { FeedConfig } from "./feed.ts";

const TELL_TRIES = 3;
const RETELL_MS = 5_000;
/** How soon those that wait are woken. */
const SOON_MS = 50;
/** Stations woken in the first second; doubled while there are more and all goes well. */
const FIRST_WAKES = 10;
const MAX_WAKES = 320;
/** Stations that the deletion of a key wakes before it is answered. */
const WAKES_AT_ONCE = 50;

/** The objects that hear of changes. */
export interface MessengerWorld {
  readonly tenant: string;
  readonly configureFeed: (config: FeedConfig) => Promise<void>;
  /** Resolves to whether the station has sockets. */
  readonly wakeStation: (station: string) => Promise<boolean>;
}

/**
 * Carries a tenant's changes to its feed, and wakes the stations that wait for one: those with
 * lanes that may attempt nothing, and those with sockets when a key is deleted.
 */
export class Messenger {
  readonly #db: Database;
  readonly #storage: DurableObjectStorage;
  readonly #world: MessengerWorld;
  #wakesPerSecond = FIRST_WAKES;

  constructor(db: Database, storage: DurableObjectStorage, world: MessengerWorld) {
    this.#db = db;
    this.#storage = storage;
    this.#world = world;
  }

  /**
   * Resolves when the change is in force for the next event. To be called in the turn of the
   * change: the alarm that tells the feed, should this not, is then part of its transaction.
   */
  async tellFeed(readConfig: () => Promise<FeedConfig>): Promise<void> {
    void this.#storage.setAlarm(Date.now() + RETELL_MS);
    const config = await readConfig();
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#world.configureFeed(config);
      } catch (error) {
        if (tries === TELL_TRIES) throw error;
      }
    }
  }

  /** Has the alarm wake the stations that need not wait any more, if there are any. */
  async wakeWaiting(): Promise<void> {
    const isAwaited = listUnblocked(this.#db, 1).length > 0 || listToTell(this.#db, 1).length > 0;
    if (isAwaited) await this.#armWithin(SOON_MS);
  }

  /** Tells stations with sockets of deleted keys, as many as can be told at once. */
  async tellStations(): Promise<void> {
    const stations = listToTell(this.#db, WAKES_AT_ONCE);
    await Promise.all(stations.map((station) => this.#tellOfKeys(station)));
  }

  /** The alarm: tells the feed again, in case it was not told, and wakes those that wait. Never throws. */
  async ring(config: FeedConfig): Promise<void> {
    try {
      await this.#world.configureFeed(config);
      if (exists(this.#db) && readTenant(this.#db)?.removed === 0) await this.#wakeSome();
    } catch (error) {
      log("warn", "telling.failed", { tenant: this.#world.tenant, ...faultFields(error) });
      await this.#armWithin(RETELL_MS);
    }
  }

  async #wakeSome(): Promise<void> {
    const count = this.#wakesPerSecond;
    const blocked = listUnblocked(this.#db, count);
    const subscribed = listToTell(this.#db, count);
    const wakes = [
      ...blocked.map(({ routeId, station }) =>
        this.#wake(station, () => deleteUnblocked(this.#db, routeId, station)),
      ),
      ...subscribed.map((station) => this.#tellOfKeys(station)),
    ];
    const allWell = (await Promise.all(wakes)).every((well) => well);
    const more = blocked.length === count || subscribed.length === count;
    this.#wakesPerSecond = more && allWell ? Math.min(count * 2, MAX_WAKES) : FIRST_WAKES;
    if (more || !allWell) await this.#armWithin(allWell ? 1_000 : RETELL_MS);
  }

  #tellOfKeys(station: string): Promise<boolean> {
    return this.#wake(station, (hasSockets) => {
      if (hasSockets) putSubscribed(this.#db, station);
      else deleteSubscribed(this.#db, station);
    });
  }

  /** One station that cannot be woken keeps no other waiting. */
  async #wake(station: string, done: (hasSockets: boolean) => void): Promise<boolean> {
    try {
      done(await this.#world.wakeStation(station));
      return true;
    } catch (error) {
      log("warn", "waking.failed", {
        tenant: this.#world.tenant,
        station,
        ...faultFields(error),
      });
      return false;
    }
  }

  async #armWithin(ms: number): Promise<void> {
    const atMs = Date.now() + ms;
    const armedMs = await this.#storage.getAlarm();
    if (armedMs === null || armedMs > atMs) await this.#storage.setAlarm(atMs);
  }
}
