import { pageOf } from "../../domain/account-answers.ts";
import { NumberedPageQuery } from "../../domain/page.ts";
import { DeadLetter, DeadLetterWithEvent, Replay } from "../../domain/route-answers.ts";
import type { Section } from "../endpoint.ts";
import { EVENT, OCCURRED, RECEIVED, REPLAY, ROUTE, STATION } from "../examples.ts";
import { event } from "./events.ts";
import { replay } from "./replays.ts";

const letter = {
  id: "17",
  route: ROUTE,
  station: STATION,
  seq: 42,
  event: EVENT,
  type: "session.updated",
  attempts: 2,
  lastAnswer: "HTTP 422",
  snippet: "unknown session",
  at: RECEIVED,
  occurredAt: OCCURRED,
  receivedAt: RECEIVED,
  replay: null,
};

const REDELIVERY = {
  conflict: "It is being redelivered already, or was kept without its event.",
  limit_reached: "There are 10 unfinished replays.",
};

export const deadLetters: Section = {
  name: "Dead letters",
  about:
    "Events that a route's destination did not take, with the events themselves; 10,000 and 256 MiB " +
    "for each tenant, then the oldest go.",
  endpoints: [
    {
      id: "listDeadLetters",
      call: "GET /v1/routes/{id}/dead-letters",
      summary: "List a route's dead letters",
      about: "Oldest first.",
      access: "reader",
      query: NumberedPageQuery,
      answers: {
        200: {
          about: "A page.",
          schema: pageOf(DeadLetter),
          example: { items: [letter], next: null },
        },
      },
    },
    {
      id: "getDeadLetter",
      call: "GET /v1/routes/{id}/dead-letters/{letter}",
      summary: "Show a dead letter with its event",
      access: "reader",
      answers: {
        200: {
          about: "The dead letter.",
          schema: DeadLetterWithEvent,
          example: { ...letter, event },
        },
      },
    },
    {
      id: "discardDeadLetter",
      call: "DELETE /v1/routes/{id}/dead-letters/{letter}",
      summary: "Discard a dead letter",
      access: "admin",
      answers: { 204: { about: "Discarded." } },
      problems: { conflict: "It is being redelivered." },
    },
    {
      id: "redeliverDeadLetters",
      call: "POST /v1/routes/{id}/dead-letters/redeliver",
      summary: "Redeliver all dead letters",
      about: "Oldest first, those that are not under way already.",
      access: "admin",
      answers: {
        200: {
          about: "The replay that carries them.",
          schema: Replay,
          example: { ...replay, kind: "dead_letters", from: null, to: null },
        },
      },
      problems: { limit_reached: REDELIVERY.limit_reached },
    },
    {
      id: "redeliverDeadLetter",
      call: "POST /v1/routes/{id}/dead-letters/{letter}/redeliver",
      summary: "Redeliver one dead letter",
      access: "admin",
      answers: {
        200: {
          about: "The dead letter, with the replay that carries it.",
          schema: DeadLetter,
          example: { ...letter, replay: REPLAY },
        },
      },
      problems: REDELIVERY,
    },
  ],
};
