import * as z from "zod";

import type { EventType, ResourceNameOf } from "./catalogue.ts";

/*
 * eDRV's objects as their samples show them, for typing and for reading, never for refusing a
 * webhook. Unknown keys survive; a field of an unexpected shape reads as undefined, so that one
 * surprise does not hide the rest of the object; only the id that identifies it is required.
 */

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().catch(undefined);

/** The readable items of a list; an item of another shape is left out and hides no other. */
const listOf = <T extends z.ZodType>(item: T) =>
  z.array(z.unknown()).transform((items) =>
    items.flatMap((each) => {
      const parsed = item.safeParse(each);
      return parsed.success ? [parsed.data] : [];
    }),
  );

const text = optional(z.string());
const flag = optional(z.boolean());
const number = optional(z.number());
/** Written as a number in one sample and as a string in the next. */
const numeric = optional(z.union([z.number(), z.string()]));
const record = optional(z.record(z.string(), z.unknown()));
const unknownItems = optional(z.array(z.unknown()));

/**
 * Another object: its id, or the object itself. Every documented sample has the id (24 hex
 * digits); eDRV's REST API populates on request, so the other form is accepted.
 */
export const Reference = z.union([z.string(), z.looseObject({ _id: z.string() })]);
export type Reference = z.infer<typeof Reference>;
const reference = optional(Reference);

const identity = { _id: z.string(), createdAt: text, updatedAt: text };

/** `unit` wanders with the value: kWh or Wh, Percent or null (and then 0.52 for 52 %). */
export const Measure = z.looseObject({ value: numeric, unit: text });
export type Measure = z.infer<typeof Measure>;
const measure = optional(Measure);

/** Source: https://docs.edrv.io/docs/rates-1 */
export const Rate = z.looseObject({
  ...identity,
  currency: text,
  active: flag,
  minimum_amount: numeric,
  price_components: optional(
    listOf(
      z.looseObject({
        /** FLAT, ENERGY, TIME or PARKING_TIME. */
        type: text,
        price: numeric,
        tax: numeric,
        step_size: numeric,
        grace_period: numeric,
      }),
    ),
  ),
});
export type Rate = z.infer<typeof Rate>;
const rate = optional(z.union([z.string(), Rate]));

/** eDRV calls it an advanced rate. Source: https://docs.edrv.io/docs/rates-1 */
export const RateSchedule = z.looseObject({
  ...identity,
  name: text,
  description: text,
  currency: text,
  active: flag,
  layout: optional(
    listOf(
      z.looseObject({
        target: optional(
          z.looseObject({ day_of_week: unknownItems, start_time: text, end_time: text }),
        ),
        rate,
      }),
    ),
  ),
});
export type RateSchedule = z.infer<typeof RateSchedule>;

/**
 * Sources: https://docs.edrv.io/docs/connector; `evseId` and `raw_message`, of OCPP 2.0.1 only:
 * https://docs.edrv.io/docs/ocpp-201-updates
 */
export const Connector = z.looseObject({
  ...identity,
  /** As the station reports it: Available, Preparing, Charging, SuspendedEV, Finishing, … */
  status: text,
  active: flag,
  type: text,
  /** CABLE or SOCKET by the documents, `Socket` in the sample. */
  format: text,
  power_type: text,
  /** In kW. */
  power: numeric,
  chargestation: reference,
  rate,
  evseId: numeric,
  raw_message: z.unknown().optional(),
});
export type Connector = z.infer<typeof Connector>;

/**
 * `bootInfo` holds the SIM's iccid and imsi, and `connection_url` the address the station dials:
 * not for anonymous readers. Source: https://docs.edrv.io/docs/chargestation
 */
export const Chargestation = z.looseObject({
  ...identity,
  location: reference,
  /** ocpp1.6 or ocpp2.0.1. */
  protocol: text,
  endpoint: text,
  static_endpoint: text,
  online: flag,
  active: flag,
  public: flag,
  is_simulator: flag,
  open_for_business: flag,
  bootInfo: optional(
    z.looseObject({
      chargeBoxSerialNumber: text,
      chargePointModel: text,
      chargePointSerialNumber: text,
      chargePointVendor: text,
      firmwareVersion: text,
      iccid: text,
      imsi: text,
    }),
  ),
  /** Longitude, then latitude. */
  coordinates: optional(z.array(z.number())),
  /** Whether it holds all connectors or only the one that changed is not documented. */
  connectors: optional(listOf(Connector)),
  lastConnectAt: text,
  lastDisconnectAt: text,
  lastMessageAt: text,
  meta_data: record,
  configuration: record,
  connection_url: text,
  security: optional(z.looseObject({ type: text })),
});
export type Chargestation = z.infer<typeof Chargestation>;

/**
 * Sources: https://docs.edrv.io/docs/sessions, https://docs.edrv.io/docs/sessions-201 (OCPP 2.0.1)
 * and, for units, https://docs.edrv.io/docs/displaying-charging-metrics-in-real-time
 */
