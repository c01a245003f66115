import { reset } from "cloudflare:test";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";

import { holds } from "../support/model.ts";
import { checkRelayed, checkSettled } from "./station-model/checks.ts";
import { type Step, steps } from "./station-model/steps.ts";
import { World } from "./station-model/world.ts";

afterEach(() => reset());

describe("a station, its feed and a route, whatever happens in whatever order", () => {
  it("lose nothing, double nothing and reorder nothing", { timeout: 3_600_000 }, async () => {
    await holds(fc.asyncProperty(steps, run), { runs: 8 });
  });

  it("deliver what was accepted before the station ever heard of the route, though that has changed", async () => {
    const world = await World.open();
    world.failPushes(["lost answer", "lost answer"]);
    await world.send("b", 2, 0);
    await world.changeRoute(["session.*"]);
    await world.send("b", 1, 0);
    await world.settle();
    await checkSettled(world);
  });
});

async function run(taken: readonly Step[]): Promise<void> {
  const world = await World.open();
  const underWay: Promise<void>[] = [];
  for (const step of taken) {
    const done = step.take(world);
    if (step.isBeside) {
      // Looked at below, even if something else fails before.
      done.catch(() => {});
      underWay.push(done);
    } else {
      await done;
      await checkRelayed(world);
    }
  }
  await Promise.all(underWay);
  await expect.poll(() => world.lanesWithoutAnybody()).toEqual([]);
  await world.settle();
  await checkSettled(world);
}
