import * as z from "zod";

import { Time } from "./account-answers.ts";
import { NewRoute } from "./control.ts";
import { Attempt, Event } from "./event-answers.ts";
import { Filter } from "./filter.ts";
import type { LaneStatus } from "./lane.ts";

const { format, onExhausted, timeoutMs, ratePerSecond, concurrency } = NewRoute.shape;

export const Route = z.object({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  enabled: z.boolean().describe("False while paused."),
  filter: Filter,
  format: format.unwrap(),
  headers: z.array(z.string()).describe("Their names."),
  auth: z.object({ type: z.enum(["basic", "bearer", "oauth2"]) }).nullable(),
  timeoutMs: timeoutMs.unwrap(),
  retry: z.object({ scheduleSeconds: z.array(z.number()) }),
  onExhausted: onExhausted.unwrap(),
  ratePerSecond: ratePerSecond.unwrap(),
  concurrency: concurrency.unwrap(),
  secrets: z
    .array(z.object({ hint: z.string(), createdAt: Time.nullable(), expiresAt: Time.nullable() }))
    .describe("The signing secrets that sign now."),
  health: z
    .enum(["healthy", "suspect", "failing", "disabled"])
    .describe(
      "`suspect`: it failed a short while ago; `failing`: nothing is attempted but a probe now and " +
        "then; `disabled`: it answered 410, or failed for five days on end.",
    ),
  trouble: z
    .object({
      failures: z.int().describe("In a row."),
      refusals: z.int().describe("In a row."),
      failingSince: Time.nullable(),
      lastFailureAt: Time,
      lastAnswer: z.string().nullable(),
      nextProbeAt: Time.nullable(),
    })
    .nullable()
    .describe("What is wrong with the destination; null while nothing is."),
  troubledLanes: z
    .int()
    .describe(
      "Lanes that `GET /v1/routes/{id}/lanes?status=troubled` lists: 1000 stands for more.",
    ),
  createdAt: Time,
  updatedAt: Time,
});

export const RouteWithSecret = Route.extend({
  secret: z.string().describe("`whsec_…`: the signing secret of Standard Webhooks, shown once."),
});

export const RouteTestResult = Attempt.pick({
  class: true,
  status: true,
  error: true,
  latencyMs: true,
  snippet: true,
});

const LANE_STATUSES = [
  "idle",
  "delivering",
  "waiting",
  "blocked",
  "parked",
] as const satisfies readonly LaneStatus[];

export const Lane = z.object({
  station: z.string(),
  status: z
    .enum(LANE_STATUSES)
    .describe(
      "`idle`: nothing is owed; `delivering`; `waiting` for the time of its next try; `blocked`: the " +
        "route is paused, disabled or failing; `parked`: it waits for a person.",
    ),
  settledSeq: z.int().describe("Everything up to this seq is delivered, given up, or not wanted."),
  behind: z.int().describe("Events of the station after that."),
  deliveredSeq: z.int().nullable(),
  head: z
    .object({ seq: z.int(), attempts: z.int(), nextAttemptAt: Time.nullable() })
    .nullable()
    .describe("The event that is tried next, once it was tried."),
  gap: z
    .object({ first: z.int(), last: z.int() })
    .nullable()
    .describe("Seqs given up since the last delivery; the next one announces them."),
  lastAttempt: Attempt.nullable(),
});

const letterFields = {
  id: z.string(),
  route: z.string(),
  station: z.string(),
  seq: z.int(),
  type: z.string(),
  attempts: z.int(),
  lastAnswer: z.string().describe("As `HTTP 422`, or `timeout`."),
  snippet: z.string().describe("The beginning of that answer."),
  at: Time.describe("When it was given up."),
  occurredAt: Time.nullable(),
  receivedAt: Time.nullable(),
  replay: z.string().nullable().describe("The replay that is redelivering it."),
};
export const DeadLetter = z.object({ ...letterFields, event: z.string().describe("Its id.") });
export const DeadLetterWithEvent = z.object({ ...letterFields, event: Event.nullable() });

export const Replay = z.object({
  id: z.string(),
  kind: z.enum(["range", "dead_letters"]),
  route: z.string(),
  stations: z.array(z.string()).nullable().describe("Null: all."),
  types: z.array(z.string()).nullable().describe("Null: all."),
  from: Time.nullable(),
  to: Time.nullable(),
  matched: z.int().describe("Events to be sent, as far as they are counted."),
  delivered: z.int(),
  failed: z.int(),
  status: z
    .enum(["running", "waiting", "done", "cancelled"])
    .describe("`waiting`: its route is paused, disabled or failing."),
  createdAt: Time,
  finishedAt: Time.nullable(),
});

export const ReplayCount = z.object({ matched: z.int(), stations: z.int() });
