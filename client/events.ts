import type { EventType } from "../src/domain/catalogue.ts";
import type { KnownEvent, RelayedEvent } from "../src/domain/webhook-types.ts";

/**
 * Whether the event is of a type that eDRV documents; a switch on its `type` then narrows. Goes by
 * the class that the relay gave it: a newer relay may know types that this library does not.
 */
export function isKnownEvent(event: RelayedEvent): event is KnownEvent {
  return event.class !== "unknown" && event.class !== "relay";
}

/** Whether the event is of one of these types; `event.body.data` is then typed accordingly. */
export function isEvent<T extends EventType>(
  event: RelayedEvent,
  ...types: readonly T[]
): event is Extract<KnownEvent, { readonly type: T }> {
  return isKnownEvent(event) && types.some((type) => type === event.type);
}
