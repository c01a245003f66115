import type { Actor } from "../domain/audit.ts";
import { toUtf8 } from "../domain/encoding.ts";
import { serializeEvent } from "../domain/event.ts";
import { type Page, pageOf } from "../domain/page.ts";
import type { Database } from "../store/database.ts";
import * as store from "../store/dead-letter-store.ts";
import { readRoute } from "../store/route-store.ts";
import type { GivenUp } from "./station-lane-reports.ts";
import type { Audit } from "./tenant-audit.ts";
import { type DeadLetterView, deadLetterView } from "./tenant-views.ts";

/** Events that destinations did not take, each kept whole: its station's log may let go of it. */
export class DeadLetters {
  readonly #db: Database;
  readonly #audit: Audit;
  /** How many there are and the bytes of their bodies; null until counted. */
  #fill: { letters: number; bytes: number } | null = null;

  constructor(db: Database, audit: Audit) {
    this.#db = db;
    this.#audit = audit;
  }

  /**
   * Once per route and event, however often it is told: true the first time. When there is no
   * room the oldest go.
   */
  keep(letter: GivenUp, nowMs: number): boolean {
    const fill = this.#fill ?? store.deadLetterFill(this.#db);
    this.#fill = null;
    const size = toUtf8(letter.event.body).length;
    const isNew = store.insertDeadLetter(this.#db, { ...letter, size, atMs: nowMs });
    if (isNew) {
      fill.letters += 1;
      fill.bytes += size;
    }
    while (fill.letters > store.MAX_DEAD_LETTERS || fill.bytes > store.MAX_DEAD_LETTER_BYTES) {
      const oldest = store.oldestDeadLetter(this.#db);
      if (oldest === null) break;
      store.deleteDeadLetter(this.#db, oldest.number);
      fill.letters -= 1;
      fill.bytes -= oldest.size;
    }
    this.#fill = fill;
    return isNew;
  }

  /** Null when there is no such route. */
  list(routeId: string, after: number, limit: number): Page<DeadLetterView> | null {
    if (readRoute(this.#db, routeId) === null) return null;
    const rows = store.listDeadLetters(this.#db, routeId, after, limit + 1);
    return pageOf(rows, limit, deadLetterView, ({ number }) => String(number));
  }

  show(routeId: string, number: number): DeadLetterView | null {
    const row = store.readDeadLetter(this.#db, routeId, number);
    return row === null ? null : deadLetterView(row);
  }

  /** As JSON text with its event, whose body goes in as the text that came; null when there is none. */
  get(routeId: string, number: number): string | null {
    const row = store.readDeadLetter(this.#db, routeId, number);
    if (row === null) return null;
    const event = store.readLetterEvent(this.#db, number);
    const { event: _id, ...view } = deadLetterView(row);
    const text = event === null ? "null" : serializeEvent(event);
    return `${JSON.stringify(view).slice(0, -1)},"event":${text}}`;
  }

  /** `conflict` while it is being redelivered. */
  discard(routeId: string, number: number, actor: Actor): "discarded" | "not_found" | "conflict" {
    const row = store.readDeadLetter(this.#db, routeId, number);
    if (row === null) return "not_found";
    if (row.replayId !== null) return "conflict";
    this.delete(number);
    const { station, seq, eventId } = row;
    this.#audit.record(actor, "dead_letter.discarded", routeId, {
      letter: String(number),
      event: eventId,
      station,
      seq,
    });
    return "discarded";
  }

  delete(number: number): void {
    store.deleteDeadLetter(this.#db, number);
    this.#fill = null;
  }

  /** To be called when letters were deleted with their route. */
  recount(): void {
    this.#fill = null;
  }
}
