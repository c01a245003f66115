import type { EventClass } from "../domain/catalogue.ts";
import type { AttemptSample } from "../domain/metric-counts.ts";
import {
  type EncodedPage,
  MetricsPage,
  MetricsReport,
  type MetricsView,
  minuteOf,
} from "../domain/metrics.ts";

/** Rows that a report reads before others have their turn. */
const READ_ROWS = 50;

export interface CountedEvent {
  readonly class: EventClass;
  readonly receivedAtMs: number;
}

/** As the row of a segment has it. */
interface Stored {
  /** The segment to read for the pages before these, or null when there are none. */
  readonly before: number | null;
  /** Oldest first. All but the last are finished. */
  readonly pages: readonly EncodedPage[];
}

/**
 * What the feed has counted per minute, in the row of a segment that a flush writes anyway. The
 * page of a minute goes along until the minute is over, from segment to segment: so one row has all of
 * it, and a report reads one row per minute, however many segments there were.
 */
export class FeedMetrics {
  #before: number | null = null;
  #finished: EncodedPage[] = [];
  #page: MetricsPage | null = null;

  /** To be called before the flush is written. */
  count(events: readonly CountedEvent[], attempts: readonly AttemptSample[], nowMs: number): void {
    if (events.length === 0 && attempts.length === 0) return;
    const page = this.#pageOf(minuteOf(nowMs));
    for (const { class: eventClass, receivedAtMs } of events) {
      // The relay's own events come from within.
      page.addEvent(eventClass, eventClass === "relay" ? null : nowMs - receivedAtMs);
    }
    for (const attempt of attempts) page.addAttempt(attempt);
  }

  /** A new segment begins after that one. */
  turn(closed: number): void {
    if (this.#finished.length > 0) this.#before = closed;
    this.#finished = [];
  }

  /** As text for the row that is about to be written. */
  serialize(): string {
    return this.#page === null ? "" : JSON.stringify(this.#stored());
  }

  load(text: string): void {
    const { before, pages } = read(text);
    const newest = pages.at(-1);
    this.#before = before;
    this.#finished = pages.slice(0, -1);
    this.#page = newest === undefined ? null : MetricsPage.decode(newest);
  }

  /** `readRow` gives what {@link serialize} wrote with a segment, or null when that is no more. */
  async report(
    minutes: number,
    nowMs: number,
    readRow: (segment: number) => string | null,
  ): Promise<MetricsView> {
    const report = new MetricsReport(minutes, nowMs);
    let { before, pages }: Stored = this.#stored();
    for (let rowCount = 1; ; rowCount += 1) {
      const isWanted = pages.toReversed().every((page) => report.take(MetricsPage.decode(page)));
      if (!isWanted || before === null) break;
      const text = readRow(before);
      if (text === null) {
        report.end();
        break;
      }
      ({ before, pages } = read(text));
      // A long look back keeps no event waiting.
      if (rowCount % READ_ROWS === 0) await scheduler.wait(0);
    }
    return report.view();
  }

  /** No minute comes back once there was a later one: its page may be in a row that is read alone. */
  #pageOf(minute: number): MetricsPage {
    if (this.#page !== null && minute <= this.#page.minute) return this.#page;
    if (this.#page !== null) this.#finished.push(this.#page.encode());
    this.#page = new MetricsPage(minute);
    return this.#page;
  }

  #stored(): Stored {
    const newest = this.#page === null ? [] : [this.#page.encode()];
    return { before: this.#before, pages: [...this.#finished, ...newest] };
  }
}

/** Our own text, written by `serialize` of this or an older version; empty before there was one. */
function read(text: string): Stored {
  return text === "" ? { before: null, pages: [] } : JSON.parse(text);
}
