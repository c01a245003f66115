import type { LaneAction } from "../domain/lane.ts";
import type { Journal } from "./station-journal.ts";
import type { Lanes } from "./station-lanes.ts";
import {
  type DeliveryPlace,
  type DeliveryView,
  type FindEvent,
  type LaneView,
  laneView,
  listDeliveries,
} from "./station-views.ts";

/** A station's lanes as persons see them, and what they do about them. */
export class LaneActions {
  readonly #station: string;
  readonly #journal: Journal;
  readonly #lanes: Lanes;
  /** Has the station take up how the routes are now. */
  readonly #checkRoutes: () => Promise<void>;

  constructor(station: string, journal: Journal, lanes: Lanes, checkRoutes: () => Promise<void>) {
    this.#station = station;
    this.#journal = journal;
    this.#lanes = lanes;
    this.#checkRoutes = checkRoutes;
  }

  /** Null when the lane owes nothing, so that there is nothing to be done. */
  async act(routeId: string, action: LaneAction): Promise<LaneView | null> {
    const done =
      action === "skip"
        ? (await this.#lanes.skip(routeId)) !== null
        : await (action === "retry" ? this.#lanes.grant(routeId) : this.#lanes.resume(routeId));
    return done ? this.#view(routeId) : null;
  }

  /** As it is now: an instance that has just woken has not heard yet how the routes fare. */
  async show(routeId: string): Promise<LaneView> {
    if (this.#journal.seq > 0) await this.#checkRoutes();
    return this.#view(routeId);
  }

  #view(routeId: string): LaneView {
    const status = this.#lanes.statusOf(routeId);
    const { table } = this.#lanes;
    return laneView(
      this.#station,
      status,
      table.get(routeId),
      table.log(routeId),
      this.#journal.seq,
      this.#find,
    );
  }

  /** Attempts made here, newest first, before the given place; of one route or of all. */
  deliveries(routeId: string | null, before: DeliveryPlace, limit: number): DeliveryView[] {
    const { table } = this.#lanes;
    return listDeliveries(
      (routeId === null ? table.routeIds() : [routeId]).map((id) => [id, table.log(id)]),
      before,
      limit,
      this.#find,
    );
  }

  readonly #find: FindEvent = (seq) => {
    const event = this.#journal.read(seq - 1, 1)[0];
    return event?.seq === seq ? event : null;
  };
}
