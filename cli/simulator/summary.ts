import type { ForgeryCounts, Tally } from "./tally.ts";

export interface LatencySummary {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** How far a run has come. Copies are counted apart from events, forged requests from both. */
export interface SimulationProgress {
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly events: number;
  readonly acknowledged: number;
  readonly duplicates: number;
  /** Events and copies without a 200 so far. */
  readonly unacknowledged: number;
  readonly inFlight: number;
  readonly attempts: number;
  readonly retries: number;
  /** Attempts by status of the answer, or `timeout` or `connection` where there was none. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Acknowledged events by class, and by type. */
  readonly classes: Readonly<Record<string, number>>;
  readonly types: Readonly<Record<string, number>>;
  readonly stationCount: number;
  readonly eventsPerSecond: number;
  /** Of the attempts that were acknowledged. */
  readonly latencyMs: LatencySummary;
  readonly forgeries: ForgeryCounts;
  /** Answers 200 that were not empty, which eDRV asks them to be. */
  readonly filledAnswers: number;
}

export interface SimulationReport extends SimulationProgress {
  /** The run was ended from outside. */
  readonly interrupted: boolean;
}

export interface Moment {
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  readonly inFlight: number;
}

export function summarise(tally: Tally, moment: Moment): SimulationProgress {
  const { latencies, events, duplicates, acknowledgedEvents: acknowledged } = tally;
  return {
    startedAt: new Date(moment.startedAtMs).toISOString(),
    elapsedMs: moment.elapsedMs,
    events,
    acknowledged,
    duplicates,
    unacknowledged: events + duplicates - acknowledged - tally.acknowledgedDuplicates,
    inFlight: moment.inFlight,
    attempts: tally.attempts,
    retries: tally.retries,
    statuses: { ...tally.statuses },
    classes: { ...tally.classes },
    types: { ...tally.types },
    stationCount: tally.stations.size,
    eventsPerSecond: acknowledged / Math.max(0.001, moment.elapsedMs / 1000),
    latencyMs: {
      p50: latencies.at(0.5),
      p95: latencies.at(0.95),
      p99: latencies.at(0.99),
      p999: latencies.at(0.999),
      max: latencies.max,
    },
    forgeries: { ...tally.forgeries },
    filledAnswers: tally.filledAnswers,
  };
}

/** All was acknowledged, and nothing forged was taken for real. */
export function isClean(report: SimulationReport): boolean {
  return report.unacknowledged === 0 && report.forgeries.accepted === 0;
}
