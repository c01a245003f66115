import * as fc from "fast-check";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** `CHARGEWIRE_MODEL_RUNS` and `CHARGEWIRE_MODEL_SEED`; 0 when not given. */
    modelRuns: number;
    modelSeed: number;
  }
}

interface ModelSettings {
  /** As many as the checks of every change have time for; `npm run test:model` runs many more. */
  readonly runs: number;
  /** Runs that failed once. They are tried again before anything else. */
  readonly kept?: readonly { readonly seed: number; readonly path: string }[];
}

/** Of the checks of every change: what has passed once is not to fail by chance. */
const SEED = 1;

/** Holds a property to random runs, and tells how to have the same ones again. */
export async function holds<T>(
  property: fc.IAsyncPropertyWithHooks<T>,
  { runs, kept = [] }: ModelSettings,
): Promise<void> {
  for (const run of kept) await fc.assert(property, { ...run, numRuns: 1, endOnFailure: true });
  const numRuns = inject("modelRuns") || runs;
  const seed = inject("modelSeed") || SEED;
  console.info(`${numRuns} runs; the same again with CHARGEWIRE_MODEL_SEED=${seed}`);
  // What fails depends on what the machine does meanwhile, so a smaller case is seldom found.
  await fc.assert(property, { seed, numRuns, endOnFailure: true });
}
