import type { Filter } from "./filter.ts";

/** What a subscriber asked for and may see, as checked at the edge. */
export interface Subscription {
  readonly keyId: string;
  readonly filter: Filter;
  /** `now`, `snapshot`, `start`, or a cursor. */
  readonly from: string;
}

/** How the edge hands it to the object with the upgrade: as JSON in a header. */
export const SUBSCRIPTION_HEADER = "x-chargewire-subscription";
