import type { ConnectOptions } from "./options.ts";
import { Subscription } from "./subscription.ts";

/**
 * Subscribes to a stream of the relay. The first connection is made in the background; throws
 * only for options with which none can be made.
 */
export function connect(options: ConnectOptions): Subscription {
  return new Subscription(options);
}

export type { EventType } from "../src/domain/catalogue.ts";
export type {
  EdrvWebhook,
  KnownEvent,
  RelayedEvent,
  RelayOwnEvent,
  UnknownEvent,
} from "../src/domain/webhook-types.ts";
export { isEvent, isKnownEvent } from "./events.ts";
export type {
  ConnectorState,
  EventItem,
  GapItem,
  Item,
  SessionState,
  SnapshotItem,
  StateItem,
  StationState,
} from "./items.ts";
export type {
  ConnectOptions,
  ExpiringToken,
  Filter,
  From,
  Timing,
  TokenSource,
  WebSocketConstructor,
  WebSocketLike,
} from "./options.ts";
export { type Status, SubscriptionError, type WaitReason } from "./status.ts";
export type { Subscription } from "./subscription.ts";
