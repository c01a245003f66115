import type { StationEvent } from "../domain/event.ts";
import { type Gap, type Lane, skipLost } from "../domain/lane.ts";
import type { Journal } from "./station-journal.ts";
import type { LaneTable } from "./station-lane-table.ts";
import { type StationRoutes, wantedBy } from "./station-routes.ts";

/** Events that a search reads at a time; most lanes want the first. */
const READ_EVENTS = 10;

export interface HeadWorld {
  /** The log no longer has what the lane was to deliver. */
  readonly announceLost: (routeId: string, gap: Gap) => Promise<void>;
}

/** Finds the heads of lanes in the log. */
export class LaneHeads {
  readonly #journal: Journal;
  readonly #table: LaneTable;
  readonly #routes: StationRoutes;
  readonly #world: HeadWorld;

  constructor(journal: Journal, table: LaneTable, routes: StationRoutes, world: HeadWorld) {
    this.#journal = journal;
    this.#table = table;
    this.#routes = routes;
    this.#world = world;
  }

  /** The next event that the route wants. When there is none, the lane owes nothing any more. */
  async of(routeId: string): Promise<StationEvent | null> {
    const known = this.#routes.get(routeId);
    const lane = await this.#pastLost(routeId);
    if (known === undefined || lane === null) return null;
    for (let after = lane.cursor; after < this.#journal.seq; ) {
      const events = this.#journal.read(after, READ_EVENTS);
      const wanted = events.find((event) => wantedBy(event)(known));
      if (wanted !== undefined) return wanted;
      after = events.at(-1)?.seq ?? this.#journal.seq;
    }
    this.#journal.owed.delete(routeId);
    return null;
  }

  /** The lane past what the log no longer has, which is announced, never passed over in silence. */
  async #pastLost(routeId: string): Promise<Lane | null> {
    for (;;) {
      const lane = this.#table.owing(routeId);
      const last = this.#journal.oldestSeq - 1;
      if (lane === null || lane.cursor >= last) return lane;
      const lost = { first: lane.cursor + 1, last };
      await this.#world.announceLost(routeId, lost);
      this.#table.store(routeId, skipLost(lane, lost));
    }
  }
}
