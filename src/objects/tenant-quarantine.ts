import type { Actor } from "../domain/audit.ts";
import type { Notice } from "../domain/notice.ts";
import { type Page, pageOf } from "../domain/page.ts";
import type { Database } from "../store/database.ts";
import * as store from "../store/quarantine-store.ts";
import type { Audit } from "./tenant-audit.ts";
import { type QuarantineView, quarantineView } from "./tenant-views.ts";

export interface QuarantineWorld {
  /** Part of the transaction of the turn. */
  readonly announce: (notice: Notice, nowMs: number) => void;
}

/** Webhooks that were signed and could not be relayed, for persons to look at. */
export class Quarantine {
  readonly #db: Database;
  readonly #audit: Audit;
  readonly #world: QuarantineWorld;

  constructor(db: Database, audit: Audit, world: QuarantineWorld) {
    this.#db = db;
    this.#audit = audit;
    this.#world = world;
  }

  /** Keeps a webhook, once. */
  keep(
    entry: Omit<store.QuarantineRow, "number" | "size">,
    body: Uint8Array<ArrayBuffer>,
  ): "kept" | "full" {
    if (store.isQuarantined(this.#db, entry.id)) return "kept";
    const { entries, bytes } = store.quarantineFill(this.#db);
    const isFull =
      entries >= store.MAX_QUARANTINED || bytes + body.length > store.MAX_QUARANTINED_BYTES;
    if (isFull) return "full";
    const size = body.length;
    store.insertQuarantined(this.#db, { ...entry, size }, body.slice().buffer);
    const { id, reason, sourceId: source } = entry;
    const type = "relay.quarantine.added";
    this.#world.announce({ type, source, data: { id, reason, size } }, Date.now());
    return "kept";
  }

  list(after: number, limit: number): Page<QuarantineView> {
    const rows = store.listQuarantined(this.#db, after, limit + 1);
    return pageOf(rows, limit, quarantineView, ({ number }) => String(number));
  }

  discard(id: string, actor: Actor): boolean {
    const discarded = store.deleteQuarantined(this.#db, id);
    if (discarded) this.#audit.record(actor, "quarantine.discarded", id);
    return discarded;
  }
}
