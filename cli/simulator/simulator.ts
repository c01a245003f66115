import { createHash } from "node:crypto";

import { NODE_WAITS } from "./node-waits.ts";
import { createPoster } from "./post.ts";
import type { Acknowledgement } from "./sender.ts";
import { DEFAULT_SETTINGS, type SimulatorOptions } from "./settings.ts";
import { runSimulation } from "./simulation.ts";
import type { SimulationProgress, SimulationReport } from "./summary.ts";

export type { SimulatorOptions } from "./settings.ts";
export type { SimulationProgress, SimulationReport } from "./summary.ts";

/** One acknowledged event: 200, and nothing else, acknowledges. */
export interface SentEvent {
  readonly id: string;
  readonly type: string;
  /** Null for what concerns no single station. */
  readonly station: string | null;
  readonly fifo: boolean;
  readonly createdAt: string;
  /** Lower-case hex, of the exact bytes. */
  readonly sha256: string;
  readonly attempts: number;
  readonly status: 200;
  /** When the acknowledged attempt began, in epoch milliseconds, and how long it took. */
  readonly sentAtMs: number;
  readonly latencyMs: number;
  /** The id of the event that this was a further copy of. */
  readonly duplicateOf?: string;
  readonly body: string;
}

export interface SimulationHooks {
  /** Ends the run early: nothing new is sent, and what was tried is seen through as `abortedDrainMs` allows. */
  readonly signal?: AbortSignal;
  readonly onAcknowledged?: (event: SentEvent) => void;
  /** Called once a second. */
  readonly onProgress?: (progress: SimulationProgress) => void;
}

/** Runs a fleet against a receiver and resolves, once all is answered or given up, with the count. */
export async function simulate(
  options: SimulatorOptions & SimulationHooks,
): Promise<SimulationReport> {
  const settings = { ...DEFAULT_SETTINGS, ...options };
  const poster = createPoster(new URL(options.url), settings.concurrency, settings.timeoutMs);
  return runSimulation(
    settings,
    { poster, waits: NODE_WAITS },
    {
      signal: options.signal ?? new AbortController().signal,
      onAcknowledged: (acknowledgement) => options.onAcknowledged?.(describe(acknowledgement)),
      onProgress: (progress) => options.onProgress?.(progress),
    },
  );
}

function describe(acknowledgement: Acknowledgement): SentEvent {
  const { event, isDuplicate, attempts, sentAtMs, latencyMs } = acknowledgement;
  const { id, type, station, fifo, createdAt, body } = event;
  return {
    id,
    type,
    station,
    fifo,
    createdAt,
    sha256: createHash("sha256").update(body).digest("hex"),
    attempts,
    status: 200,
    sentAtMs,
    latencyMs: Math.round(latencyMs * 1000) / 1000,
    ...(isDuplicate && { duplicateOf: id }),
    body,
  };
}
