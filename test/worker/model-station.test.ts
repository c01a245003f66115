import { reset } from "cloudflare:test";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";

import { holds } from "../support/model.ts";
import { ofStation } from "./outage-support.ts";
import { seqsOf } from "./receiver.ts";
import { checkKept, checkRelayed, checkSettled } from "./station-model/checks.ts";
import { actOnRoute, changeRoute } from "./station-model/people.ts";
import { policies, type Step, steps } from "./station-model/steps.ts";
import { type Policy, World } from "./station-model/world.ts";

afterEach(() => reset());

describe("a station, its feed and a route, whatever happens in whatever order", () => {
  it("lose nothing, double nothing and reorder nothing", { timeout: 3_600_000 }, async () => {
    await holds(fc.asyncProperty(policies, steps, run), { runs: 8 });
  });

  it("deliver what was accepted before the station ever heard of the route, though that has changed", async () => {
    const world = await World.open();
    world.failPushes(["lost answer", "lost answer"]);
    await world.send("b", 2, 0);
    await changeRoute(world, ["session.*"]);
    await world.send("b", 1, 0);
    await world.settle();
    await checkSettled(world);
  });

  it("do not go back to what a filter left behind, once something after it was tried", async () => {
    const world = await World.open();
    await actOnRoute(world, "pause");
    await world.send("a", 1, 0, true);
    await world.send("a", 1, 0);
    await changeRoute(world, ["session.*"]);
    await world.answer([{ status: 500 }]);
    await actOnRoute(world, "resume");
    await world.main.receiver.received(1);
    await changeRoute(world, ["*"]);
    await world.settle();
    await checkSettled(world);
    const received = ofStation(await world.main.receiver.requests(), "a");
    expect(new Set(seqsOf(received))).toEqual(new Set([2]));
  });
});

async function run(policy: Policy, taken: readonly Step[]): Promise<void> {
  const world = await World.open(policy);
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
      await checkKept(world);
    }
  }
  await Promise.all(underWay);
  await checkKept(world);
  await expect.poll(() => world.lanesWithoutAnybody()).toEqual([]);
  await world.settle();
  await checkSettled(world);
}
