import * as fc from "fast-check";

import { STATIONS, type World } from "./world.ts";

/** Something that happens to the relay. */
export interface Step {
  readonly text: string;
  readonly take: (world: World) => Promise<void>;
  /** Whether the next step begins while this one goes on. */
  readonly isBeside: boolean;
}

const station = fc.constantFrom(...STATIONS);
const faults = fc.array(fc.constantFrom("lost call" as const, "lost answer" as const), {
  minLength: 1,
  maxLength: 3,
});
const status = fc.constantFrom(200, 200, 500, 503, 422);
const answers = fc.array(fc.record({ status, delayMs: fc.constantFrom(0, 0, 60) }), {
  minLength: 1,
  maxLength: 3,
});

const act = (text: string, take: Step["take"]) => ({ text, take });

const actions = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(station, fc.integer({ min: 1, max: 3 }), fc.constantFrom(0, 0, 60_000))
      .map(([at, count, agoMs]) =>
        act(`send ${count} at ${at}, made ${agoMs} ms ago`, (world) =>
          world.send(at, count, agoMs),
        ),
      ),
  },
  {
    weight: 3,
    arbitrary: fc
      .nat({ max: 9 })
      .map((place) => act(`send ${place} again`, (world) => world.sendAgain(place))),
  },
  {
    weight: 3,
    arbitrary: faults.map((list) =>
      act(`pushes: ${list.join()}`, async (world) => world.failPushes(list)),
    ),
  },
  {
    weight: 3,
    arbitrary: answers.map((list) =>
      act(`answers: ${list.map((each) => each.status).join()}`, (world) =>
        // Whatever comes after these succeeds.
        world.answer([...list, { status: 200 }]),
      ),
    ),
  },
  { weight: 3, arbitrary: station.map((at) => act(`alarm at ${at}`, (world) => world.ring(at))) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...STATIONS, "feed", "tenant")
      .map((object) => act(`evict ${object}`, (world) => world.evict(object))),
  },
  { weight: 1, arbitrary: fc.constant(act("abort all", (world) => world.abort())) },
  { weight: 1, arbitrary: fc.constant(act("pause", (world) => world.act("pause"))) },
  { weight: 1, arbitrary: fc.constant(act("resume", (world) => world.act("resume"))) },
  { weight: 1, arbitrary: station.map((at) => act(`retry ${at}`, (world) => world.retry(at))) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(["*"], ["session.*"])
      .map((types) => act(`filter ${types}`, (world) => world.changeRoute(types))),
  },
);

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.tuple(actions, fc.boolean()).map(([{ text, take }, isBeside]) => ({
    text: `${text}${isBeside ? " &" : ""}`,
    take,
    isBeside,
  })),
  { minLength: 4, maxLength: 14, size: "max" },
);
