import { dueAt, isRecent } from "./clock.ts";
import { MAX_RETRY_AFTER_MS, type OutcomeClass } from "./outcome.ts";

/**
 * What is known of a route's destination, over all its lanes. Lanes that are well report
 * nothing; the first failure makes the route suspect, and from then on successes are reported
 * too, so that "in a row" can be counted. While it is open no lane attempts anything but the
 * probes that are granted, and nothing is used up of any event's schedule.
 */
export interface Breaker {
  readonly state: "healthy" | "suspect" | "open";
  /** What opened it: failures, or refusals on several lanes. Null while it is not open. */
  readonly openedBy: "failures" | "refusals" | null;
  /** Failures in a row, on any lane. */
  readonly failures: number;
  /** Refusals since the last success, on any lane. */
  readonly refusals: number;
  /** Lanes, by station, that failed since the last success: the first two. */
  readonly failedLanes: readonly string[];
  /** Lanes that were refused since the last success: the first three. */
  readonly refusedLanes: readonly string[];
  /** When the streak of failures began that has not ended, or null. */
  readonly failingSinceMs: number | null;
  readonly lastFailureMs: number;
  /** What the last failed attempt came to, for people. */
  readonly lastAnswer: string;
  /** Probes granted since it opened. */
  readonly probes: number;
  /** When the next probe is due, while it is open. */
  readonly nextProbeMs: number;
  /** The destination has asked to be left alone until then. */
  readonly askedUntilMs: number;
  /** The notice ahead of the disabling has been given. */
  readonly warned: boolean;
  /** The notice that it is open has been given, so that its end is to be told, too. */
  readonly announced: boolean;
}

export const HEALTHY: Breaker = {
  state: "healthy",
  openedBy: null,
  failures: 0,
  refusals: 0,
  failedLanes: [],
  refusedLanes: [],
  failingSinceMs: null,
  lastFailureMs: 0,
  lastAnswer: "",
  probes: 0,
  nextProbeMs: 0,
  askedUntilMs: 0,
  warned: false,
  announced: false,
};

/** One attempt, as its lane reports it. */
export interface AttemptReport {
  readonly station: string;
  readonly class: Exclude<OutcomeClass, "gone">;
  readonly retryAfterMs: number | null;
  readonly answer: string;
}

/**
 * - `opened`, `closed`: as they say.
 * - `suspected`: from now on successes are to be reported.
 * - `warn`: still failing; it is about to be disabled.
 * - `disable`: it has failed for too long.
 */
export type BreakerChange = "none" | "suspected" | "opened" | "closed" | "warn" | "disable";

export interface BreakerStep {
  readonly breaker: Breaker;
  readonly change: BreakerChange;
}

/** Failures in a row that open the breaker. */
export const OPENING_FAILURES = 5;
/** Refusals without a success between that do, when they come from this many lanes. */
export const OPENING_REFUSALS = 20;
export const OPENING_REFUSED_LANES = 3;

const FIRST_PROBE_MS = 5_000;
const MAX_PROBE_MS = 300_000;

const DAY_MS = 86_400_000;
/** A route that fails for this long on end is disabled. */
export const DISABLE_AFTER_MS = 5 * DAY_MS;
/** And this long before, its owner is told once more. */
export const WARN_BEFORE_MS = DAY_MS;
/** Failures further apart than this are not "on end": nothing was sent, so nothing is known. */
const STREAK_GAP_MS = DAY_MS;
/** A suspect route without a failure for this long is healthy again. */
export const CALM_MS = 60_000;

/** Milliseconds from one probe to the next, when `probes` have been granted: 5 s, doubling to 5 min. */
export function probeDelayMs(probes: number): number {
  return Math.min(FIRST_PROBE_MS * 2 ** Math.min(probes, 10), MAX_PROBE_MS);
}

/** When the next probe is to be granted. */
export function probeAtMs({ nextProbeMs }: Breaker, nowMs: number): number {
  return dueAt(nextProbeMs, nowMs, MAX_RETRY_AFTER_MS);
}

/** The breaker after an attempt that a lane has reported. */
export function afterReport(before: Breaker, report: AttemptReport, nowMs: number): BreakerStep {
  if (report.class === "delivered") return afterSuccess(before, nowMs);
  const { failingSinceMs, lastFailureMs } = before;
  const isStreak = failingSinceMs !== null && nowMs - lastFailureMs <= STREAK_GAP_MS;
  const counted = count(
    {
      ...before,
      failingSinceMs: isStreak ? Math.min(failingSinceMs, nowMs) : nowMs,
      warned: isStreak && before.warned,
      lastFailureMs: nowMs,
      lastAnswer: report.answer,
    },
    report,
  );
  if (before.state === "open") return whileOpen(counted, report, nowMs);
  const openedBy = opensBy(counted);
  if (openedBy !== null)
    return { breaker: open(counted, openedBy, report, nowMs), change: "opened" };
  if (before.state === "suspect") return { breaker: counted, change: "none" };
  return { breaker: { ...counted, state: "suspect" }, change: "suspected" };
}

