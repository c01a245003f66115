import type { EventItem, GapItem, SnapshotItem, StateItem } from "./items.ts";
import type { Status, SubscriptionError } from "./status.ts";

/** Which events are wanted; what is left out lets everything pass. */
export interface Filter {
  /** Types; a `*` segment stands for one or more segments: `session.*`. */
  readonly types?: readonly string[] | undefined;
  readonly stations?: readonly string[] | undefined;
  /** Mongo query syntax over the webhook's body: `{"data.status": "Started"}`. */
  readonly match?: Readonly<Record<string, unknown>> | undefined;
}

/** What `POST /v1/tokens` answers. */
export interface ExpiringToken {
  readonly token: string;
  /** ISO 8601. Known, the token is renewed before it, without a new connection. */
  readonly expiresAt: string;
}

/** A token, or where to get one: asked for each connection and for each renewal. */
export type TokenSource =
  | string
  | ExpiringToken
  | (() => string | ExpiringToken | Promise<string | ExpiringToken>);

/** `now`, `snapshot` (the present states, then events), `start` (all that is kept), or a cursor. */
export type From = "now" | "snapshot" | "start" | (string & {});

/** As much of a WebSocket as is used here beside its events. */
export interface WebSocketLike {
  readonly readyState: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** The class of the platform, of the `ws` package, or one like them. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** In milliseconds. The defaults are good for all but tests. */
export interface Timing {
  /** Between two pings; null, the default, is what the relay asks for. */
  readonly heartbeatMs: number | null;
  /** A connection that is not open and greeted after this is given up. */
  readonly connectMs: number;
  /** Longest wait for a sign of life after a ping. */
  readonly pongMs: number;
  /** The same after a sleep of the device, or when the page is looked at again. */
  readonly probeMs: number;
  /** A connection that has lasted this long counts as good: the next failure is the first. */
  readonly proofMs: number;
}

export const DEFAULT_TIMING: Timing = {
  heartbeatMs: null,
  connectMs: 15_000,
  pongMs: 10_000,
  probeMs: 5_000,
  proofMs: 5_000,
};

/** A callback may return a promise: the next item comes when it is settled. */
type Callback<T> = ((item: T) => unknown) | undefined;

export interface ConnectOptions {
  /** Where the relay is: `https://relay.example.com`. */
  readonly url: string;
  readonly token: TokenSource;
  /** The stream of one station; without it, that of all the tenant's events. */
  readonly station?: string | undefined;
  readonly filter?: Filter | undefined;
  /** Where to begin, by default `now`. Every reconnection goes on where the last one ended. */
  readonly from?: From | undefined;

  readonly onEvent?: Callback<EventItem["event"]>;
  readonly onSnapshot?: Callback<SnapshotItem>;
  readonly onState?: Callback<StateItem>;
  readonly onGap?: Callback<GapItem>;
  /** Called at once when the status changes, whatever items still wait to be taken. */
  readonly onStatus?: ((status: Status) => void) | undefined;
  readonly onError?: ((error: SubscriptionError) => void) | undefined;

  /** Needed where the platform has no global `WebSocket`. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  readonly timing?: Partial<Timing> | undefined;
}
