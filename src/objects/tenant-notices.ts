import { dueAt } from "../domain/clock.ts";
import { RELAY_SOURCE } from "../domain/event.ts";
import {
  dataOf,
  dueMs,
  endSending,
  keyOf,
  NOTHING_TOLD,
  NOTICE_EVERY_MS,
  type Notice,
  type NoticeKey,
  noticeBody,
  noticeId,
  startSending,
  withOccurrences,
} from "../domain/notice.ts";
import { faultFields, log } from "../log.ts";
import type { Database } from "../store/database.ts";
import * as store from "../store/notice-store.ts";
import type { AlarmClock } from "./alarm-clock.ts";
import type { IncomingEvent } from "./station-journal.ts";

/** Events that one append takes; the rest follows at once. */
const MAX_SENT = 100;
/** How soon a notice goes out, so that those of one moment go together. */
const SOON_MS = 50;
const RETRY_MS = 5_000;

export interface NoticeWorld {
  readonly tenant: string;
  /** Takes events into the account's lane: durable when it resolves, an id once. */
  readonly append: (events: readonly IncomingEvent[]) => Promise<unknown>;
}

/**
 * Carries what has happened in the relay itself into the account's lane, as events that flow
 * like all others. What is due when is decided in domain/notice.ts.
 */
export class Notices {
  readonly #db: Database;
  readonly #clock: AlarmClock;
  readonly #world: NoticeWorld;

  constructor(db: Database, clock: AlarmClock, world: NoticeWorld) {
    this.#db = db;
    this.#clock = clock;
    this.#world = world;
  }

  /** To be called in the turn of the change that it tells of: it is then part of its transaction. */
  announce(notice: Notice, nowMs: number): void {
    const key = this.#place(keyOf(notice), nowMs);
    if (key === null) return;
    const before = store.readNotice(this.#db, key);
    const progress = withOccurrences(before ?? NOTHING_TOLD, notice.count ?? 1);
    const row = { ...progress, ...key, data: dataOf(notice, key), atMs: nowMs };
    const due = this.#write(row).dueMs;
    // While one is under way, the run that sends it sees to this one as well.
    if (due !== null && row.sendingId === null) this.#wakeAt(due, nowMs);
  }

  /**
   * Takes back what has not been told yet, because it is over. True when there was something,
   * so that its end need not be told either.
   */
  retract(type: Notice["type"], subject: string): boolean {
    const row = store.readNotice(this.#db, { type, subject, station: "" });
    if (row === null || row.pendingCount === 0 || row.sendingId !== null) return false;
    this.#write({ ...row, pendingCount: 0 });
    return true;
  }

  /** For the alarm: sends what is due and asks to be woken for what is not. Never throws. */
  async run(nowMs: number): Promise<void> {
    try {
      store.deleteOverNotices(this.#db, nowMs, NOTICE_EVERY_MS);
      await this.#send(nowMs);
      const next = store.nextNoticeDueMs(this.#db);
      if (next !== null) this.#wakeAt(next, Date.now());
    } catch (error) {
      log("warn", "notices.failed", { tenant: this.#world.tenant, ...faultFields(error) });
      this.#clock.wakeAt(Date.now() + RETRY_MS);
    }
  }

  async #send(nowMs: number): Promise<void> {
    const times = { nowMs, longestMs: NOTICE_EVERY_MS };
    const sending = this.#db.transaction(() =>
      store.listDueNotices(this.#db, times, MAX_SENT).map((row) => {
        const random = crypto.getRandomValues(new Uint8Array(8));
        return this.#write(startSending(row, noticeId(nowMs, random), nowMs));
      }),
    );
    if (sending.length === 0) return;
    // The ids are durable before anything leaves: sent again, an event is a duplicate.
    await this.#world.append(sending.map((row) => eventOf(row, Date.now())));
    const sentMs = Date.now();
    this.#db.transaction(() => {
      for (const key of sending) {
        // Read anew: more may have happened meanwhile, or the tenant may have been removed.
        const row = store.readNotice(this.#db, key);
        if (row !== null) this.#write(endSending(row, sentMs));
      }
    });
  }

  /** The row that counts a notice; null, and said in the log, when there is room for none. */
  #place(key: NoticeKey, nowMs: number): NoticeKey | null {
    if (store.readNotice(this.#db, key) !== null) return key;
    const limit = key.station === "" ? store.MAX_NOTICES : store.MAX_LANE_NOTICES;
    if (store.countNotices(this.#db) >= limit) {
      store.deleteOverNotices(this.#db, nowMs, NOTICE_EVERY_MS);
    }
    if (store.countNotices(this.#db) < limit) return key;
    if (key.station !== "") return this.#place({ ...key, station: "" }, nowMs);
    log("error", "notice.dropped", { tenant: this.#world.tenant, ...key });
    return null;
  }

  #write<R extends Omit<store.NoticeRow, "dueMs">>(row: R): R & store.NoticeRow {
    const written = { ...row, dueMs: dueMs(row) };
    store.writeNotice(this.#db, written);
    return written;
  }

  #wakeAt(atMs: number, nowMs: number): void {
    this.#clock.wakeAt(Math.max(dueAt(atMs, nowMs, NOTICE_EVERY_MS), nowMs + SOON_MS));
  }
}

function eventOf(
  row: store.NoticeRow & { readonly sendingId: string },
  receivedAtMs: number,
): IncomingEvent {
  const { sendingId: id, type, sendingMs: createdAtMs } = row;
  return {
    id,
    type,
    source: RELAY_SOURCE,
    createdAtMs,
    receivedAtMs,
    body: noticeBody({ ...row, id, count: row.sendingCount, createdAtMs }),
    replayable: false,
  };
}
