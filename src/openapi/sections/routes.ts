import { pageOf } from "../../domain/account-answers.ts";
import { NewRoute, RoutePatch, RouteTest, SecretRotation } from "../../domain/control.ts";
import { PageQuery } from "../../domain/page.ts";
import { Route, RouteTestResult, RouteWithSecret } from "../../domain/route-answers.ts";
import type { Section } from "../endpoint.ts";
import { CHANGED, ETAG, IF_MATCH } from "../entity-tags.ts";
import { CREATED, ROUTE } from "../examples.ts";

const route = {
  id: ROUTE,
  name: "billing",
  url: "https://billing.example.com/edrv",
  enabled: true,
  filter: { types: ["session.*"], match: { "data.status": { $in: ["Started", "Ended"] } } },
  format: "raw",
  headers: ["x-team"],
  auth: { type: "bearer" },
  timeoutMs: 10_000,
  retry: { scheduleSeconds: [1, 5, 30, 120, 600] },
  onExhausted: "dead_letter",
  ratePerSecond: null,
  concurrency: null,
  secrets: [{ hint: "…f3k=", createdAt: CREATED, expiresAt: null }],
  health: "healthy",
  trouble: null,
  troubledLanes: 0,
  createdAt: CREATED,
  updatedAt: CREATED,
};
const shown = { about: "The route.", schema: Route, example: route, headers: ETAG };
const withSecret = {
  schema: RouteWithSecret,
  example: { ...route, secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwM3yVh0R1f3k=" },
  headers: ETAG,
};

export const routes: Section = {
  name: "Routes",
  about:
    "HTTP destinations, 100 at most. What they receive, and what happens when they fail, is in " +
    "docs/delivery.md.",
  endpoints: [
    {
      id: "listRoutes",
      call: "GET /v1/routes",
      summary: "List the routes",
      access: "reader",
      query: PageQuery,
      answers: {
        200: { about: "A page.", schema: pageOf(Route), example: { items: [route], next: null } },
      },
    },
    {
      id: "createRoute",
      call: "POST /v1/routes",
      summary: "Create a route",
      about:
        "Its lanes begin with the first event received from now on; a replay reaches back. The " +
        "answer has its signing secret, which is never shown again.",
      access: "admin",
      body: {
        schema: NewRoute,
        example: {
          name: "billing",
          url: "https://billing.example.com/edrv",
          filter: route.filter,
          headers: { "x-team": "billing" },
          auth: { type: "bearer", token: "a-token-of-the-destination" },
          retry: route.retry,
        },
      },
      answers: { 201: { about: "Created.", ...withSecret } },
      problems: { limit_reached: "There are 100." },
    },
    {
      id: "getRoute",
      call: "GET /v1/routes/{id}",
      summary: "Show a route",
      access: "reader",
      answers: { 200: shown },
    },
    {
      id: "updateRoute",
      call: "PATCH /v1/routes/{id}",
      summary: "Change a route",
      about:
        "What is left out stays as it is, but a `url` of another origin drops `auth` and `headers` " +
        "unless the same request sets them. A changed filter applies to all that is not yet attempted.",
      access: "admin",
      headers: IF_MATCH,
      body: { schema: RoutePatch, example: { timeoutMs: 5_000, ratePerSecond: 20 } },
      answers: {
        200: { ...shown, example: { ...route, timeoutMs: 5_000, ratePerSecond: 20 } },
      },
      problems: CHANGED,
    },
    {
      id: "deleteRoute",
      call: "DELETE /v1/routes/{id}",
      summary: "Delete a route",
      about: "With its dead letters; its replays end.",
      access: "admin",
      headers: IF_MATCH,
      answers: { 204: { about: "Deleted." } },
      problems: CHANGED,
    },
    {
      id: "pauseRoute",
      call: "POST /v1/routes/{id}/pause",
      summary: "Pause a route",
      about: "Stops attempts and keeps events.",
      access: "admin",
      answers: { 200: { ...shown, example: { ...route, enabled: false } } },
    },
    {
      id: "resumeRoute",
      call: "POST /v1/routes/{id}/resume",
      summary: "Resume a route",
      about: "Ends a pause or a disabling: each lane goes on where it stood.",
      access: "admin",
      answers: { 200: shown },
    },
    {
      id: "rotateRouteSecret",
      call: "POST /v1/routes/{id}/rotate-secret",
      summary: "Rotate the signing secret",
      about: "The answer has the new one; those before it sign beside it for a while.",
      access: "admin",
      body: {
        schema: SecretRotation,
        example: { expirePreviousAfterSeconds: 3600 },
        optional: true,
      },
      answers: { 200: { about: "Rotated.", ...withSecret } },
      problems: { limit_reached: "There are 5 live ones." },
    },
    {
      id: "testRoute",
      call: "POST /v1/routes/{id}/test",
      summary: "Try the destination now",
      about: "With a webhook made for it, of no station's log.",
      access: "admin",
      body: { schema: RouteTest, example: { type: "session.updated" }, optional: true },
      answers: {
        200: {
          about: "What it came to.",
          schema: RouteTestResult,
          example: { class: "delivered", status: 204, error: null, latencyMs: 84, snippet: "" },
        },
      },
    },
  ],
};
