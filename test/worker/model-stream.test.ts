import { reset } from "cloudflare:test";
import * as fc from "fast-check";
import { afterEach, describe, it, vi } from "vitest";

import { holds } from "../support/model.ts";
import { audience, steps } from "./feed-model/steps.ts";
import { World } from "./feed-model/world.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

describe("a feed and its subscribers, whatever happens to them", () => {
  it("tells each of all that it is to see, once and in order, or that something is missing", async () => {
    const property = fc.asyncProperty(audience, steps, async (people, happenings) => {
      const world = await World.create();
      for (const { sight, from, acknowledges } of people) {
        await world.join(sight, from, acknowledges);
      }
      for (const { take } of happenings) await take(world);
      await world.verify();
      vi.restoreAllMocks();
    });
    await holds(property, {
      runs: 15,
      kept: [
        { seed: 1779565873, path: "33" },
        { seed: 1779565873, path: "74" },
        { seed: 1779565873, path: "110" },
      ],
    });
  }, 3_600_000);
});
