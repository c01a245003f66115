import type { Actor } from "../domain/audit.ts";
import { occurredAt } from "../domain/event.ts";
import type { Notice } from "../domain/notice.ts";
import { type Page, pageOf } from "../domain/page.ts";
import { type QuarantineReason, readWebhook } from "../domain/webhook.ts";
import type { Database } from "../store/database.ts";
import * as store from "../store/quarantine-store.ts";
import type { AppendStatus } from "./station.ts";
import type { IncomingEvent } from "./station-journal.ts";
import type { Audit } from "./tenant-audit.ts";
import { isThere } from "./tenant-config.ts";
import {
  type QuarantinedBodyView,
  type QuarantineView,
  quarantinedBodyView,
  quarantineView,
} from "./tenant-views.ts";

export interface QuarantineWorld {
  /** Part of the transaction of the turn. */
  readonly announce: (notice: Notice, nowMs: number) => void;
  readonly count: (what: "quarantined" | "duplicates") => void;
  /** Resolves when the event is durable in its station's order, once however often it is sent. */
  readonly append: (station: string, event: IncomingEvent) => Promise<AppendStatus | undefined>;
}

/** What a released webhook has become. */
export interface ReleaseView {
  readonly id: string;
  readonly status: "accepted" | "duplicate";
  readonly event: string;
  readonly type: string;
  readonly station: string;
}

export type ReleaseRefusal =
  | { readonly refused: "not_found" }
  /** Its body is still no event, for the reason given. */
  | { readonly refused: "unreadable"; readonly reason: QuarantineReason }
  /** It may be in another station's order already. */
  | { readonly refused: "elsewhere"; readonly station: string };

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
    if (store.isQuarantined(this.#db, entry.id)) {
      this.#world.count("duplicates");
      return "kept";
    }
    const { entries, bytes } = store.quarantineFill(this.#db);
    const isFull =
      entries >= store.MAX_QUARANTINED || bytes + body.length > store.MAX_QUARANTINED_BYTES;
    if (isFull) return "full";
    const size = body.length;
    store.insertQuarantined(this.#db, { ...entry, size }, body.slice().buffer);
    this.#world.count("quarantined");
    const { id, reason, sourceId: source } = entry;
    const type = "relay.quarantine.added";
    this.#world.announce({ type, source, data: { id, reason, size } }, Date.now());
    return "kept";
  }

  list(after: number, limit: number): Page<QuarantineView> {
    const rows = store.listQuarantined(this.#db, after, limit + 1);
    return pageOf(rows, limit, quarantineView, ({ number }) => String(number));
  }

  get(id: string): QuarantinedBodyView | null {
    const row = store.readQuarantined(this.#db, id);
    return row === null ? null : quarantinedBodyView(row);
  }

  /**
   * Makes an event of a quarantined webhook, in the chosen station or the one its body names.
   * The entry goes when the event is durable. Should this end in between, the release is to be
   * repeated: the event's id makes it a duplicate then, which is why the first release decides on
   * the station.
   */
  async release(
    id: string,
    chosen: string | null,
    actor: Actor,
  ): Promise<ReleaseView | ReleaseRefusal> {
    const held = store.readQuarantined(this.#db, id);
    if (held === null) return { refused: "not_found" };
    const read = await readWebhook(new Uint8Array(held.body), chosen ?? held.releasedTo);
    if (!read.ok) return { refused: "unreadable", reason: read.error };
    const { id: event, type, station, createdAtMs, body } = read.value;
    const claimed = store.claimRelease(this.#db, id, station);
    if (claimed === null) return { refused: "not_found" };
    if (claimed !== station) return { refused: "elsewhere", station: claimed };
    const status = await this.#world.append(station, {
      id: event,
      type,
      source: held.sourceId,
      createdAtMs: occurredAt(createdAtMs, held.receivedAtMs),
      // A log is in the order of this time: it is when the relay took the event in.
      receivedAtMs: Date.now(),
      body,
      // A person says that it is no replay.
      replayable: false,
    });
    if (status === "gone") return { refused: "not_found" };
    if (status !== "accepted" && status !== "duplicate") {
      throw new Error("the station left a released event unanswered");
    }
    const wasHeld = store.deleteQuarantined(this.#db, id);
    // An entry may have been discarded meanwhile: there is an event all the same.
    if (isThere(this.#db) && (wasHeld || status === "accepted")) {
      this.#audit.record(actor, "quarantine.released", id, { event, type, station, status });
    }
    return { id, status, event, type, station };
  }

  discard(id: string, actor: Actor): boolean {
    const discarded = store.deleteQuarantined(this.#db, id);
    if (discarded) this.#audit.record(actor, "quarantine.discarded", id);
    return discarded;
  }
}
