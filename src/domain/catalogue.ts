/** The families eDRV sorts its webhooks into. */
export type KnownEventClass = "network" | "action" | "synchronous" | "charging_intelligence";

/** What an event can be, on the wire: eDRV's four, a type not known here, or the relay's own. */
export type EventClass = KnownEventClass | "unknown" | "relay";

/** What the `data` of a webhook is. A Connector only ever comes inside a Chargestation. */
export type ResourceName =
  | "Chargestation"
  | "Session"
  | "Action"
  | "Location"
  | "User"
  | "Rate"
  | "RateSchedule"
  | "RFID"
  | "Organization"
  | "LoadManagementGroup";

type Entry = readonly [KnownEventClass, ResourceName, "fifo"?];

/** An action is reported in these states; a table key that ends in `.*` stands for all three. */
const ACTION_STATES = ["requested", "accepted", "rejected"] as const;

/**
 * Every event type eDRV documents, in its order. `fifo`: eDRV promises the order of these per
 * chargestation; all others may overtake and be overtaken.
 *
 * Source: https://docs.edrv.io/docs/list-of-webhook-events, which says that more may be added at
 * any time. It calls RateSchedule "Advance Rate" and LoadManagementGroup "Load Management".
 */
const CATALOGUE = {
  "chargestation.online": ["network", "Chargestation", "fifo"],
  "chargestation.offline": ["network", "Chargestation", "fifo"],
  "chargestation.connector_status.updated": ["network", "Chargestation"],
  "session.updated": ["network", "Session", "fifo"],
  "session.started": ["network", "Session", "fifo"],
  "session.ended": ["network", "Session", "fifo"],
  "session.cancelled": ["network", "Session"],
  "session.start_failure": ["network", "Session"],
  "session.stop_failure": ["network", "Session"],

  "session.set_power_limit.*": ["action", "Action", "fifo"],
  "session.clear_power_limit.*": ["action", "Action", "fifo"],
  "connector.set_power_limit.*": ["action", "Action", "fifo"],
  "connector.clear_power_limit.*": ["action", "Action", "fifo"],
  "chargestation.set_power_limit.*": ["action", "Action", "fifo"],
  "chargestation.clear_power_limit.*": ["action", "Action", "fifo"],
  "chargestation.get_configuration.*": ["action", "Action"],
  "chargestation.update_configuration.*": ["action", "Action"],
  "chargestation.trigger_message.*": ["action", "Action"],
  "chargestation.get_local_list_version.*": ["action", "Action"],
  "chargestation.send_local_list.*": ["action", "Action"],
  "chargestation.get_composite_schedule.*": ["action", "Action"],
  "chargestation.set_charging_profile.*": ["action", "Action", "fifo"],
  "chargestation.clear_charging_profile.*": ["action", "Action", "fifo"],
  "chargestation.get_diagnostics.*": ["action", "Action", "fifo"],
  "chargestation.update_firmware.*": ["action", "Action"],
  "chargestation.authorization.*": ["action", "Action"],

  "organization.updated": ["synchronous", "Organization"],
  "location.created": ["synchronous", "Location"],
  "location.updated": ["synchronous", "Location"],
  "location.deleted": ["synchronous", "Location"],
  "chargestation.created": ["synchronous", "Chargestation"],
  "chargestation.updated": ["synchronous", "Chargestation"],
  "chargestation.deleted": ["synchronous", "Chargestation"],
  "chargestation.connector.created": ["synchronous", "Chargestation"],
  "chargestation.connector.updated": ["synchronous", "Chargestation"],
  "chargestation.connector.deleted": ["synchronous", "Chargestation"],
  "user.created": ["synchronous", "User"],
  "user.updated": ["synchronous", "User"],
  "user.deleted": ["synchronous", "User"],
  "rate.created": ["synchronous", "Rate"],
  "rate.updated": ["synchronous", "Rate"],
  "rate.deleted": ["synchronous", "Rate"],
  "rate_schedule.created": ["synchronous", "RateSchedule"],
  "rate_schedule.updated": ["synchronous", "RateSchedule"],
  "rate_schedule.deleted": ["synchronous", "RateSchedule"],
  "rfid.created": ["synchronous", "RFID"],
  "rfid.updated": ["synchronous", "RFID"],
  "rfid.deleted": ["synchronous", "RFID"],
  "session.created": ["synchronous", "Session"],
  "load_management.group.created": ["synchronous", "LoadManagementGroup"],
  "load_management.group.updated": ["synchronous", "LoadManagementGroup"],
  "load_management.group.deleted": ["synchronous", "LoadManagementGroup"],
  "load_management.group.chargestation.added": ["synchronous", "LoadManagementGroup"],
  "load_management.group.chargestation.removed": ["synchronous", "LoadManagementGroup"],

  "session.ev_charged": ["charging_intelligence", "Session"],
  "session.target.cost.reached": ["charging_intelligence", "Session"],
  "session.target.time.reached": ["charging_intelligence", "Session"],
  "session.target.power.reached": ["charging_intelligence", "Session"],
  "session.target.soc.reached": ["charging_intelligence", "Session"],
} as const satisfies Record<string, Entry>;

type Catalogue = typeof CATALOGUE;
type ActionState = (typeof ACTION_STATES)[number];
type Expanded<K extends string> = K extends `${infer Base}.*` ? `${Base}.${ActionState}` : K;

/** The 93 event types known here. Others arrive too, so keep a default arm when switching on it. */
export type EventType = Expanded<keyof Catalogue>;

type EntryOf<T extends EventType> = {
  [K in keyof Catalogue]: T extends Expanded<K> ? Catalogue[K] : never;
}[keyof Catalogue];

export type ClassOf<T extends EventType> = EntryOf<T>[0];
export type ResourceNameOf<T extends EventType> = EntryOf<T>[1];

export interface EventDescription {
  readonly class: KnownEventClass;
  readonly resource: ResourceName;
  /** True when eDRV sends events of this type in order per chargestation. */
  readonly fifo: boolean;
}

/** A Map, because a type is the sender's text and may be the name of an inherited property. */
const DESCRIPTIONS: ReadonlyMap<string, EventDescription> = new Map(
  Object.entries<Entry>(CATALOGUE).flatMap(([key, [eventClass, resource, order]]) => {
    const description = { class: eventClass, resource, fifo: order === "fifo" };
    return expand(key).map((type) => [type, description] as const);
  }),
);

function expand(key: string): readonly string[] {
  return key.endsWith(".*") ? ACTION_STATES.map((state) => key.slice(0, -1) + state) : [key];
}

export function isEventType(type: string): type is EventType {
  return DESCRIPTIONS.has(type);
}

/** All known types, in the order of eDRV's list. */
export const EVENT_TYPES: readonly EventType[] = [...DESCRIPTIONS.keys()].filter(isEventType);

/** Null for a type that is not in the catalogue, which is no reason to refuse an event. */
export function describeEventType(type: string): EventDescription | null {
  return DESCRIPTIONS.get(type) ?? null;
}

/** The class of a type that eDRV sends. A webhook that calls itself `relay.*` is unknown like any other. */
export function classOf(type: string): KnownEventClass | "unknown" {
  return describeEventType(type)?.class ?? "unknown";
}

const ACTION_SHAPE =
  /^(?:chargestation|connector|session)\.[^.]+\.(?:requested|accepted|rejected)$/;

/**
 * True when `data` is an Action, so that `data._id` names the action and not the station. Types
 * that are not in the catalogue yet are told by their shape.
 */
export function isActionType(type: string): boolean {
  return ACTION_SHAPE.test(type);
}
