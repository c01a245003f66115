/**
 * How far a subscriber is behind what was sent to it, as far as it says: by acknowledging, or by
 * giving a sign of life. What the network holds cannot be seen from here.
 */

/** Sent and not taken, as far as is known: beyond this a subscriber is slow. */
export const MAX_UNPROVEN_BYTES = 4 * 1024 * 1024;
/** One that acknowledges is also slow when something waits and it has taken nothing for so long. */
export const MAX_UNACKNOWLEDGED_MS = 30_000;
/** Frames of one that does not acknowledge are counted together up to this size. */
const MARK_BYTES = 64 * 1024;

interface Mark {
  /** What was sent goes up to this place in the stream … */
  offset: number;
  /** … at this time, at the latest. */
  atMs: number;
  bytes: number;
}

/** What has been sent to one subscriber and is not known to have arrived. */
export class Flow {
  /** From its first acknowledgement on, nothing else counts. */
  #acknowledges: boolean;
  #marks: Mark[] = [];
  #bytes = 0;
  /** When it last acknowledged something that waited. */
  #progressMs = 0;

  constructor(acknowledges = false) {
    this.#acknowledges = acknowledges;
  }

  get acknowledges(): boolean {
    return this.#acknowledges;
  }

  get bytes(): number {
    return this.#bytes;
  }

  sent(bytes: number, offset: number, nowMs: number): void {
    this.#bytes += bytes;
    const last = this.#marks.at(-1);
    if (last !== undefined && !this.#acknowledges && last.bytes < MARK_BYTES) {
      last.offset = offset;
      last.atMs = nowMs;
      last.bytes += bytes;
    } else {
      this.#marks.push({ offset, atMs: nowMs, bytes });
    }
  }

  /** Everything up to this place has been taken. */
  acknowledged(offset: number, nowMs: number): void {
    this.#acknowledges = true;
    const before = this.#bytes;
    this.#drop((mark) => mark.offset <= offset);
    if (this.#bytes < before) this.#progressMs = nowMs;
  }

  /**
   * What is sent from here on comes after that place, which may lie before what was sent so far:
   * whoever has taken anything of it has taken all of that.
   */
  beginAt(offset: number): void {
    for (const mark of this.#marks) mark.offset = Math.min(mark.offset, offset);
  }

  /** A sign of life at that time: what was sent before it has arrived, unless acknowledgements say when. */
  heard(atMs: number): void {
    if (!this.#acknowledges) this.#drop((mark) => mark.atMs <= atMs);
  }

  /** Starts counting anew. */
  forgive(): void {
    this.#marks = [];
    this.#bytes = 0;
  }

  /** More than {@link MAX_UNPROVEN_BYTES}, or waiting for an acknowledgement for too long. */
  isSlow(nowMs: number): boolean {
    return this.#bytes > MAX_UNPROVEN_BYTES || this.isLate(nowMs);
  }

  isLate(nowMs: number): boolean {
    const first = this.#marks[0];
    if (!this.#acknowledges || first === undefined) return false;
    return nowMs - Math.max(first.atMs, this.#progressMs) > MAX_UNACKNOWLEDGED_MS;
  }

  #drop(isTaken: (mark: Mark) => boolean): void {
    const kept = this.#marks.findIndex((mark) => !isTaken(mark));
    const taken = kept < 0 ? this.#marks : this.#marks.slice(0, kept);
    for (const { bytes } of taken) this.#bytes -= bytes;
    this.#marks = kept < 0 ? [] : this.#marks.slice(kept);
  }
}