/** The breaker when a probe is granted: the next one is due later, whatever comes of this one. */
export function afterGrant(breaker: Breaker, nowMs: number): Breaker {
  const probes = breaker.probes + 1;
  const nextProbeMs = Math.max(nowMs + probeDelayMs(probes), askedUntil(breaker, nowMs));
  return { ...breaker, probes, nextProbeMs };
}

/**
 * The breaker when a lane comes that may not attempt its head. When a single lane's failures
 * opened it, the trouble may be that lane's alone, so the first other one is probed soon.
 */
export function afterBlocked(breaker: Breaker, station: string, nowMs: number): Breaker {
  const { failedLanes } = breaker;
  const isNews = failedLanes.length === 1 && !failedLanes.includes(station);
  if (breaker.state !== "open" || !isNews) return breaker;
  const soonMs = Math.max(nowMs + FIRST_PROBE_MS, askedUntil(breaker, nowMs));
  return { ...breaker, nextProbeMs: Math.min(breaker.nextProbeMs, soonMs) };
}

/** A suspect route is healthy again when a success came after its last failure, a minute ago or more. */
export function isCalm(breaker: Breaker, nowMs: number): boolean {
  const { state, failures, refusals, announced, lastFailureMs } = breaker;
  const isWell = state === "suspect" && failures === 0 && refusals === 0 && !announced;
  return isWell && !isRecent(lastFailureMs, nowMs, CALM_MS);
}

/**
 * The breaker when a probe is due and no lane waits for one. Whatever comes next may try: one
 * success closes it for good, one failure more opens it again.
 */
export function afterNobody(breaker: Breaker): Breaker {
  const failures = Math.min(breaker.failures, OPENING_FAILURES - 1);
  const refusals = Math.min(breaker.refusals, OPENING_REFUSALS - 1);
  return { ...breaker, state: "suspect", openedBy: null, failures, refusals };
}

function afterSuccess(before: Breaker, nowMs: number): BreakerStep {
  if (before.state === "healthy") return { breaker: before, change: "none" };
  const well: Breaker = {
    ...HEALTHY,
    state: "suspect",
    lastFailureMs: before.state === "open" ? nowMs : before.lastFailureMs,
    lastAnswer: before.lastAnswer,
  };
  const isEnd = before.state === "open" || before.announced;
  return { breaker: well, change: isEnd ? "closed" : "none" };
}

function whileOpen(counted: Breaker, report: AttemptReport, nowMs: number): BreakerStep {
  // The destination is well enough to refuse, so it was not down; the event is to blame.
  if (report.class === "refused" && counted.openedBy === "failures") {
    const closed = afterSuccess(counted, nowMs).breaker;
    return {
      breaker: { ...closed, refusals: 1, refusedLanes: [report.station] },
      change: "closed",
    };
  }
  const failingMs = nowMs - (counted.failingSinceMs ?? nowMs);
  if (failingMs >= DISABLE_AFTER_MS) return { breaker: counted, change: "disable" };
  const askedUntilMs = Math.max(askedUntil(counted, nowMs), nowMs + (report.retryAfterMs ?? 0));
  const nextProbeMs = Math.max(counted.nextProbeMs, askedUntilMs);
  const breaker = { ...counted, askedUntilMs, nextProbeMs };
  if (counted.warned || failingMs < DISABLE_AFTER_MS - WARN_BEFORE_MS) {
    return { breaker, change: "none" };
  }
  return { breaker: { ...breaker, warned: true }, change: "warn" };
}

function askedUntil({ askedUntilMs }: Breaker, nowMs: number): number {
  return dueAt(askedUntilMs, nowMs, MAX_RETRY_AFTER_MS);
}

function count(breaker: Breaker, { class: outcome, station }: AttemptReport): Breaker {
  if (outcome === "refused") {
    const refusedLanes = firstOf(breaker.refusedLanes, station, OPENING_REFUSED_LANES);
    return { ...breaker, refusedLanes, failures: 0, refusals: breaker.refusals + 1 };
  }
  const failedLanes = firstOf(breaker.failedLanes, station, 2);
  return { ...breaker, failedLanes, failures: breaker.failures + 1 };
}

function firstOf(lanes: readonly string[], station: string, most: number): readonly string[] {
  return lanes.length >= most || lanes.includes(station) ? lanes : [...lanes, station];
}

function opensBy({ failures, refusals, refusedLanes }: Breaker): Breaker["openedBy"] {
  if (failures >= OPENING_FAILURES) return "failures";
  const isWide = refusedLanes.length >= OPENING_REFUSED_LANES;
  return isWide && refusals >= OPENING_REFUSALS ? "refusals" : null;
}

function open(
  breaker: Breaker,
  openedBy: Breaker["openedBy"],
  { retryAfterMs }: AttemptReport,
  nowMs: number,
): Breaker {
  const askedUntilMs = nowMs + (retryAfterMs ?? 0);
  const nextProbeMs = Math.max(nowMs + probeDelayMs(0), askedUntilMs);
  return { ...breaker, state: "open", openedBy, probes: 0, nextProbeMs, askedUntilMs };
}
