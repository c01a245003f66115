import type { Actor } from "../domain/audit.ts";
import type { NewKey, Role } from "../domain/control.ts";
import { hashKey, hintOf, randomId } from "../domain/ids.ts";
import { type Page, pageOf } from "../domain/page.ts";
import type { Config } from "../env.ts";
import type { Database } from "../store/database.ts";
import * as store from "../store/tenant-store.ts";
import type { Audit } from "./tenant-audit.ts";
import type { Changes } from "./tenant-changes.ts";
import type { Messenger } from "./tenant-messenger.ts";
import { type KeyView, keyView } from "./tenant-views.ts";

export const MAX_KEYS = 200;

/** A key before it is stored. It is shown once; only its hash is kept. */
export interface MintedKey {
  readonly apiKey: string;
  readonly hash: string;
}

export interface AuthenticatedKey {
  readonly keyId: string;
  readonly role: Role;
  readonly allowedOrigins: readonly string[];
}

export type CurrentKeyView = KeyView & {
  readonly tenant: { readonly id: string; readonly name: string };
};

export interface KeysWorld {
  readonly tenant: string;
  readonly config: () => Promise<Config>;
}

/** The tenant's API keys, and which stations serve subscribers who came with one. */
export class Keys {
  readonly #db: Database;
  readonly #audit: Audit;
  readonly #changes: Changes;
  readonly #messenger: Messenger;
  readonly #world: KeysWorld;

  constructor(
    db: Database,
    audit: Audit,
    changes: Changes,
    messenger: Messenger,
    world: KeysWorld,
  ) {
    this.#db = db;
    this.#audit = audit;
    this.#changes = changes;
    this.#messenger = messenger;
    this.#world = world;
  }

  /** Whose key has this hash, and from which pages it may be used; or null. */
  authenticate(hash: string): AuthenticatedKey | null {
    const key = store.findKeyByHash(this.#db, hash);
    if (key === null) return null;
    const allowedOrigins = store.readAllowedOrigins(this.#db);
    return { keyId: key.id, role: key.role === "admin" ? "admin" : "reader", allowedOrigins };
  }

  list(after: string, limit: number): Page<KeyView> {
    const rows = store.listKeys(this.#db, after, limit + 1);
    return pageOf(rows, limit, keyView, ({ id }) => id);
  }

  /** A key with the tenant it opens; null when it was just deleted. */
  describe(id: string): CurrentKeyView | null {
    const row = store.readKey(this.#db, id);
    const tenant = store.readTenant(this.#db);
    if (row === null || tenant === null) return null;
    return { ...keyView(row), tenant: { id: this.#world.tenant, name: tenant.name } };
  }

  /** Null when there are {@link MAX_KEYS}. */
  create(input: NewKey, actor: Actor): Promise<(KeyView & { apiKey: string }) | null> {
    return this.#changes.alone(async () => {
      if (store.countKeys(this.#db) >= MAX_KEYS) return null;
      const minted = await this.mint();
      const row = this.insert(input, minted);
      this.#audit.record(actor, "key.created", row.id, { name: row.name, role: row.role });
      await this.#messenger.tellFeed();
      return { ...keyView(row), apiKey: minted.apiKey };
    });
  }

  delete(id: string, actor: Actor): Promise<boolean> {
    return this.#changes.alone(async () => {
      if (!store.hasKey(this.#db, id)) return false;
      await this.#changes.configure(() => {
        store.deleteKey(this.#db, id);
        this.#audit.record(actor, "key.deleted", id);
      });
      // A few at once, so that it holds for their next event; the alarm wakes the rest.
      await this.#messenger.tellStations();
      return true;
    });
  }

  /**
   * Whether the key is valid, for a station that is about to serve it. From then on the station
   * is woken when a key is deleted.
   */
  subscribe(station: string, keyId: string): boolean {
    if (!store.hasKey(this.#db, keyId)) return false;
    if (!store.isSubscribed(this.#db, station)) store.putSubscribed(this.#db, station);
    return true;
  }

  async mint(): Promise<MintedKey> {
    const { ids } = await this.#world.config();
    const apiKey = await ids.apiKey(this.#world.tenant);
    return { apiKey, hash: await hashKey(apiKey) };
  }

  /** To be called in the turn of the change that the key comes with. */
  insert(input: NewKey, { apiKey, hash }: MintedKey): store.KeyRow {
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
}
