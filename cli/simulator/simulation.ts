import { Disturbance } from "./disturbance.ts";
import { Fleet } from "./fleet.ts";
import { createPacing, Metronome, type Waits } from "./pacing.ts";
import type { Poster } from "./poster.ts";
import { type Acknowledgement, Sender } from "./sender.ts";
import type { SimulatorSettings } from "./settings.ts";
import type { SimulationProgress, SimulationReport } from "./summary.ts";
import { summarise } from "./summary.ts";
import { Tally } from "./tally.ts";

/** What a simulation needs of the place it runs in: a process, or a page. */
export interface Surroundings {
  /** Closed at the end. */
  readonly poster: Poster;
  readonly waits: Waits;
}

export interface SimulationWatch {
  /** Ends the run early: nothing new is sent, and what was tried is seen through as `abortedDrainMs` allows. */
  readonly signal: AbortSignal;
  readonly onAcknowledged: (acknowledgement: Acknowledgement) => void;
  /** Called once a second. */
  readonly onProgress: (progress: SimulationProgress) => void;
}

/** Outstanding deliveries beyond which a fleet waits for the receiver, paced and unpaced. */
const PACED_BACKLOG = 100_000;
const UNPACED_BACKLOG_PER_CONNECTION = 8;

/** Runs a fleet and resolves, once all is answered or given up, with the count. */
export async function runSimulation(
  settings: SimulatorSettings & { readonly secret: string },
  { poster, waits }: Surroundings,
  { signal, onAcknowledged, onProgress }: SimulationWatch,
): Promise<SimulationReport> {
  const { concurrency, backoffFactor } = settings;
  const tally = new Tally();
  const sender = new Sender({
    ...{ poster, signing: settings, concurrency, backoffFactor, tally, onAcknowledged },
  });
  const metronome = new Metronome(waits);
  const startedAtMs = Date.now();
  const summary = () =>
    summarise(tally, { startedAtMs, elapsedMs: metronome.elapsedMs, inFlight: sender.inFlight });
  const ticker = setInterval(() => onProgress(summary()), 1_000);
  try {
    await feed(sender, settings, metronome, signal);
    await drain(sender, settings, signal);
    return { ...summary(), interrupted: signal.aborted };
  } finally {
    clearInterval(ticker);
    sender.close();
  }
}

/** Gives the sender what the fleet raises, at the pace asked for, until the run is over. */
async function feed(
  sender: Sender,
  settings: SimulatorSettings,
  metronome: Metronome,
  signal: AbortSignal,
): Promise<void> {
  const pacing = createPacing(settings, Date.now);
  const fleet = new Fleet({ ...settings, dateAt: pacing.dateAt });
  const disturbance = new Disturbance(toShares(settings));
  const backlog = backlogOf(settings);
  let stormIsAhead = settings.storm;
  for (let index = 0, progress = 0; !signal.aborted; index++) {
    if (stormIsAhead && progress >= 0.5) {
      fleet.startStorm();
      stormIsAhead = false;
    }
    const event = fleet.next();
    const dueMs = pacing.dueMs(index, event.atMs);
    progress = progressOf(settings, index, dueMs);
    if (progress >= 1) break;
    await metronome.until(dueMs, signal);
    if (sender.unfinished > backlog) await sender.drainedTo(backlog, signal);
    if (signal.aborted) break;
    for (const outgoing of disturbance.pass(event)) sender.send(outgoing);
  }
  if (!signal.aborted) for (const outgoing of disturbance.flush()) sender.send(outgoing);
}

/** The part of the run that is over: by count or by time, whichever is further. */
function progressOf(settings: SimulatorSettings, index: number, dueMs: number): number {
  const { count, durationMs } = settings;
  return Math.max(count === null ? 0 : index / count, durationMs === null ? 0 : dueMs / durationMs);
}

function backlogOf({ rate, speed, concurrency }: SimulatorSettings): number {
  const isUnpaced = rate === null && speed === Number.POSITIVE_INFINITY;
  return isUnpaced ? Math.max(256, concurrency * UNPACED_BACKLOG_PER_CONNECTION) : PACED_BACKLOG;
}

function toShares({ seed, duplicates, reorder, badSignatures }: SimulatorSettings) {
  return {
    seed,
    duplicates: duplicates / 100,
    reorder: reorder / 100,
    badSignatures: badSignatures / 100,
  };
}

async function drain(
  sender: Sender,
  { drainMs, abortedDrainMs }: SimulatorSettings,
  signal: AbortSignal,
): Promise<void> {
  await sender.drainedTo(0, AbortSignal.any([signal, AbortSignal.timeout(drainMs)]));
  if (!signal.aborted) return;
  sender.discardUntried();
  await sender.drainedTo(0, AbortSignal.timeout(abortedDrainMs));
}
