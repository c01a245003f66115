import { formatCursor } from "../domain/cursor.ts";
import type { Visibility } from "../domain/grant.ts";
import { availabilityOf, removedStation, withoutSessions } from "../domain/state-view.ts";
import { byeFrame, eventsFrame, stateFrame } from "../protocol/frames.ts";
import type { Member } from "./stream-member.ts";
import type { StreamRecord, StreamSource } from "./stream-source.ts";

/** A frame as it is sent, to one subscriber or to many. */
export interface SizedFrame {
  readonly text: string;
  readonly bytes: number;
  /** What it covers: everything in the stream up to here. */
  readonly offset: number;
}

const MAX_FRAME_CHARS = 512 * 1024;
const MAX_FRAME_STATES = 200;

const encoder = new TextEncoder();

/** The frames of a stream, and the way out of it. */
export class Outlet {
  readonly #source: StreamSource;
  readonly #onGone: (member: Member) => void;

  constructor(source: StreamSource, onGone: (member: Member) => void) {
    this.#source = source;
    this.#onGone = onGone;
  }

  cursorAt(offset: number): string {
    return formatCursor({ epoch: this.#source.extent().epoch, offset });
  }

  /** Frames of bounded size; the last one's cursor covers everything up to `offset`. */
  eventFrames(
    records: readonly StreamRecord[],
    offset: number,
    behind: number | null = null,
  ): SizedFrame[] {
    const pages = pagesOf(records, ({ json }) => json.length);
    return pages.map((page, index) => {
      const isLast = index === pages.length - 1;
      const upTo = isLast ? offset : (page.at(-1)?.offset ?? offset);
      const texts = page.map(({ json }) => json);
      const left = behind === null ? null : behind + offset - upTo;
      return this.#sized(eventsFrame(texts, this.cursorAt(upTo), left), upTo);
    });
  }

  /** How stations are now, for those who see no more. Before the last frame the place is still `from`. */
  stateFrames(
    stations: Iterable<string>,
    from: number,
    offset: number,
    behind: number | null = null,
  ): SizedFrame[] {
    const texts = [...stations].flatMap((station) => {
      const state = this.#source.state(station);
      if (state === null) return [];
      return [state === "gone" ? removedStation(station) : availabilityOf(state)];
    });
    const pages = pagesOf(texts, ({ length }) => length, MAX_FRAME_STATES);
    return pages.map((page, index) => {
      const upTo = index === pages.length - 1 ? offset : from;
      const left = behind === null ? null : behind + offset - upTo;
      return this.#sized(stateFrame(page, this.cursorAt(upTo), left), upTo);
    });
  }

  /** Texts of states as a subscriber may see them, in frames' worth. */
  *statePages(states: readonly string[], visibility: Visibility): Generator<string[]> {
    for (const page of pagesOf(states, ({ length }) => length, MAX_FRAME_STATES)) {
      yield page.map((state) => {
        if (visibility.view === "state") return availabilityOf(state);
        return visibility.showsSessions ? state : withoutSessions(state);
      });
    }
  }

  /** A frame that counts for what the subscriber has to take in. */
  send(member: Member, { text, bytes, offset }: SizedFrame, nowMs: number): void {
    member.flow.sent(bytes, offset, nowMs);
    this.tell(member, text);
  }

  sendText(member: Member, text: string, offset: number, nowMs: number): void {
    this.send(member, this.#sized(text, offset), nowMs);
  }

  /** A frame that is part of no count. */
  tell(member: Member, text: string): void {
    try {
      member.socket.send(text);
      this.#source.count("framesSent");
    } catch {
      // The other side is gone; its close event may be late or never come.
      this.#onGone(member);
    }
  }

  /** Says goodbye, with the place from which it can go on. */
  bye(member: Member, code: number, reason: string, retryAfterMs: number, position: number): void {
    this.tell(member, byeFrame(code, retryAfterMs, this.cursorAt(position)));
    this.close(member, code, reason);
  }

  close(member: Member, code: number, reason: string): void {
    this.#onGone(member);
    try {
      member.socket.close(code, reason);
    } catch {
      // Already closed.
    }
  }

  #sized(text: string, offset: number): SizedFrame {
    return { text, bytes: encoder.encode(text).length, offset };
  }
}

/** In order, each page within bounds, and one page at least. */
function pagesOf<T>(
  items: readonly T[],
  charsOf: (item: T) => number,
  maxItems = Number.POSITIVE_INFINITY,
): T[][] {
  const pages: T[][] = [[]];
  let chars = 0;
  for (const item of items) {
    const page = pages.at(-1) ?? [];
    if (page.length > 0 && (page.length >= maxItems || chars >= MAX_FRAME_CHARS)) {
      pages.push([item]);
      chars = 0;
    } else page.push(item);
    chars += charsOf(item);
  }
  return pages;
}
