import * as z from "zod";

import { pageOf } from "../../domain/account-answers.ts";
import {
  DeliveryPage,
  Event,
  EventPage,
  FilterTrialResult,
  StationState,
} from "../../domain/event-answers.ts";
import { FilterTrial } from "../../domain/filter-trial.ts";
import { NumberedPageQuery, PageQuery } from "../../domain/page.ts";
import type { Section } from "../endpoint.ts";
import { CURSOR, EVENT, OCCURRED, RECEIVED, ROUTE, SOURCE, STATION } from "../examples.ts";
import { FilterQuery } from "../filter-query.ts";
import { WEBHOOK } from "../webhook-example.ts";

export const event = {
  id: EVENT,
  type: "session.updated",
  class: "network",
  source: SOURCE,
  station: STATION,
  seq: 42,
  late: false,
  occurredAt: OCCURRED,
  receivedAt: RECEIVED,
  body: WEBHOOK,
};

const state = {
  station: STATION,
  seq: 42,
  online: true,
  onlineAt: "2026-11-22T08:00:00.000Z",
  connectors: [{ id: "6192dea22df1431ea2c4720e", status: "Charging", at: OCCURRED }],
  sessions: [
    {
      id: "62b1c19482f1fc562109c551",
      connector: "6192dea22df1431ea2c4720e",
      status: "Started",
      startedAt: "2026-11-22T10:01:00.000Z",
      energyWh: 4210,
      powerW: 11_000,
      soc: 54,
      at: OCCURRED,
    },
  ],
  lastEventAt: OCCURRED,
};

const EXPIRED = { cursor_expired: "What followed it is no longer kept." };

export const events: Section = {
  name: "Events",
  about:
    "What has come in. At least the last 256 MiB of the tenant are kept, and of each station its " +
    "last 4,096 events and those of the last 24 h.",
  endpoints: [
    {
      id: "listEvents",
      call: "GET /v1/events",
      summary: "List the tenant's events",
      about:
        "In the order of the feed, oldest first; with `before`, newest first and back from there. " +
        "Parameters that are not known are refused.",
      access: "reader",
      query: PageQuery.extend({
        after: z.string().optional().describe("A cursor: the events after it."),
        before: z
          .string()
          .optional()
          .describe("A cursor, or `now`: the events before it, newest first. Not with `after`."),
        station: z.string().optional().describe("Of this station alone."),
        ...FilterQuery.shape,
      }),
      answers: {
        200: {
          about: "A page.",
          schema: EventPage,
          example: { items: [event], next: CURSOR },
        },
      },
      problems: { invalid_cursor: "`after` or `before` is no cursor of this relay.", ...EXPIRED },
    },
    {
      id: "testFilter",
      call: "POST /v1/filters/test",
      summary: "Try a filter on the newest events",
      about: "Says of each event why it would not pass. Nothing is stored.",
      access: "reader",
      body: {
        schema: FilterTrial,
        example: { filter: { types: ["session.*"], match: { "data.status": "Ended" } }, limit: 5 },
      },
      answers: {
        200: {
          about: "Newest first.",
          schema: FilterTrialResult,
          example: {
            items: [
              {
                event: {
                  id: EVENT,
                  type: "session.updated",
                  station: STATION,
                  seq: 42,
                  occurredAt: OCCURRED,
                },
                matched: false,
                reasons: [
                  {
                    part: "match",
                    path: "data.status",
                    message: 'wanted {"$eq":"Ended"}, found "Started"',
                  },
                ],
              },
            ],
            scanned: 1,
          },
        },
      },
    },
  ],
};

export const stations: Section = {
  name: "Stations",
  about: "What each station is doing, and its own log. `_account` is what concerns none of them.",
  endpoints: [
    {
      id: "listStations",
      call: "GET /v1/stations",
      summary: "List the stations and their states",
      about: "By id.",
      access: "reader",
      query: PageQuery,
      answers: {
        200: {
          about: "A page.",
          schema: pageOf(StationState),
          example: { items: [state], next: null },
        },
      },
    },
    {
      id: "getStation",
      call: "GET /v1/stations/{id}",
      summary: "Show a station's state",
      access: "reader",
      answers: { 200: { about: "Its state.", schema: StationState, example: state } },
    },
    {
      id: "listStationEvents",
      call: "GET /v1/stations/{id}/events",
      summary: "List a station's events",
      about: "By seq. `after` is a seq.",
      access: "reader",
      query: NumberedPageQuery,
      answers: {
        200: { about: "A page.", schema: pageOf(Event), example: { items: [event], next: null } },
      },
      problems: EXPIRED,
    },
    {
      id: "listDeliveries",
      call: "GET /v1/stations/{id}/deliveries",
      summary: "List the attempts at destinations",
      about: "Newest first: those that the station's lanes remember, 50 of each.",
      access: "reader",
      query: PageQuery.extend({
        route: z.string().optional().describe("To this route alone."),
      }),
      answers: {
        200: {
          about: "A page.",
          schema: DeliveryPage,
          example: {
            items: [
              {
                route: ROUTE,
                at: RECEIVED,
                seq: 42,
                event: EVENT,
                type: "session.updated",
                attempt: 1,
                class: "delivered",
                status: 200,
                error: null,
                latencyMs: 84,
                replay: null,
                snippet: "",
              },
            ],
            next: null,
          },
        },
      },
    },
    {
      id: "deleteStation",
      call: "DELETE /v1/stations/{id}",
      summary: "Take a station out of state and snapshots",
      about: "Should it send again, it is back.",
      access: "admin",
      answers: { 204: { about: "Taken out." } },
    },
  ],
};
