import { allowsChange, entityTag } from "../domain/entity-tag.ts";
import { faultFields, log } from "../log.ts";
import type { Database } from "../store/database.ts";
import { raiseVersion } from "../store/tenant-store.ts";
import { isThere } from "./tenant-config.ts";
import type { Messenger } from "./tenant-messenger.ts";

export interface ChangesWorld {
  readonly tenant: string;
  /** The configuration has changed: what waited for that goes on. */
  readonly onChanged: () => void;
}

/** How a tenant is changed: one change at a time, and the feed told of those that it has to know. */
export class Changes {
  readonly #db: Database;
  readonly #messenger: Messenger;
  readonly #world: ChangesWorld;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(db: Database, messenger: Messenger, world: ChangesWorld) {
    this.#db = db;
    this.#messenger = messenger;
    this.#world = world;
  }

  /** One change at a time: sealing and telling the feed take turns of the event loop. */
  inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(change);
    this.#turn = result.catch(() => {});
    return result;
  }

  /**
   * A change to a tenant that is there; a removal may have come before it. What a change awaits
   * must not wait for its own turn.
   */
  alone<T>(change: () => Promise<T>): Promise<T> {
    return this.inTurn(async () => {
      if (!isThere(this.#db)) throw new Error("the tenant has been removed");
      return change();
    });
  }

  /**
   * A change of one thing, unless it is missing, or no longer in the state that whoever asks has
   * seen (`ifMatch` as in {@link allowsChange}).
   */
  aloneTo<R extends { readonly updatedAtMs: number }, M, T>(
    thing: {
      readonly find: () => R | null;
      readonly whenMissing: M;
      readonly ifMatch: string | null;
    },
    change: (row: R) => Promise<T>,
  ): Promise<T | M | "precondition_failed"> {
    return this.alone(async () => {
      const row = thing.find();
      if (row === null) return thing.whenMissing;
      const tag = entityTag({ updatedAt: new Date(row.updatedAtMs).toISOString() });
      return allowsChange(thing.ifMatch, tag) ? change(row) : "precondition_failed";
    });
  }

  /**
   * Changes what stations have to know, in one transaction. To be called from within a turn;
   * resolves when the change is in force for the next event.
   */
  async configure(change: () => void): Promise<void> {
    this.#db.transaction(() => {
      change();
      raiseVersion(this.#db);
    });
    await this.#messenger.tellFeed();
    this.#world.onChanged();
  }

  /** Tells the feed how the routes fare. When it does not get through now, the alarm tells it. */
  async tellFeedSoon(): Promise<void> {
    try {
      await this.#messenger.tellFeed();
    } catch (error) {
      log("warn", "telling.failed", { tenant: this.#world.tenant, ...faultFields(error) });
    }
  }
}
