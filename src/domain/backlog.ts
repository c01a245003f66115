import { isRecent } from "./clock.ts";

export interface BacklogBounds {
  readonly maxItems: number;
  readonly maxSize: number;
  /** Whoever has been in for longer counts no more: a request that was cut off never says that it ends. */
  readonly forgetAfterMs: number;
}

/** Somebody's place, to be given back by {@link Backlog.leave}. */
export interface BacklogPlace {
  readonly name: string;
  readonly size: number;
  readonly enteredAtMs: number;
}

interface Load {
  items: number;
  size: number;
}

/**
 * How much is being worked on, by name. One name has half of the room at most, so that those of
 * another find some; what has no room is to be refused, before it costs anything.
 */
export class Backlog {
  readonly #bounds: BacklogBounds;
  /** In the order in which they came. */
  readonly #places = new Set<BacklogPlace>();
  readonly #loads = new Map<string, Load>();
  readonly #total: Load = { items: 0, size: 0 };

  constructor(bounds: BacklogBounds) {
    this.#bounds = bounds;
  }

  /** Whether one more of that size has room now. */
  hasRoom(name: string, size: number, nowMs: number): boolean {
    this.#forget(nowMs);
    const { maxItems, maxSize } = this.#bounds;
    const own = this.#loads.get(name) ?? { items: 0, size: 0 };
    const fits = (load: Load, share: number) =>
      load.items + 1 <= maxItems * share && load.size + size <= maxSize * share;
    return fits(own, 0.5) && fits(this.#total, 1);
  }

  /** Null when there is no room. */
  enter(name: string, size: number, nowMs: number): BacklogPlace | null {
    if (!this.hasRoom(name, size, nowMs)) return null;
    const place = { name, size, enteredAtMs: nowMs };
    this.#places.add(place);
    const own = this.#loads.get(name) ?? { items: 0, size: 0 };
    this.#loads.set(name, own);
    for (const load of [own, this.#total]) {
      load.items += 1;
      load.size += size;
    }
    return place;
  }

  /** Safe to repeat, and for a place that is forgotten. */
  leave(place: BacklogPlace): void {
    if (!this.#places.delete(place)) return;
    const own = this.#loads.get(place.name);
    for (const load of own === undefined ? [] : [own, this.#total]) {
      load.items -= 1;
      load.size -= place.size;
    }
    if (own?.items === 0) this.#loads.delete(place.name);
  }

  #forget(nowMs: number): void {
    for (const place of this.#places) {
      if (isRecent(place.enteredAtMs, nowMs, this.#bounds.forgetAfterMs)) return;
      this.leave(place);
    }
  }
}
