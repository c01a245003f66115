import type { Visibility } from "../domain/grant.ts";

/** Types that are remembered; beyond, it starts over. */
const MAX_TYPES = 1_000;

/**
 * Groups of subscribers by what their filters name, so that an event is matched by those alone that
 * may want it: a thousand filters that name other stations or types cost it nothing.
 */
export class GroupIndex<Group extends { readonly visibility: Visibility }> {
  /** Of filters that name stations. */
  readonly #byStation = new Map<string, Set<Group>>();
  /** All others … */
  readonly #others = new Set<Group>();
  /** … and which of them want a type, looked at once while they stay the same. */
  readonly #othersByType = new Map<string, readonly Group[]>();

  add(group: Group): void {
    const { stations } = group.visibility;
    if (stations === null) {
      this.#others.add(group);
      this.#othersByType.clear();
      return;
    }
    for (const station of stations) {
      const named = this.#byStation.get(station) ?? new Set();
      this.#byStation.set(station, named.add(group));
    }
  }

  delete(group: Group): void {
    if (this.#others.delete(group)) this.#othersByType.clear();
    for (const station of group.visibility.stations ?? []) {
      const named = this.#byStation.get(station);
      named?.delete(group);
      if (named?.size === 0) this.#byStation.delete(station);
    }
  }

  clear(): void {
    this.#byStation.clear();
    this.#others.clear();
    this.#othersByType.clear();
  }

  /** Every group that may want an event of that station and type; each has yet to be asked. */
  candidates(station: string, type: string): Iterable<Group> {
    const named = this.#byStation.get(station);
    const others = this.#wanting(type);
    return named === undefined ? others : [...named, ...others];
  }

  #wanting(type: string): readonly Group[] {
    const known = this.#othersByType.get(type);
    if (known !== undefined) return known;
    const wanting = [...this.#others].filter(({ visibility }) => visibility.wantsType(type));
    if (this.#othersByType.size >= MAX_TYPES) this.#othersByType.clear();
    this.#othersByType.set(type, wanting);
    return wanting;
  }
}
