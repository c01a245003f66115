import * as fc from "fast-check";

import type { Fresh, Shape } from "./fleet.ts";
import { FILTERS, GRANTS, MAP_GRANTS, type Sight } from "./viewers.ts";
import type { World } from "./world.ts";

const STATIONS = ["a", "b", "c", "d"];
const TYPES = [
  "session.started",
  "session.updated",
  "session.ended",
  "chargestation.online",
  "chargestation.offline",
  "chargestation.connector_status.updated",
  "chargestation.deleted",
  "never.heard.of",
];

type Step = (world: World) => void | Promise<void>;

/** What happens, and its name and input for whoever reads of a failure. */
export interface NamedStep {
  readonly take: Step;
  readonly toString: () => string;
}

const step = <T>(name: string, input: fc.Arbitrary<T>, take: (input: T) => Step) =>
  input.map((value): NamedStep => {
    return { take: take(value), toString: () => `${name} ${JSON.stringify(value)}` };
  });

const station = fc.constantFrom(...STATIONS);
const fresh: fc.Arbitrary<Fresh> = fc.record({
  station,
  type: fc.constantFrom(...TYPES),
  n: fc.nat(100),
  lateMs: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(60_000)),
  padding: fc.oneof({ weight: 6, arbitrary: fc.nat(100) }, fc.nat(9_000)),
});
const who = fc.nat(100);
const filter = fc.constantFrom(...FILTERS);
const from = fc.constantFrom("now", "snapshot", "start", null);

const subscriberOf = (world: World, index: number) =>
  world.subscribers[index % world.subscribers.length];

function send(events: readonly Fresh[]): Step {
  return (world) => {
    world.accept(events);
    for (const each of new Set(events.map((event) => event.station))) world.push(each);
  };
}

const traffic = [
  { weight: 30, arbitrary: step("send", fc.array(fresh, { minLength: 1, maxLength: 8 }), send) },
  {
    weight: 8,
    arbitrary: step(
      "push",
      fc.record({
        station,
        shape: fc.constantFrom<Shape>("exact", "repeated", "holed"),
        by: fc.integer({ min: 1, max: 5 }),
      }),
      (input) => (world) => world.push(input.station, input.shape, input.by),
    ),
  },
  {
    weight: 4,
    arbitrary: step(
      "backlog",
      fc.record({ events: fc.array(fresh, { minLength: 2, maxLength: 12 }), by: fc.nat(3) }),
      ({ events, by }) =>
        async (world) => {
          await world.settle();
          world.accept(events);
          for (const { station: each } of events) world.push(each, "part", by + 1);
          await world.settle();
          for (const { station: each } of events) world.push(each);
        },
    ),
  },
  { weight: 8, arbitrary: step("settle", fc.constant(null), () => (world) => world.settle()) },
] as const;

const subscribing = [
  {
    weight: 10,
    arbitrary: step(
      "drop",
      fc.record({ who, frames: fc.oneof(fc.nat(3), fc.constant(1e9)) }),
      (input) => (world) => {
        const subscriber = subscriberOf(world, input.who);
        subscriber?.read(input.frames);
        subscriber?.drop();
      },
    ),
  },
  {
    weight: 12,
    arbitrary: step("connect", who, (index) => (world) => subscriberOf(world, index)?.connect()),
  },
  {
    weight: 6,
    arbitrary: step("ask", fc.record({ who, from, filter }), (input) => (world) => {
      subscriberOf(world, input.who)?.ask(input.from, input.filter);
    }),
  },
  {
    weight: 5,
    arbitrary: step(
      "renew",
      fc.record({ who, grant: fc.constantFrom(...GRANTS, ...MAP_GRANTS) }),
      (input) => (world) => subscriberOf(world, input.who)?.renew(input.grant),
    ),
  },
  {
    weight: 10,
    arbitrary: step("acknowledge", who, (index) => (world) => {
      subscriberOf(world, index)?.acknowledge();
    }),
  },
  {
    weight: 4,
    arbitrary: step("ping", who, (index) => (world) => subscriberOf(world, index)?.ping()),
  },
] as const;

const trouble = [
  { weight: 4, arbitrary: step("crowd", fc.constant(null), () => (world) => world.crowd()) },
  {
    weight: 5,
    arbitrary: step(
      "evict",
      fc.constantFrom("hibernate" as const, "close" as const),
      (sockets) => (world) => world.evict(sockets),
    ),
  },
  { weight: 3, arbitrary: step("abort", fc.constant(null), () => (world) => world.abort()) },
  {
    weight: 3,
    arbitrary: step(
      "fail",
      fc.array(fresh, { minLength: 1, maxLength: 6 }),
      (events) => (world) => {
        world.accept(events);
        return world.fail(events.map((event) => event.station));
      },
    ),
  },
  {
    weight: 3,
    arbitrary: step(
      "expire",
      fc.double({ min: 0, max: 1, noNaN: true }),
      (share) => (world) => world.expire(share),
    ),
  },
  { weight: 4, arbitrary: step("remove", station, (each) => (world) => world.remove(each)) },
  {
    weight: 2,
    arbitrary: step(
      "lose",
      fc.array(fresh, { minLength: 2, maxLength: 8 }),
      (events) => (world) => {
        world.accept(events);
        return world.lose(events[0]?.station ?? "");
      },
    ),
  },
  {
    weight: 3,
    arbitrary: step(
      "jump",
      fc.constantFrom(-3_600_000, 1_000, 31_000, 61_000, 125_000),
      (ms) => (world) => world.jump(ms),
    ),
  },
] as const;

export const steps = fc.array(fc.oneof(...traffic, ...subscribing, ...trouble), {
  minLength: 20,
  maxLength: 80,
  size: "max",
});

const sight: fc.Arbitrary<Sight> = fc
  .record({ filter, grant: fc.constantFrom(...GRANTS, ...MAP_GRANTS) })
  .filter(
    ({ filter: each, grant }) => each.filter.match === undefined || grant.grant.view === "events",
  );

/** Who is there from the beginning. Some see the same, and so share what is sent. */
export const audience = fc
  .record({
    sights: fc.array(sight, { minLength: 1, maxLength: 3 }),
    people: fc.array(
      fc.record({
        which: fc.nat(2),
        from: fc.constantFrom("now", "snapshot", "start"),
        acknowledges: fc.boolean(),
      }),
      { minLength: 2, maxLength: 6 },
    ),
  })
  .map(({ sights, people }) =>
    people.flatMap(({ which, ...rest }) => {
      const shared = sights[which % sights.length];
      return shared === undefined ? [] : [{ sight: shared, ...rest }];
    }),
  );
