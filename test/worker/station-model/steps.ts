import * as fc from "fast-check";

import type { Answer } from "../../support/receiver.ts";
import { actOnLane, actOnRoute, changeRoute, redeliver, replay } from "./people.ts";
import { type Policy, STATIONS, type World } from "./world.ts";

/** Something that happens to the relay. */
export interface Step {
  readonly text: string;
  readonly take: (world: World) => Promise<void>;
  /** Whether the next step begins while this one goes on. */
  readonly isBeside: boolean;
}

type Act = Omit<Step, "isBeside">;
const act = (text: string, take: Step["take"]): Act => ({ text, take });

export const policies: fc.Arbitrary<Policy> = fc.record({
  scheduleSeconds: fc.constantFrom(
    [],
    Array.from({ length: 9 }, () => 1),
  ),
  onExhausted: fc.constantFrom("dead_letter", "park"),
});

const station = fc.constantFrom(...STATIONS);
const answer: fc.Arbitrary<Answer> = fc.record({
  status: fc.constantFrom(200, 200, 500, 503, 422, 410),
  delayMs: fc.constantFrom(0, 0, 60),
});
const badAnswer = fc.constantFrom<Answer>({ fault: "reset" }, { fault: "garbage" });
const answers = fc.array(fc.oneof({ weight: 5, arbitrary: answer }, badAnswer), {
  minLength: 1,
  maxLength: 3,
});

const webhooks = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        station,
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(0, 0, 60_000),
        fc.constantFrom(false, false, true),
      )
      .map(([at, count, agoMs, ofConnector]) =>
        act(
          `send ${count} at ${at}, made ${agoMs} ms ago${ofConnector ? ", extra" : ""}`,
          (world) => world.send(at, count, agoMs, ofConnector),
        ),
      ),
  },
  {
    weight: 3,
    arbitrary: fc
      .nat({ max: 9 })
      .map((place) => act(`send ${place} again`, (world) => world.sendAgain(place))),
  },
);

const faults = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .array(fc.constantFrom("lost call" as const, "lost answer" as const), {
        minLength: 1,
        maxLength: 3,
      })
      .map((list) => act(`pushes: ${list.join()}`, async (world) => world.failPushes(list))),
  },
  {
    weight: 3,
    arbitrary: answers.map((list) =>
      act(`answers: ${list.map(({ status, fault }) => fault ?? status).join()}`, (world) =>
        // Whatever comes after these succeeds.
        world.answer([...list, { status: 200 }]),
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant(act("outage", (world) => world.answer([{ status: 503 }]))),
  },
  { weight: 3, arbitrary: station.map((at) => act(`alarm at ${at}`, (world) => world.ring(at))) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...STATIONS, "feed", "tenant")
      .map((object) => act(`evict ${object}`, (world) => world.evict(object))),
  },
  { weight: 1, arbitrary: fc.constant(act("abort all", (world) => world.abort())) },
);

const people = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(
        "pause" as const,
        "resume" as const,
        "resume" as const,
        "rotate-secret" as const,
      )
      .map((what) => act(what, (world) => actOnRoute(world, what))),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(station, fc.constantFrom("retry" as const, "skip" as const, "resume" as const))
      .map(([at, what]) => act(`${what} ${at}`, (world) => actOnLane(world, at, what))),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(["*"], ["session.*"])
      .map((types) => act(`filter ${types}`, (world) => changeRoute(world, types))),
  },
  { weight: 1, arbitrary: fc.constant(act("redeliver", redeliver)) },
  { weight: 1, arbitrary: fc.constant(act("replay", replay)) },
);

const acts = fc.oneof(
  { weight: 9, arbitrary: webhooks },
  { weight: 12, arbitrary: faults },
  { weight: 8, arbitrary: people },
);

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.tuple(acts, fc.boolean()).map(([{ text, take }, isBeside]) => ({
    text: `${text}${isBeside ? " &" : ""}`,
    take,
    isBeside,
  })),
  { minLength: 4, maxLength: 16, size: "max" },
);
