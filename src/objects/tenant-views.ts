import type { Breaker } from "../domain/breaker.ts";
import { DELIVERY_FORMATS } from "../domain/delivery.ts";
import { fromUtf8, toBase64 } from "../domain/encoding.ts";
import { Filter } from "../domain/filter.ts";
import { classify, type Outcome, snippetOf } from "../domain/outcome.ts";
import type { ReplaySelection } from "../domain/replay.ts";
import type { StationRoute } from "../domain/route.ts";
import { SIGNATURE_SCHEMES } from "../domain/signature.ts";
import { liveSecrets, type SigningSecret } from "../domain/signing-secrets.ts";
import type { AuditRow } from "../store/audit-store.ts";
import type { DeadLetterRow } from "../store/dead-letter-store.ts";
import type { QuarantinedBody, QuarantinedRow } from "../store/quarantine-store.ts";
import type { ReplayRow } from "../store/replay-store.ts";
import type { RouteRow } from "../store/route-store.ts";
import type { KeyRow, RefusalRow, SecretRow, SourceRow } from "../store/tenant-store.ts";

/** Rows as the API shows them: times in ISO 8601, secrets as hints. */

export const keyView = ({ id, name, role, hint, createdAtMs }: KeyRow) => ({
  id,
  name,
  role,
  hint,
  createdAt: iso(createdAtMs),
});
export type KeyView = ReturnType<typeof keyView>;

export const sourceView = (source: SourceRow, secrets: readonly SecretRow[]) => ({
  id: source.id,
  name: source.name,
  ingestPath: `/ingest/${source.id}`,
  enabled: source.enabled === 1,
  scheme: source.scheme,
  /** The scheme that verified last, so that the owner can pin it. */
  schemeSeen: source.schemeSeen,
  toleranceSeconds: source.toleranceSeconds,
  silentAfterSeconds: source.silentAfterSeconds,
  lastEventAt: isoOrNull(source.lastEventAtMs),
  secrets: secrets.map(secretView),
  createdAt: iso(source.createdAtMs),
  updatedAt: iso(source.updatedAtMs),
});
export type SourceView = ReturnType<typeof sourceView>;

export const secretView = ({ id, hint, createdAtMs, expiresAtMs }: SecretRow) => ({
  id,
  hint,
  createdAt: iso(createdAtMs),
  expiresAt: isoOrNull(expiresAtMs),
});
export type SecretView = ReturnType<typeof secretView>;

export const refusalView = ({ atMs, reason, count, samples }: RefusalRow) => ({
  at: iso(atMs),
  reason,
  count,
  samples: readJson(samples),
});
export type RefusalView = ReturnType<typeof refusalView>;

export const routeView = (route: RouteRow, breaker: Breaker) => ({
  id: route.id,
  name: route.name,
  url: route.url,
  enabled: route.enabled === 1,
  filter: filterOf(route),
  format: route.format,
  headers: headerNamesOf(route),
  auth: route.authType === null ? null : { type: route.authType },
  timeoutMs: route.timeoutMs,
  retry: { scheduleSeconds: scheduleOf(route) },
  onExhausted: route.onExhausted,
  ratePerSecond: route.ratePerSecond,
  concurrency: route.concurrency,
  secrets: signingSecretsOf(route),
  health: healthOf(route, breaker),
  /** What is wrong with the destination, or null while nothing is. */
  trouble: breaker.state === "healthy" ? null : troubleView(breaker),
  createdAt: iso(route.createdAtMs),
  updatedAt: iso(route.updatedAtMs),
});
export type RouteView = ReturnType<typeof routeView>;

/**
 * - `healthy`, `suspect` (it failed a short while ago)
 * - `failing`: its breaker is open; nothing is attempted but a probe now and then
 * - `disabled`: it answered 410, or failed for five days on end
 */
export const ROUTE_HEALTH = ["healthy", "suspect", "failing", "disabled"] as const;

function healthOf(route: RouteRow, { state }: Breaker): (typeof ROUTE_HEALTH)[number] {
  if (route.health === "disabled") return "disabled";
  return state === "open" ? "failing" : state;
}

const troubleView = (breaker: Breaker) => ({
  failures: breaker.failures,
  refusals: breaker.refusals,
  failingSince: isoOrNull(breaker.failingSinceMs),
  lastFailureAt: iso(breaker.lastFailureMs),
  lastAnswer: breaker.lastAnswer,
  nextProbeAt: breaker.state === "open" ? iso(breaker.nextProbeMs) : null,
});

/** A route as stations get it. */
export const stationRoute = (route: RouteRow): StationRoute => ({
  id: route.id,
  url: route.url,
  enabled: route.enabled === 1,
  changedAtMs: route.updatedAtMs,
  createdAtMs: route.createdAtMs,
  filter: filterOf(route),
  format: DELIVERY_FORMATS.find((format) => format === route.format) ?? "raw",
  timeoutMs: route.timeoutMs,
  scheduleSeconds: scheduleOf(route),
  onExhausted:
    route.onExhausted === "park" || route.onExhausted === "drop"
      ? route.onExhausted
      : "dead_letter",
  ratePerSecond: route.ratePerSecond,
  concurrency: route.concurrency,
  authType: route.authType,
  sealedSecrets: route.sealedSecrets,
  edrvScheme: SIGNATURE_SCHEMES.find((scheme) => scheme === route.edrvScheme) ?? "timestamped",
});

