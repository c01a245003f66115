import type { DeliveryFormat } from "./delivery.ts";
import type { Filter } from "./filter.ts";
import type { SignatureScheme } from "./signature.ts";

/** A route as a station needs it to deliver. Secrets stay sealed until an attempt is made. */
export interface StationRoute {
  readonly id: string;
  readonly url: string;
  readonly enabled: boolean;
  /** When it was created or changed last. */
  readonly changedAtMs: number;
  /** Absent from what stations of 0.4.0 stored, and from tenants of that. */
  readonly createdAtMs?: number;
  readonly filter: Filter;
  readonly format: DeliveryFormat;
  readonly timeoutMs: number;
  readonly scheduleSeconds: readonly number[];
  readonly onExhausted: "dead_letter" | "park" | "drop";
  // What stations stored before these were known lacks them.
  readonly ratePerSecond?: number | null;
  readonly concurrency?: number | null;
  readonly authType?: string | null;
  /** JSON of RouteSecrets (delivery.ts), sealed for {@link routeSecretsPurpose}. */
  readonly sealedSecrets: string;
  readonly edrvScheme: SignatureScheme;
}

/** Whether what its lanes share (limits, access tokens) makes their attempts go through the route's gate. */
export function needsGate({ ratePerSecond, concurrency, authType }: StationRoute): boolean {
  return (ratePerSecond ?? concurrency ?? null) !== null || authType === "oauth2";
}

/** What a station needs of a tenant's configuration, at one point of its history. */
export interface RouteTable {
  /** Grows with every change of any of it. */
  readonly version: number;
  readonly routes: readonly StationRoute[];
  /** Keys that are valid; sockets of others are closed. */
  readonly keyIds: readonly string[];
}

/** What stations hear from the feed of their tenant's routes, with every push. */
export interface Standing {
  readonly version: RouteTable["version"];
  /** Routes that failed lately: their lanes report successes, too. */
  readonly suspect: readonly string[];
  /** Routes whose breaker is open: their lanes attempt nothing but probes. */
  readonly open: readonly string[];
}

export const NO_ROUTES: RouteTable = { version: 0, routes: [], keyIds: [] };

/** What a route's sealed secrets are bound to: another route's do not open in their place. */
export const routeSecretsPurpose = (tenant: string, routeId: string) =>
  `route:${tenant}:${routeId}`;
export const sourceSecretPurpose = (tenant: string, secretId: string) =>
  `source:${tenant}:${secretId}`;
