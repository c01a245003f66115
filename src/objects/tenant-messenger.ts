import { LATE, within } from "../domain/patience.ts";
import { faultFields, log } from "../log.ts";
import type { Database } from "../store/database.ts";
import { deleteUnblocked, listUnblocked } from "../store/health-store.ts";
import { deleteSubscribed, listToTell, noteTold, readTenant } from "../store/tenant-store.ts";
import type { AlarmClock } from "./alarm-clock.ts";
import type { FeedConfig } from "./feed.ts";
import { isThere } from "./tenant-config.ts";

const TELL_TRIES = 3;
const RETELL_MS = 5_000;
/** How soon those that wait are woken. */
const SOON_MS = 50;
/** Stations woken in the first second; doubled while there are more and all goes well. */
const FIRST_WAKES = 10;
const MAX_WAKES = 320;
/** A station that takes longer is woken again later, so that the others need not wait for it. */
const WAKE_PATIENCE_MS = 3_000;
/** Stations that the deletion of a key wakes before it is answered. */
const WAKES_AT_ONCE = 50;

/** What there is to tell, and the objects that hear of it. */
export interface MessengerWorld {
  readonly tenant: string;
  readonly readConfig: () => FeedConfig;
  readonly configureFeed: (config: FeedConfig) => Promise<void>;
  /** Resolves to whether the station has sockets. */
  readonly wakeStation: (station: string) => Promise<boolean>;
  /** Whether lanes that were let go on have failed again, so that the others should not hurry. */
  readonly isFailing: (routeId: string) => boolean;
}

/**
 * Carries a tenant's changes to its feed, and wakes the stations that wait for one: those with
 * lanes that may attempt nothing, and those with sockets when a key is deleted.
 */
export class Messenger {
  readonly #db: Database;
  readonly #clock: AlarmClock;
  readonly #world: MessengerWorld;
  #wakesPerSecond = FIRST_WAKES;
  /** Tellings asked for, and the newest of them that got through. After a restart one is owed. */
  #asked = 1;
  #told = 0;

  constructor(db: Database, clock: AlarmClock, world: MessengerWorld) {
    this.#db = db;
    this.#clock = clock;
    this.#world = world;
  }

  /**
   * Resolves when the change is in force for the next event. To be called in the turn of the
   * change: the alarm that tells the feed, should this not, is then part of its transaction.
   */
  async tellFeed(): Promise<void> {
    this.mustTell();
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#tell();
      } catch (error) {
        if (tries === TELL_TRIES) throw error;
      }
    }
  }

  /** Has the alarm tell the feed, should nobody do so before. */
  mustTell(): void {
    this.#asked += 1;
    this.#clock.wakeAt(Date.now() + RETELL_MS);
  }

  /** Has the alarm wake the stations that need not wait any more, if there are any. */
  wakeWaiting(): void {
    const isAwaited = listUnblocked(this.#db, 1).length > 0 || listToTell(this.#db, 1).length > 0;
    if (isAwaited) this.#clock.wakeAt(Date.now() + SOON_MS);
  }

  /** Tells stations with sockets of deleted keys, as many as can be told at once. */
  async tellStations(): Promise<void> {
    const stations = listToTell(this.#db, WAKES_AT_ONCE);
    await Promise.all(stations.map((station) => this.#tellOfKeys(station)));
  }

  /** For the alarm: tells the feed, should it not have been told, and wakes those that wait. */
  async ring(): Promise<void> {
    if (this.#told < this.#asked) {
      this.#clock.wakeAt(Date.now() + RETELL_MS);
      await this.#tell();
    }
    if (isThere(this.#db)) await this.#wakeSome();
  }

  async #tell(): Promise<void> {
    const asked = this.#asked;
    await this.#world.configureFeed(this.#world.readConfig());
    // An older telling may end after a newer one has failed.
    this.#told = Math.max(this.#told, asked);
  }

  async #wakeSome(): Promise<void> {
    const count = this.#wakesPerSecond;
    const wokenMs = Date.now();
    const blocked = listUnblocked(this.#db, count);
    const subscribed = listToTell(this.#db, count);
    const wakes = [
      ...blocked.map(({ routeId, station }) =>
        this.#wake(station, () => {
          deleteUnblocked(this.#db, routeId, station, { wokenMs, nowMs: Date.now() });
        }),
      ),
      ...subscribed.map((station) => this.#tellOfKeys(station)),
    ];
    const outcomes = await Promise.all(wakes);
    const allWell = outcomes.every((well) => well);
    const more = blocked.length === count || subscribed.length === count;
    const hurry = more && allWell && !blocked.some(({ routeId }) => this.#world.isFailing(routeId));
    this.#wakesPerSecond = hurry ? Math.min(count * 2, MAX_WAKES) : FIRST_WAKES;
    const isStuck = outcomes.length > 0 && outcomes.every((well) => !well);
    if (more || !allWell) this.#clock.wakeAt(Date.now() + (isStuck ? RETELL_MS : 1_000));
  }

  #tellOfKeys(station: string): Promise<boolean> {
    // What happens while it is woken it may not hear of.
    const version = readTenant(this.#db)?.version ?? 0;
    return this.#wake(station, (hasSockets) => {
      if (hasSockets) noteTold(this.#db, station, version);
      else deleteSubscribed(this.#db, station, version);
    });
  }

  /** One station that cannot be woken keeps no other waiting. */
  async #wake(station: string, done: (hasSockets: boolean) => void): Promise<boolean> {
    try {
      const hasSockets = await within(WAKE_PATIENCE_MS, this.#world.wakeStation(station));
      if (hasSockets !== LATE) done(hasSockets);
      return hasSockets !== LATE;
    } catch (error) {
      log("warn", "waking.failed", {
        tenant: this.#world.tenant,
        station,
        ...faultFields(error),
      });
      return false;
    }
  }
}