/** What a test of a route came to. */
export const routeTestView = (outcome: Outcome) => ({
  class: classify(outcome),
  status: outcome.kind === "answered" ? outcome.status : null,
  error: outcome.kind === "failed" ? outcome.error : null,
  latencyMs: outcome.latencyMs,
  snippet: snippetOf(outcome),
});
export type RouteTestView = ReturnType<typeof routeTestView>;

export const deadLetterView = (letter: DeadLetterRow) => ({
  id: String(letter.number),
  route: letter.routeId,
  station: letter.station,
  seq: letter.seq,
  event: letter.eventId,
  type: letter.type,
  attempts: letter.attempts,
  lastAnswer: letter.lastAnswer,
  snippet: letter.snippet,
  at: iso(letter.atMs),
  occurredAt: isoOrNull(letter.occurredAtMs),
  receivedAt: isoOrNull(letter.receivedAtMs),
  /** The replay that is redelivering it, or null. */
  replay: letter.replayId,
});
export type DeadLetterView = ReturnType<typeof deadLetterView>;

export const quarantineView = (row: QuarantinedRow) => ({
  id: row.id,
  source: row.sourceId,
  reason: row.reason,
  receivedAt: iso(row.receivedAtMs),
  size: row.size,
  /** The first KiB, for people; bytes that are not UTF-8 show as replacement characters. */
  preview: row.beginning === null ? "" : new TextDecoder().decode(row.beginning),
});
export type QuarantineView = ReturnType<typeof quarantineView>;

/** With all of its body: as text when that is UTF-8, so that no byte is lost either way. */
export const quarantinedBodyView = (row: QuarantinedBody) => {
  const bytes = new Uint8Array(row.body);
  const text = fromUtf8(bytes);
  return {
    id: row.id,
    source: row.sourceId,
    reason: row.reason,
    receivedAt: iso(row.receivedAtMs),
    size: row.size,
    /** The station of a release that was begun and not ended, or null. */
    releasing: row.releasedTo,
    encoding: text === null ? ("base64" as const) : ("text" as const),
    body: text ?? toBase64(bytes),
  };
};
export type QuarantinedBodyView = ReturnType<typeof quarantinedBodyView>;

export const auditView = ({ number, atMs, keyId, action, target, detail, ...row }: AuditRow) => ({
  number,
  at: iso(atMs),
  key: keyId,
  action,
  target,
  detail: readJson(detail),
  /** Of this entry and the one before it (domain/audit-chain.ts). */
  hash: row.hash,
  previousHash: row.previousHash,
});
export type AuditView = ReturnType<typeof auditView>;

/** `running`, or `waiting` while its route may not be attempted, then `done` or `cancelled`. */
export const REPLAY_STATUSES = ["running", "waiting", "done", "cancelled"] as const;

export const replayView = (replay: ReplayRow, mayAttempt: boolean) => ({
  id: replay.id,
  kind: replay.kind,
  route: replay.routeId,
  stations: stationsOf(replay),
  types: typesOf(replay),
  from: isoOrNull(replay.fromMs),
  to: isoOrNull(replay.toMs),
  matched: replay.matched,
  delivered: replay.delivered,
  failed: replay.failed,
  status: replayStatus(replay, mayAttempt),
  createdAt: iso(replay.createdAtMs),
  finishedAt: isoOrNull(replay.finishedAtMs),
});
export type ReplayView = ReturnType<typeof replayView>;

function replayStatus(
  { cancelled, finishedAtMs }: ReplayRow,
  mayAttempt: boolean,
): (typeof REPLAY_STATUSES)[number] {
  if (cancelled === 1) return "cancelled";
  if (finishedAtMs !== null) return "done";
  return mayAttempt ? "running" : "waiting";
}

/** What a replay sends of a station's log, with its route's filter as it is now. */
export const selectionOf = (
  replay: Pick<ReplayRow, "routeId" | "types" | "fromMs" | "toMs">,
  filter: Filter,
): ReplaySelection => ({
  routeId: replay.routeId,
  filter,
  types: typesOf(replay),
  fromMs: replay.fromMs ?? 0,
  toMs: replay.toMs ?? 0,
});

// What follows reads our own columns, written by this or an older version.

function filterOf(route: RouteRow): Filter {
  return Filter.parse(readJson(route.filter));
}

function headerNamesOf(route: RouteRow): string[] {
  const names: string[] = JSON.parse(route.headerNames);
  return names;
}

/** Those that sign now; none for a route that was last changed before hints were kept. */
function signingSecretsOf(route: RouteRow) {
  type Hint = Omit<SigningSecret, "secret"> & { readonly hint: string };
  const hints: Hint[] = JSON.parse(route.signingHints);
  return liveSecrets(hints, Date.now()).map(({ hint, createdAtMs, expiresAtMs }) => ({
    hint,
    createdAt: isoOrNull(createdAtMs),
    expiresAt: isoOrNull(expiresAtMs),
  }));
}

export function stationsOf({ stations }: Pick<ReplayRow, "stations">): string[] | null {
  return stations === null ? null : JSON.parse(stations);
}

function typesOf({ types }: Pick<ReplayRow, "types">): string[] | null {
  return types === null ? null : JSON.parse(types);
}

function scheduleOf(route: RouteRow): number[] {
  const schedule: number[] = JSON.parse(route.schedule);
  return schedule;
}

function readJson(text: string): unknown {
  return JSON.parse(text);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
