import type { Filter } from "./filter.ts";
import type { Grant } from "./grant.ts";

/** What a subscriber asked for and may see, as checked at the edge. */
export interface Subscription {
  readonly keyId: string;
  readonly grant: Grant;
  /** When its token or ticket ends; null for an API key. */
  readonly expiresAtMs: number | null;
  readonly filter: Filter;
  /** `now`, `snapshot`, `start`, or a cursor. */
  readonly from: string;
  /** The `Origin` of a browser's page; null when it is none. */
  readonly origin: string | null;
  /** A cursor that has to be of this very stream; null when none is needed. */
  readonly proof: string | null;
}

/** How the edge hands it to the object with the upgrade: as JSON in a header. */
export const SUBSCRIPTION_HEADER = "x-chargewire-subscription";
