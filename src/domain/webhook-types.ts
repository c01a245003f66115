import type { ClassOf, EventType } from "./catalogue.ts";
import type { ResourceOf } from "./resources.ts";

/**
 * What eDRV posts, as documented: a claim about eDRV, which nothing enforces. Only `type` has been
 * looked at when an event reaches a reader; check what you rely on.
 *
 * Sources: https://docs.edrv.io/docs/webhooks-tutorial, https://docs.edrv.io/docs/actions
 */
export interface EdrvWebhook<T extends EventType = EventType> {
  /** Names this event record, not the endpoint and not the object in `data`. */
  readonly _id: string;
  readonly type: T;
  /** The kind of `data`, lower case and singular in the one known sample: `action`. */
  readonly object: string;
  readonly data: ResourceOf<T>;
  /** When the event happened: ISO 8601, UTC, with milliseconds. */
  readonly createdAt: string;
  readonly [key: string]: unknown;
}

/** What every event has, whoever it is from. */
interface EventFields {
  readonly id: string;
  /** `_account` when the event concerns no single station. */
  readonly station: string;
  /** 1, 2, 3 … per station, without holes, in the order of acceptance. */
  readonly seq: number;
  /** True when it happened before an event already accepted for the station. */
  readonly late: boolean;
  readonly occurredAt: string;
  readonly receivedAt: string;
}

interface EventOfType<T extends EventType> extends EventFields {
  readonly type: T;
  readonly class: ClassOf<T>;
  readonly source: string;
  readonly body: EdrvWebhook<T>;
}

/** An event of a type that eDRV documents, one member per type: switching on `type` narrows it. */
export type KnownEvent = { [T in EventType]: EventOfType<T> }[EventType];

/** An event of a type added since, relayed like any other. All its body is known to be is JSON. */
export interface UnknownEvent extends EventFields {
  readonly type: string;
  readonly class: "unknown";
  readonly source: string;
  readonly body: { readonly type: string; readonly [key: string]: unknown };
}

/** A notice from the relay about itself, in the lane `_account`. */
export interface RelayOwnEvent extends EventFields {
  readonly type: `relay.${string}`;
  readonly class: "relay";
  /** Null when no source is concerned. */
  readonly source: string | null;
  readonly body: { readonly [key: string]: unknown };
}

/**
 * An event as every subscriber sees it. Tell its members apart by `class`, not by `type`: an
 * unknown event's `type` is any string, so a switch on it narrows only after this is settled.
 */
export type RelayedEvent = KnownEvent | UnknownEvent | RelayOwnEvent;

/** Goes by the class the relay gave the event; a newer relay may know types that this does not. */
export function isKnownEvent(event: RelayedEvent): event is KnownEvent {
  return event.class !== "unknown" && event.class !== "relay";
}
