import { pageOf, QuarantinedWebhook } from "../../domain/account-answers.ts";
import { AuditEntry, Settings } from "../../domain/audit-answers.ts";
import { QuarantineRelease, SettingsPatch } from "../../domain/control.ts";
import { MetricsQuery } from "../../domain/metrics.ts";
import { Metrics } from "../../domain/metrics-answers.ts";
import { NumberedPageQuery } from "../../domain/page.ts";
import { costOf, PRICES } from "../../domain/prices.ts";
import { QuarantinedBody, ReleasedWebhook } from "../../domain/quarantine-answers.ts";
import { UsageQuery, usageOf } from "../../domain/usage.ts";
import { UsageReport } from "../../domain/usage-answers.ts";
import type { Section } from "../endpoint.ts";
import { EVENT, KEY, QUARANTINED, RECEIVED, ROUTE, SOURCE, STATION } from "../examples.ts";

const counted = usageOf([9_600, 12, 3, 1, 4_810, 4_800, 28_800, 240, 24_100, 21_700]);
const usage = { ...counted, costUsd: costOf(counted) };
const metrics = {
  events: {
    network: 2_310,
    action: 12,
    synchronous: 198,
    charging_intelligence: 0,
    unknown: 0,
    relay: 1,
  },
  relayMs: { count: 2_520, p50: 15, p95: 60, p99: 118, max: 204 },
  routes: [
    {
      route: ROUTE,
      attempts: 2_313,
      delivered: 2_310,
      failed: 3,
      deliveryMs: { count: 2_310, p50: 31, p95: 91, p99: 239, max: 5_320 },
    },
  ],
};
const held = {
  id: QUARANTINED,
  source: SOURCE,
  reason: "station",
  receivedAt: RECEIVED,
  size: 96,
};
const body = `{"_id":"${EVENT}","type":"session.updated","data":{"chargestation":"not a station id"}}`;

export const quarantine: Section = {
  name: "Quarantine",
  about:
    "Webhooks that were signed and could not be relayed, for a person to look at; 10,000 and 256 MiB " +
    "for each tenant, then the next one is answered with 503.",
  endpoints: [
    {
      id: "listQuarantine",
      call: "GET /v1/quarantine",
      summary: "List the quarantined webhooks",
      about: "Oldest first.",
      access: "reader",
      query: NumberedPageQuery,
      answers: {
        200: {
          about: "A page.",
          schema: pageOf(QuarantinedWebhook),
          example: { items: [{ ...held, preview: body }], next: null },
        },
      },
    },
    {
      id: "getQuarantined",
      call: "GET /v1/quarantine/{id}",
      summary: "Show a quarantined webhook whole",
      access: "reader",
      answers: {
        200: {
          about: "The webhook.",
          schema: QuarantinedBody,
          example: { ...held, releasing: null, encoding: "text", body },
        },
      },
    },
    {
      id: "releaseQuarantined",
      call: "POST /v1/quarantine/{id}/release",
      summary: "Make an event of a quarantined webhook",
      about: "In the order of the station that is named, or that its body names.",
      access: "admin",
      body: { schema: QuarantineRelease, example: { station: STATION }, optional: true },
      answers: {
        200: {
          about: "Released.",
          schema: ReleasedWebhook,
          example: {
            id: QUARANTINED,
            status: "accepted",
            event: EVENT,
            type: "session.updated",
            station: STATION,
          },
        },
      },
      problems: {
        not_found: "There is no such webhook, or no such station.",
        conflict: "No event can be made of it, or its release to another station has begun.",
      },
    },
    {
      id: "discardQuarantined",
      call: "DELETE /v1/quarantine/{id}",
      summary: "Discard a quarantined webhook",
      access: "admin",
      answers: { 204: { about: "Discarded." } },
    },
  ],
};

const shownSettings = {
  about: "The settings.",
  schema: Settings,
  example: { allowedOrigins: ["https://app.example.com"], retentionDays: 30 },
};

export const account: Section = {
  name: "Account",
  about: "What concerns the tenant as a whole.",
  endpoints: [
    {
      id: "getSettings",
      call: "GET /v1/settings",
      summary: "Show the settings",
      access: "reader",
      answers: { 200: shownSettings },
    },
    {
      id: "updateSettings",
      call: "PATCH /v1/settings",
      summary: "Change the settings",
      about: "What is left out stays as it is.",
      access: "admin",
      body: { schema: SettingsPatch, example: { allowedOrigins: ["https://app.example.com"] } },
      answers: { 200: shownSettings },
    },
    {
      id: "showUsage",
      call: "GET /v1/usage",
      summary: "Show what was used, and what it costs",
      about:
        "Per day. An estimate: what a station did after its last event comes with its next one, and " +
        "what an object that fails has counted since it last wrote is lost. Events never are.",
      access: "reader",
      query: UsageQuery,
      answers: {
        200: {
          about: "Every day from the first to the last; 400 at most.",
          schema: UsageReport,
          example: {
            from: "2026-11-25",
            to: "2026-11-25",
            items: [{ day: "2026-11-25", ...usage }],
            total: usage,
            prices: PRICES,
          },
        },
      },
    },
    {
      id: "showMetrics",
      call: "GET /v1/metrics",
      summary: "Show what was relayed and delivered by minute, and how long it took",
      about:
        "For consoles and alarms. Events count for the minute in which they went into the feed, attempts " +
        "for the one in which they ended; a station tells of its attempts with its next event, so the last " +
        "ones are still to come. An estimate: of more than 64 attempts between two events of a station the " +
        "newest count. Events never are lost by it.",
      access: "reader",
      query: MetricsQuery,
      answers: {
        200: {
          about: "Every minute up to the present one, and all of them together.",
          schema: Metrics,
          example: {
            from: "2026-11-22T10:15:00.000Z",
            items: [{ at: "2026-11-22T10:15:00.000Z", ...metrics }],
            total: metrics,
          },
        },
      },
    },
    {
      id: "listAudit",
      call: "GET /v1/audit",
      summary: "Show who changed what",
      about:
        "Newest first; 10,000 entries, then the oldest go. Each has the hash of the one before it, so " +
        "that a change of the log shows.",
      access: "reader",
      query: NumberedPageQuery,
      answers: {
        200: {
          about: "A page.",
          schema: pageOf(AuditEntry),
          example: {
            items: [
              {
                number: 7,
                at: RECEIVED,
                key: KEY,
                action: "route.changed",
                target: ROUTE,
                detail: {
                  changed: ["timeoutMs"],
                  before: { timeoutMs: 10_000 },
                  after: { timeoutMs: 5_000 },
                },
                hash: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
                previousHash: "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9",
              },
            ],
            next: null,
          },
        },
      },
    },
  ],
};
