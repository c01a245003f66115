import * as z from "zod";

import { pageOf, Time } from "./account-answers.ts";
import type { EventClass } from "./catalogue.ts";
import type { OutcomeClass } from "./outcome.ts";

export const EVENT_CLASSES = [
  "network",
  "action",
  "synchronous",
  "charging_intelligence",
  "unknown",
  "relay",
] as const satisfies readonly EventClass[];

const Seq = z.int().min(0);

export const Event = z.object({
  id: z.string().describe("eDRV's `_id`: the same however often the webhook is sent."),
  type: z.string(),
  class: z
    .enum(EVENT_CLASSES)
    .describe("eDRV's family of the type; `relay` for what the relay tells of itself."),
  source: z.string().describe("The source that it came in by."),
  station: z.string().describe("`_account` when it concerns no single station."),
  seq: Seq.describe("1, 2, 3 … per station, without holes, in order of acceptance."),
  late: z.boolean().describe("An event that occurred later was accepted before it."),
  occurredAt: Time,
  receivedAt: Time,
  body: z.looseObject({}).describe("The webhook as eDRV sent it, byte for byte."),
});

export const EventPage = z.object({
  items: z.array(Event),
  next: z.string().nullable().describe("The cursor to go on from; null at the newest event."),
});

export const Session = z.object({
  id: z.string(),
  connector: z.string().nullable(),
  status: z.string().nullable(),
  startedAt: Time.nullable(),
  energyWh: z.number().nullable(),
  powerW: z.number().nullable(),
  soc: z.number().nullable().describe("State of charge, in percent."),
  at: Time.describe("When the newest of this occurred."),
});

export const StationState = z
  .object({
    station: z.string(),
    seq: Seq.describe("The seq up to which this is folded."),
    online: z.boolean().nullable().describe("Null while nothing is known."),
    onlineAt: Time.nullable(),
    connectors: z.array(z.object({ id: z.string(), status: z.string().nullable(), at: Time })),
    sessions: z.array(Session).describe("Those that have not ended, 32 at most."),
    lastEventAt: Time.nullable(),
  })
  .describe("Folded by the time that events occurred: a late event never sets it back.");

const attemptFields = {
  at: Time.describe("When it began."),
  seq: Seq,
  event: z.string().nullable().describe("The event's id; null once the log has let go of it."),
  type: z.string().nullable(),
  attempt: z.int().describe("Counted from 1 for each event."),
  class: z
    .enum(["delivered", "trouble", "refused", "gone"] satisfies readonly OutcomeClass[])
    .describe("`trouble`: tried again; `refused`: this event is not wanted; `gone`: HTTP 410."),
  status: z.int().nullable().describe("Of the answer; null when there was none."),
  error: z.string().nullable().describe("Why there was no answer: `timeout`, `connection` …"),
  latencyMs: z.number(),
  replay: z.string().nullable().describe("The replay that it was part of."),
  snippet: z.string().describe("The first KiB of the answer, or what is known of the failure."),
};
export const Attempt = z.object(attemptFields);
export const Delivery = z.object({ route: z.string(), ...attemptFields });
export const DeliveryPage = pageOf(Delivery);

export const FilterTrialResult = z.object({
  items: z.array(
    z.object({
      event: Event.pick({ id: true, type: true, station: true, seq: true, occurredAt: true }),
      matched: z.boolean(),
      reasons: z
        .array(
          z.object({
            part: z.enum(["types", "stations", "match"]),
            path: z.string().optional(),
            message: z.string(),
          }),
        )
        .describe("What keeps it from passing; empty when it matched."),
    }),
  ),
  scanned: z.int().describe("Events that were looked at."),
});
