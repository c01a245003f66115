import type { Admission } from "../domain/admission.ts";
import type { Extent } from "../domain/cursor.ts";
import { eventBody } from "../domain/event.ts";
import { type Filterable, filterable } from "../domain/filter.ts";

/** An event in a stream, serialised. */
export interface StreamRecord {
  readonly offset: number;
  readonly type: string;
  readonly station: string;
  readonly json: string;
}

/** What a stream serves from: an ordered log with a bounded past, and the present states. */
export interface StreamSource {
  readonly tenant: string;
  readonly extent: () => Extent;
  /** Records after `offset`, oldest first, as many as are handy; the offset read up to. */
  readonly read: (offset: number) => { records: readonly StreamRecord[]; offset: number };
  /**
   * The states of the stations that pass, as of the extent's head; null while some of them are
   * about to follow what the log already holds, unless even those are wanted.
   */
  readonly states: (
    wantsStation: (station: string) => boolean,
    evenBehind: boolean,
  ) => readonly string[] | null;
  /** A station's present state; `gone` when it was taken out, null when its first is still to come. */
  readonly state: (station: string) => string | "gone" | null;
  /** Stations that at that offset or after it were restated ({@link Stream.publish}). */
  readonly restatedSince: (offset: number) => Iterable<string>;
  /** Whose token or key this is; null unless it opens this stream. */
  readonly admit: (token: string) => Promise<Admission | null>;
  /** Has the stream's {@link Stream.sweep} called at that time, even if the object sleeps. */
  readonly wakeAt: (atMs: number) => void;
  /** What passes over the stream is counted (domain/usage.ts). */
  readonly count: (what: "framesSent" | "messagesReceived") => void;
}

/** A record as filters see it. What is parsed for them is not kept with the record until its frame leaves. */
export function seenByFilters(record: StreamRecord): Filterable {
  return filterable(record, () => eventBody(record.json));
}
