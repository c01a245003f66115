/**
 * Few, because objects share the memory of an isolate; an id older than these is looked for in the log. More than
 * one call brings (100: append-line.ts, tenant-notices.ts): what is not in the log yet must be here.
 */
const GENERATION = 512;
/** A burst within a second may make a generation so many times as large. */
const BURST = 16;

/**
 * The ids of a station's log, as far as memory knows them. Most new ids can be told from old
 * ones by their time alone: an ObjectId starts with its second (eDRV's ids are ObjectIds), and
 * an id younger than every id that memory has let go of cannot be one of them. So memory lets go
 * of old ones, however long a station stays awake.
 */
export class EventIds {
  /** Two generations: when the newer one is full, the older one goes. */
  #newer: Set<string>;
  #older = new Set<string>();
  /** Newest second among the ids of the newer one; -1 when there is none. */
  #newestSecond = -1;
  /** Newest second among the ids of the log that memory does not hold; -1 when there is none. */
  #forgottenUntil: number;
  #complete: boolean;
  readonly #generation: number;

  /**
   * Holds twice `generation` ids, and more only while that many come within a second, or for a while
   * after {@link learnAll}.
   */
  constructor(window: IdWindow, complete: boolean, generation = GENERATION) {
    this.#newer = new Set(window.ids);
    this.#forgottenUntil = window.forgottenUntil;
    this.#complete = complete;
    this.#generation = generation;
  }

  /** `unknown` asks the caller to look in the log: {@link learnAll} then settles it. */
  has(id: string): "yes" | "no" | "unknown" {
    if (this.#newer.has(id) || this.#older.has(id)) return "yes";
    if (this.#complete) return "no";
    const second = objectIdSecond(id);
    return second !== null && second > this.#forgottenUntil ? "no" : "unknown";
  }

  /** Those of the log. What is known already may not be in it yet. */
  learnAll(ids: Iterable<string>): void {
    this.#older = new Set([...this.#older, ...ids]);
    this.#complete = true;
  }

  add(id: string): void {
    const second = objectIdSecond(id);
    if (this.#endsBefore(second)) this.#turn();
    this.#newer.add(id);
    this.#newestSecond = Math.max(this.#newestSecond, second ?? -1);
  }

  /** The log has overwritten this event, so its id may come again. */
  drop(id: string): void {
    this.#newer.delete(id);
    this.#older.delete(id);
  }

  /** With its second, if it can be: an id of a second that was let go of has to be looked for in the log. */
  #endsBefore(second: number | null): boolean {
    const { size } = this.#newer;
    if (size < this.#generation) return false;
    return second === null || second > this.#newestSecond || size >= this.#generation * BURST;
  }

  #turn(): void {
    for (const id of this.#older) {
      if (this.#newer.has(id)) continue;
      this.#complete = false;
      this.#forgottenUntil = Math.max(this.#forgottenUntil, objectIdSecond(id) ?? -1);
    }
    this.#older = this.#newer;
    this.#newer = new Set();
    this.#newestSecond = -1;
  }
}

/** What a wake knows of the ids without looking through the log. */
export interface IdWindow {
  /** Of the newest events, {@link WINDOW_SIZE} at most, oldest first. */
  readonly ids: readonly string[];
  /** The newest second among the ObjectIds before these; -1 when there is none. */
  readonly forgottenUntil: number;
}

export const EMPTY_WINDOW: IdWindow = { ids: [], forgottenUntil: -1 };
/** Few, because a wake reads as many rows. */
export const WINDOW_SIZE = 16;

/** The window after one more event. */
export function slideWindow(window: IdWindow, id: string): IdWindow {
  const ids = [...window.ids, id];
  const gone = ids.length > WINDOW_SIZE ? ids.shift() : undefined;
  const second = gone === undefined ? null : objectIdSecond(gone);
  return { ids, forgottenUntil: Math.max(window.forgottenUntil, second ?? -1) };
}

/** The window that holds these ids, the newest, and was known to hold others before. */
export function openWindow(ids: readonly string[], before: IdWindow): IdWindow {
  const forgotten = before.ids.filter((id) => !ids.includes(id));
  const seconds = forgotten.map((id) => objectIdSecond(id) ?? -1);
  return { ids, forgottenUntil: Math.max(before.forgottenUntil, ...seconds) };
}

/** The second in which a Mongo ObjectId was made, or null for any other id. */
function objectIdSecond(id: string): number | null {
  return /^[0-9a-f]{24}$/.test(id) ? Number.parseInt(id.slice(0, 8), 16) : null;
}
