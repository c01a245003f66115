import { foundBefore } from "./found-before.ts";
import { Readback } from "./readback.ts";
import { type Limits, runSurface, type SurfaceReport } from "./run-surface.ts";
import { withStalledBodies } from "./stall.ts";
import type { Surface } from "./surface.ts";
import { compressed } from "./surfaces/compressed.ts";
import { documents } from "./surfaces/documents.ts";
import { frames } from "./surfaces/frames.ts";
import { framings } from "./surfaces/framings.ts";
import { ids, strangeIds } from "./surfaces/ids.ts";
import { keys } from "./surfaces/keys.ts";
import { others } from "./surfaces/others.ts";
import { queries } from "./surfaces/queries.ts";
import { signatures } from "./surfaces/signatures.ts";
import { slow } from "./surfaces/slow.ts";
import { webhooks } from "./surfaces/webhooks.ts";
import { Watcher } from "./watcher.ts";
import { openWorld, type World } from "./world.ts";

export interface FuzzOptions extends Limits {
  /** Surfaces whose name has this in it. */
  readonly only?: string;
  /** Told of each surface when it has been tried. */
  readonly onSurface?: (report: SurfaceReport) => void;
}

export interface FuzzReport {
  readonly surfaces: readonly SurfaceReport[];
  /** What is wrong with the relay as a whole. */
  readonly findings: readonly string[];
  /** Objects that were there before those without a key came, and after. */
  readonly objects: readonly [before: number, after: number];
  /** Resident memory of workerd, in MiB. */
  readonly memory: { readonly before: number; readonly peak: number; readonly after: number };
  /** Events that the honest subscriber has got meanwhile. */
  readonly events: number;
}

/** Memory that the relay may take above what it starts with. */
const MAX_GROWTH_MIB = 1_024;

/** Tries hostile inputs on a relay of its own: first those of people without a key, then the rest. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const world = await openWorld();
  const watcher = await Watcher.open(world);
  try {
    await watcher.expectService(world);
    const before = world.relay.memoryMiB();
    const objectsBefore = world.relay.objects();
    const outside = await runAll(world, options, OUTSIDE);
    await withStalledBodies(world, () => watcher.expectService(world));
    const objectsAfter = world.relay.objects();
    const inside = await runAll(world, options, INSIDE);
    await watcher.expectService(world);
    const findings = [
      ...objectsAfter.filter((one) => !objectsBefore.includes(one)).map((one) => `made: ${one}`),
      ...watcher.complaints,
      ...(await foundBefore(world)),
      ...(await new Readback(world).complaints()),
      ...complaintsOfLog(world.relay.log),
    ];
    const { peakMiB: peak } = world.relay;
    if (peak - before > MAX_GROWTH_MIB) findings.push(`memory grew to ${peak.toFixed(0)} MiB`);
    return {
      surfaces: [...outside, ...inside],
      findings,
      objects: [objectsBefore.length, objectsAfter.length],
      memory: { before, peak, after: world.relay.memoryMiB() },
      events: watcher.count,
    };
  } finally {
    watcher.close();
    await world.relay.stop();
  }
}

/** A surface whose inputs are nobody else's business. */
interface Trial {
  readonly name: string;
  readonly run: (world: World, limits: Limits) => Promise<SurfaceReport>;
}

function trialOf<T>(surface: Surface<T>): Trial {
  return { name: surface.name, run: (world, limits) => runSurface(world, surface, limits) };
}

/** What is there for people without a key … */
const OUTSIDE = [
  trialOf(signatures),
  trialOf(strangeIds),
  trialOf(keys),
  trialOf(framings),
  trialOf(slow),
];
/** … and for those who have one. */
const INSIDE = [
  trialOf(webhooks),
  trialOf(ids),
  trialOf(others),
  trialOf(queries),
  trialOf(documents),
  trialOf(frames),
  trialOf(compressed),
];

/** All at once: what is sent at one must not show at another. */
function runAll(
  world: World,
  options: FuzzOptions,
  trials: readonly Trial[],
): Promise<SurfaceReport[]> {
  const chosen = trials.filter(({ name }) => name.includes(options.only ?? ""));
  return Promise.all(
    chosen.map(async ({ run }) => {
      const report = await run(world, options);
      options.onSurface?.(report);
      return report;
    }),
  );
}

/** It tells of every frame that breaks RFC 6455, and of a method that Workers do not serve. */
const OF_THE_SERVER = /WebSocket protocol error|a connect event|a connect\(\) function/;

/** What the Worker or the server had to say of its own accord: nothing that is sent is its fault. */
function complaintsOfLog(log: string): string[] {
  const lines = log.split("\n").filter((line) => line.trim() !== "" && !OF_THE_SERVER.test(line));
  return [...new Set(lines)].slice(0, 20).map((line) => `logged: ${line.slice(0, 300)}`);
}
