import * as fc from "fast-check";
import { describe, it } from "vitest";

import type { Outcome } from "../../src/domain/outcome.ts";
import { holds } from "../support/model.ts";
import { Reference } from "./lane-model/reference.ts";
import { type Attempt, LaneWorld } from "./lane-model/world.ts";

type Step =
  | { readonly kind: "append"; readonly isExtra: boolean }
  | { readonly kind: "attempt" | "retry"; readonly attempt: Attempt }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "change"; readonly isWide: boolean }
  | { readonly kind: "lose"; readonly count: number }
  | { readonly kind: "skip" };

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    kind: fc.constant("answered" as const),
    status: fc.constantFrom(200, 204, 302, 410, 422, 422, 429, 500, 503),
    retryAfterMs: fc.constantFrom(null, null, 0, 90_000),
    latencyMs: fc.constant(5),
    snippet: fc.constant(""),
  }),
  fc.record({
    kind: fc.constant("failed" as const),
    error: fc.constantFrom("timeout" as const, "connection" as const),
    detail: fc.constant(""),
    latencyMs: fc.constant(5),
  }),
);
const attempt: fc.Arbitrary<Attempt> = fc.record({
  outcome,
  isOpen: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
  isCut: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
  random: fc.double({ min: 0, max: 0.999, noNaN: true }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("append" as const), isExtra: fc.boolean() }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom("attempt", "retry"), attempt }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(9_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("change" as const), isWide: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose" as const), count: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "skip" as const }) },
);
const policy = fc.record({
  scheduleSeconds: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
  onExhausted: fc.constantFrom("dead_letter" as const, "park" as const, "drop" as const),
});
const steps = fc.array(step, { maxLength: 80, size: "max" });

describe("a lane, whatever comes of its attempts", () => {
  it("settles every event once, in order, and tells of what it left out", async () => {
    const property = fc.asyncProperty(policy, steps, async (limits, taken) => {
      const world = new LaneWorld(limits);
      const reference = new Reference(world);
      for (const each of taken) {
        take(world, reference, each);
        reference.check();
      }
    });
    await holds(property, { runs: 500 });
  });
});

function take(world: LaneWorld, reference: Reference, step: Step): void {
  switch (step.kind) {
    case "append":
      world.log.push({ isExtra: step.isExtra });
      return;
    case "pass":
      world.nowMs += step.ms;
      return;
    case "change":
      world.change(step.isWide);
      reference.renew();
      return;
    case "lose":
      world.oldestSeq = Math.min(world.log.length + 1, world.oldestSeq + step.count);
      return;
    case "skip": {
      reference.lose();
      const seq = world.skip();
      if (seq !== null) reference.skipped(seq);
      return;
    }
    case "attempt":
    case "retry": {
      reference.lose();
      const made = world.attempt(step.attempt, step.kind === "retry");
      if (made !== null) reference.made(step.attempt, made);
    }
  }
}
