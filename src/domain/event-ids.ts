/**
 * The ids of a station's log, as far as memory knows them. Most new ids can be told from old
 * ones by their time alone: an ObjectId starts with its second (eDRV's ids are ObjectIds), and
 * an id younger than every id that memory has let go of cannot be one of them.
 */
export class EventIds {
  readonly #known: Set<string>;
  /** Newest second among the ids of the log that memory does not hold; -1 when there is none. */
  #forgottenUntil: number;
  #complete: boolean;

  constructor(window: IdWindow, complete: boolean) {
    this.#known = new Set(window.ids);
    this.#forgottenUntil = window.forgottenUntil;
    this.#complete = complete;
  }

  /** `unknown` asks the caller to look in the log, once: {@link learnAll} then settles it for good. */
  has(id: string): "yes" | "no" | "unknown" {
    if (this.#known.has(id)) return "yes";
    if (this.#complete) return "no";
    const second = objectIdSecond(id);
    return second !== null && second > this.#forgottenUntil ? "no" : "unknown";
  }

  learnAll(ids: Iterable<string>): void {
    for (const id of ids) this.#known.add(id);
    this.#complete = true;
  }

  add(id: string): void {
    this.#known.add(id);
  }

  /** The log has overwritten this event, so its id may come again. */
  drop(id: string): void {
    this.#known.delete(id);
  }
}

/** The part of {@link EventIds} that is stored with the newest event, so that a wake reads one row. */
export interface IdWindow {
  readonly ids: readonly string[];
  readonly forgottenUntil: number;
}

export const EMPTY_WINDOW: IdWindow = { ids: [], forgottenUntil: -1 };
const WINDOW_SIZE = 64;

/** The window after one more event. Ids that are not ObjectIds are left to the log. */
export function slideWindow(window: IdWindow, id: string): IdWindow {
  if (objectIdSecond(id) === null) return window;
  const ids = [...window.ids, id];
  if (ids.length <= WINDOW_SIZE) return { ids, forgottenUntil: window.forgottenUntil };
  const forgotten = objectIdSecond(ids[0] ?? "") ?? -1;
  return { ids: ids.slice(1), forgottenUntil: Math.max(window.forgottenUntil, forgotten) };
}

/** The second in which a Mongo ObjectId was made, or null for any other id. */
function objectIdSecond(id: string): number | null {
  return /^[0-9a-f]{24}$/.test(id) ? Number.parseInt(id.slice(0, 8), 16) : null;
}
