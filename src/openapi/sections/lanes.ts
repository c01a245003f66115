import { pageOf } from "../../domain/account-answers.ts";
import { LanesQuery } from "../../domain/control.ts";
import { LANE_ACTIONS, type LaneAction } from "../../domain/lane.ts";
import { PageQuery } from "../../domain/page.ts";
import { Lane } from "../../domain/route-answers.ts";
import type { Endpoint, Section } from "../endpoint.ts";
import { EVENT, RECEIVED, STATION } from "../examples.ts";

const lane = {
  station: STATION,
  status: "waiting",
  settledSeq: 41,
  behind: 3,
  deliveredSeq: 41,
  head: { seq: 42, attempts: 1, nextAttemptAt: RECEIVED },
  gap: null,
  lastAttempt: {
    at: RECEIVED,
    seq: 42,
    event: EVENT,
    type: "session.updated",
    attempt: 1,
    class: "trouble",
    status: 503,
    error: null,
    latencyMs: 120,
    replay: null,
    snippet: "upstream is restarting",
  },
};
const idle = { ...lane, status: "idle", settledSeq: 44, behind: 0, deliveredSeq: 44, head: null };

const ACTIONS: Readonly<Record<LaneAction, readonly [summary: string, about: string]>> = {
  retry: ["Try a lane's head now", "A parked lane stays parked should it fail again."],
  skip: ["Give a lane's head up", "It becomes a dead letter, and the lane goes on."],
  resume: ["End a lane's parking", "And try its head again, with all its tries."],
};

const action = (name: LaneAction): Endpoint => ({
  id: `${name}Lane`,
  call: `POST /v1/routes/{id}/lanes/{station}/${name}`,
  summary: ACTIONS[name][0],
  about: ACTIONS[name][1],
  access: "admin",
  answers: { 200: { about: "The lane.", schema: Lane, example: idle } },
  problems: { conflict: "The lane owes nothing, or its route is paused or disabled." },
});

export const lanes: Section = {
  name: "Lanes",
  about: "A lane is a route at one station: the unit of ordered delivery.",
  endpoints: [
    {
      id: "listLanes",
      call: "GET /v1/routes/{id}/lanes",
      summary: "List a route's lanes",
      about: "By station: where each one stands.",
      access: "reader",
      query: PageQuery.extend(LanesQuery.shape),
      answers: {
        200: { about: "A page.", schema: pageOf(Lane), example: { items: [lane], next: null } },
      },
    },
    ...LANE_ACTIONS.map(action),
  ],
};
