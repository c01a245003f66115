import * as fc from "fast-check";

import type { Surface } from "./surface.ts";
import type { World } from "./world.ts";

export interface Limits {
  readonly seed: number;
  readonly limitMs: number;
  /** Inputs, at most. */
  readonly inputs: number;
}

export interface SurfaceReport {
  readonly name: string;
  readonly inputs: number;
  readonly outcomes: ReadonlyMap<string, number>;
  /** What was found wrong, each with the shortest input that showed it. */
  readonly findings: readonly string[];
}

/** What is the same but for numbers and names is one finding. */
const kindOf = (complaint: string) => complaint.replace(/[\d"'].*/s, (rest) => rest.slice(0, 12));

/** Tries inputs until there have been enough, or the time is over; goes on behind what it finds. */
export async function runSurface<T>(
  world: World,
  { name, input, attempt }: Surface<T>,
  { seed, limitMs, inputs }: Limits,
): Promise<SurfaceReport> {
  const outcomes = new Map<string, number>();
  const found = new Map<string, { readonly complaint: string; readonly sent: string }>();
  let tried = 0;
  const property = fc.asyncProperty(input, async (value) => {
    const { outcomes: all, sent, complaints } = await attempt(world, value);
    tried += 1;
    for (const outcome of all) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    for (const complaint of complaints) {
      const kind = kindOf(complaint);
      const before = found.get(kind);
      if (before !== undefined && before.sent.length <= sent.length) continue;
      found.set(kind, { complaint, sent });
    }
  });
  const { failed, errorInstance: cause } = await fc.check(property, {
    seed,
    numRuns: inputs,
    interruptAfterTimeLimit: limitMs,
    markInterruptAsFailure: false,
  });
  // Of what tries them, not of the relay.
  if (failed) throw new Error(`${name} could not be tried`, { cause });
  const findings = [...found.values()].map(({ complaint, sent }) => `${complaint}: ${sent}`);
  return { name, inputs: tried, outcomes, findings };
}