export const Session = z.looseObject({
  ...identity,
  user: reference,
  chargestation: reference,
  connector: reference,
  rate: reference,
  /** The spelling differs from sample to sample: created, started, Started, Ended, cancelled. */
  status: text,
  configurations: record,
  target: optional(
    z.looseObject({
      time: numeric,
      cost: numeric,
      energy: numeric,
      energy_start_time: text,
      energy_stop_time: text,
    }),
  ),
  metrics: optional(
    z.looseObject({
      chargingStart: text,
      chargingStop: text,
      meterStart: numeric,
      timezone: text,
      /** In seconds. */
      energyPeriod: numeric,
      /** In Wh. */
      energyConsumed: numeric,
      chargingState: text,
      chargingStopReason: text,
    }),
  ),
  energy_report: optional(
    z.looseObject({
      timestamp: text,
      current: measure,
      power: measure,
      energy_meter: measure,
      state_of_charge: measure,
    }),
  ),
  raw_energy_report: z.unknown().optional(),
  /** eDRV's spelling. */
  raw_transction_event: z.unknown().optional(),
  charging_activity: optional(
    listOf(z.looseObject({ startTime: text, endTime: text, status: text })),
  ),
  cost: optional(
    z.looseObject({
      amount: numeric,
      currency: text,
      breakdown: optional(
        listOf(
          z.looseObject({
            type: text,
            quantity: numeric,
            unit: text,
            unitPrice: numeric,
            totalCost: numeric,
          }),
        ),
      ),
    }),
  ),
  payment: record,
  meta_data: record,
});
export type Session = z.infer<typeof Session>;

/**
 * A command and what became of it. Its `status` (requested, completed, failed) is another
 * vocabulary than the last part of the event's type (requested, accepted, rejected), and its
 * `type` comes with or without the resource before it. Source: https://docs.edrv.io/docs/actions
 */
export const Action = z.looseObject({
  ...identity,
  type: text,
  status: text,
  chargestation: reference,
  connector: reference,
  /** What was sent to the station. */
  data: z.unknown().optional(),
  /** What came back. */
  response_data: z.unknown().optional(),
});
export type Action = z.infer<typeof Action>;

/** Source: https://docs.edrv.io/docs/location */
export const Location = z.looseObject({
  ...identity,
  active: flag,
  operatorName: text,
  address: optional(
    z.looseObject({
      streetAndNumber: text,
      postalCode: text,
      city: text,
      state: text,
      country: text,
    }),
  ),
  timezone: text,
  /** Longitude, then latitude. */
  coordinates: optional(z.array(z.number())),
  /** By day of the week, `0` to `6`. */
  openingHours: optional(
    z.record(z.string(), listOf(z.looseObject({ startTime: text, endTime: text }))),
  ),
  meta_data: record,
});
export type Location = z.infer<typeof Location>;

/** Personal data from end to end. Source: https://docs.edrv.io/docs/edrv-users */
export const User = z.looseObject({
  ...identity,
  picture: text,
  active: flag,
  firstname: text,
  lastname: text,
  email: text,
  address: record,
  phone: optional(z.looseObject({ mobile: text, home: text, work: text })),
  wallet: optional(
    z.looseObject({
      /** In cents. */
      balance: numeric,
      minimum_balance: numeric,
      currency: text,
      auto_top_up: record,
    }),
  ),
  meta_data: record,
});
export type User = z.infer<typeof User>;

/** No sample is public; the fields are its predecessor's, https://docs.edrv.io/docs/token */
export const RFID = z.looseObject({
  ...identity,
  active: flag,
  /** The OCPP idTag. */
  physicalId: text,
  type: text,
  organization: reference,
  driver: reference,
});
export type RFID = z.infer<typeof RFID>;

/** No sample is public: only its id is assumed. */
export const Organization = z.looseObject(identity);
export type Organization = z.infer<typeof Organization>;

/**
 * No webhook sample is public; the fields are those that create a group. Which station
 * `….chargestation.added` concerns is unknown.
 * Source: https://docs.edrv.io/docs/load-management-groups
 */
export const LoadManagementGroup = z.looseObject({
  ...identity,
  name: text,
  description: text,
  notes: text,
  /** In kW. */
  maximum_capacity: numeric,
  /** In kW. */
  minimum_connector_capacity: numeric,
  /** A share, 0 to 1. */
  buffer: number,
  location: reference,
});
export type LoadManagementGroup = z.infer<typeof LoadManagementGroup>;

interface Resources {
  readonly Chargestation: Chargestation;
  readonly Session: Session;
  readonly Action: Action;
  readonly Location: Location;
  readonly User: User;
  readonly Rate: Rate;
  readonly RateSchedule: RateSchedule;
  readonly RFID: RFID;
  readonly Organization: Organization;
  readonly LoadManagementGroup: LoadManagementGroup;
}

/** What `data` is in a webhook of type T. */
export type ResourceOf<T extends EventType> = Resources[ResourceNameOf<T>];
