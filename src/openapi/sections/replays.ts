import { pageOf } from "../../domain/account-answers.ts";
import { NewReplay } from "../../domain/control.ts";
import { NumberedPageQuery } from "../../domain/page.ts";
import { Replay, ReplayCount } from "../../domain/route-answers.ts";
import type { Section } from "../endpoint.ts";
import { RECEIVED, REPLAY, ROUTE } from "../examples.ts";

const range = {
  types: ["session.*"],
  from: "2026-11-22T00:00:00.000Z",
  to: "2026-11-23T00:00:00.000Z",
};

export const replay = {
  id: REPLAY,
  kind: "range",
  route: ROUTE,
  stations: null,
  ...range,
  matched: 1250,
  delivered: 310,
  failed: 0,
  status: "running",
  createdAt: RECEIVED,
  finishedAt: null,
};

export const replays: Section = {
  name: "Replays",
  about:
    "Events of a time range sent to a route once more, beside its lanes, marked by the header " +
    "`chargewire-replay`. 10 unfinished ones at most.",
  endpoints: [
    {
      id: "createReplay",
      call: "POST /v1/replays",
      summary: "Start a replay, or count what it would send",
      access: "admin",
      body: { schema: NewReplay, example: { route: ROUTE, ...range } },
      answers: {
        200: {
          about: "With `dryRun`: what would be sent.",
          schema: ReplayCount,
          example: { matched: 1250, stations: 12 },
        },
        201: { about: "Started.", schema: Replay, example: replay },
      },
      problems: {
        not_found: "There is no such route, or no such station.",
        limit_reached: "There are 10 unfinished ones.",
      },
    },
    {
      id: "listReplays",
      call: "GET /v1/replays",
      summary: "List the replays",
      about: "Newest first.",
      access: "reader",
      query: NumberedPageQuery,
      answers: {
        200: { about: "A page.", schema: pageOf(Replay), example: { items: [replay], next: null } },
      },
    },
    {
      id: "getReplay",
      call: "GET /v1/replays/{id}",
      summary: "Show a replay",
      access: "reader",
      answers: { 200: { about: "The replay.", schema: Replay, example: replay } },
    },
    {
      id: "cancelReplay",
      call: "DELETE /v1/replays/{id}",
      summary: "Cancel a replay",
      about: "Nothing more is sent but what is in flight.",
      access: "admin",
      answers: { 204: { about: "Cancelled." } },
      problems: { conflict: "It is done." },
    },
  ],
};
