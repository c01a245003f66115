import { expect, it } from "vitest";

import { fuzz } from "../fuzz/fuzz.ts";
import { findingsOf, fuzzSummary } from "../fuzz/table.ts";

/** What fits into half a minute on two cores; `npm run test:fuzz` takes as long as it is given. */
const LIMITS = { inputs: 150, limitMs: 15_000 };
/** The same inputs each time: what has passed once is not to fail by chance. `npm run test:fuzz` looks further. */
const SEED = 1;

it("answers no hostile input otherwise than the contract says, and makes nothing of it", async () => {
  const report = await fuzz({ seed: SEED, ...LIMITS });
  console.log(`npm run test:fuzz -- --seed ${SEED}\n${fuzzSummary(report)}`);
  expect(findingsOf(report)).toEqual([]);
  // Had something kept it from trying them, nothing would have been found either.
  for (const { name, inputs } of report.surfaces) expect([name, inputs > 20]).toEqual([name, true]);
});
