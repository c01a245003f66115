/** How a simulation runs; every setting has a default. Percentages are from 0 to 100. */
export interface SimulatorSettings {
  readonly scheme: "timestamped" | "body" | "legacy";
  readonly unit: "ms" | "s";
  readonly stations: number;
  readonly speed: number;
  readonly rate: number | null;
  readonly durationMs: number | null;
  /** Events to send, copies and forged requests not counted. */
  readonly count: number | null;
  readonly seed: number;
  /** Fixes the date of virtual time zero, and with it every byte; null dates by the clock. */
  readonly startMs: number | null;
  readonly duplicates: number;
  readonly reorder: number;
  readonly badSignatures: number;
  readonly storm: boolean;
  readonly concurrency: number;
  readonly backoffFactor: number;
  readonly timeoutMs: number;
  /** How long, at the end, unacknowledged events are still sent again. */
  readonly drainMs: number;
  /** The same for a run that is ended early; only what was tried is. */
  readonly abortedDrainMs: number;
}

export interface SimulatorOptions extends Partial<SimulatorSettings> {
  /** The full ingest URL. */
  readonly url: string;
  readonly secret: string;
}

export const DEFAULT_SETTINGS: SimulatorSettings = {
  scheme: "timestamped",
  unit: "ms",
  stations: 12,
  speed: 60,
  rate: null,
  durationMs: null,
  count: null,
  seed: 1,
  startMs: null,
  duplicates: 0,
  reorder: 0,
  badSignatures: 0,
  storm: false,
  concurrency: 32,
  backoffFactor: 1,
  timeoutMs: 30_000,
  drainMs: 60_000,
  abortedDrainMs: 5_000,
};
