import type * as z from "zod";

import type * as account from "../../src/domain/account-answers.ts";
import type * as audit from "../../src/domain/audit-answers.ts";
import type * as events from "../../src/domain/event-answers.ts";
import type * as metrics from "../../src/domain/metrics-answers.ts";
import type * as quarantine from "../../src/domain/quarantine-answers.ts";
import type * as routes from "../../src/domain/route-answers.ts";
import type * as sources from "../../src/domain/source-answers.ts";
import type * as usage from "../../src/domain/usage-answers.ts";

/*
 * What the relay answers, as its document says and its tests hold it to. The page and the relay are
 * one deployment, so answers are not validated again; a page that has been open for days may meet
 * fields and words it does not know, and shows them as they are.
 */

export type Problem = z.infer<typeof account.Problem>;
export type Key = z.infer<typeof account.Key>;
export type CreatedKey = z.infer<typeof account.CreatedKey>;
export type CurrentKey = z.infer<typeof account.CurrentKey>;
export type Token = z.infer<typeof account.Token>;
export type Event = z.infer<typeof events.Event>;
export type EventClass = Event["class"];
export type StationState = z.infer<typeof events.StationState>;
export type Delivery = z.infer<typeof events.Delivery>;
export type FilterTrialResult = z.infer<typeof events.FilterTrialResult>;
export type Route = z.infer<typeof routes.Route>;
export type RouteWithSecret = z.infer<typeof routes.RouteWithSecret>;
export type RouteTestResult = z.infer<typeof routes.RouteTestResult>;
export type Lane = z.infer<typeof routes.Lane>;
export type DeadLetter = z.infer<typeof routes.DeadLetter>;
export type DeadLetterWithEvent = z.infer<typeof routes.DeadLetterWithEvent>;
export type Replay = z.infer<typeof routes.Replay>;
export type ReplayCount = z.infer<typeof routes.ReplayCount>;
export type Source = z.infer<typeof sources.Source>;
export type SourceSecret = z.infer<typeof sources.SourceSecret>;
export type Refusals = z.infer<typeof sources.Refusals>;
export type Metrics = z.infer<typeof metrics.Metrics>;
export type MetricsOfMinute = z.infer<typeof metrics.MetricsOfMinute>;
export type QuarantinedWebhook = z.infer<typeof account.QuarantinedWebhook>;
export type QuarantinedBody = z.infer<typeof quarantine.QuarantinedBody>;
export type ReleasedWebhook = z.infer<typeof quarantine.ReleasedWebhook>;
export type AuditEntry = z.infer<typeof audit.AuditEntry>;
export type Settings = z.infer<typeof audit.Settings>;
export type UsageReport = z.infer<typeof usage.UsageReport>;

/** A page of a list: `next` is the `after` of the page that follows, null at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}
