import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";

import { FeedLog } from "../../src/objects/feed-log.ts";
import { holds } from "../support/model.ts";
import { FailingDatabase } from "./feed-model/failing-database.ts";
import { type Brought, LogReference } from "./feed-model/log-reference.ts";

// Each run leaves an object behind; those of a night take longer to delete than a hook usually has.
afterAll(() => reset(), 600_000);

/** Small, so that the ring turns and the checkpoints come again and again. */
const CHECKPOINT_EVENTS = 16;
const SLOTS = 64;
const SEGMENT_CHARS = 16 * 1024;
/** All segments but the one that grows and the one that is about to be written over. */
const LEAST_CHARS = (SLOTS - 2) * SEGMENT_CHARS;
const STATIONS = Array.from({ length: 12 }, (_, index) => `cs${index}`);

type Step =
  | { readonly do: "append"; readonly brought: readonly Brought[]; readonly fails: number | null }
  | {
      readonly do: "expire";
      readonly share: number;
      readonly segments: number;
      readonly fails: number | null;
    }
  | { readonly do: "remove"; readonly station: string; readonly fails: number | null }
  | { readonly do: "wake" | "renew" };

/** After how many writes the disk is full, if it is. */
const fails = fc.option(fc.nat(3), { freq: 5 });
const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 400 }) },
  { weight: 3, arbitrary: fc.integer({ min: 4_000, max: 20_000 }) },
  { weight: 1, arbitrary: fc.constant(150_000) },
);
const brought: fc.Arbitrary<Brought> = fc.record({
  station: fc.constantFrom(...STATIONS),
  chars: size,
  state: fc.constantFrom("present", "present", "present", "awaited", "gone"),
  stateChars: fc.integer({ min: 0, max: 300 }),
});
/** More stations than one row of a checkpoint takes. */
const crowd: fc.Arbitrary<readonly Brought[]> = fc
  .record({ count: fc.integer({ min: 500, max: 600 }), stateChars: fc.nat(2_500) })
  .map(({ count, stateChars }) =>
    Array.from({ length: count }, (_, index) => ({
      station: `crowd${index}`,
      chars: 10,
      state: "present",
      stateChars,
    })),
  );

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      brought: fc.array(brought, { minLength: 1, maxLength: 12 }),
      fails,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("append" as const), brought: crowd, fails }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("expire" as const),
      share: fc.double({ min: 0, max: 1.1, noNaN: true }),
      segments: fc.integer({ min: 1, max: 4 }),
      fails,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("remove" as const),
      station: fc.constantFrom(...STATIONS),
      fails,
    }),
  },
  { weight: 10, arbitrary: fc.record({ do: fc.constantFrom("wake" as const, "renew" as const) }) },
);

/** A log that is woken anew whenever something fails, as its object does. */
class Subject {
  readonly #db: FailingDatabase;
  log: FeedLog;

  constructor(storage: DurableObjectStorage) {
    this.#db = new FailingDatabase(storage);
    this.log = this.#open();
  }

  wake(): void {
    this.log = this.#open();
  }

  /** False when it failed, so that nothing of it may be found. */
  tries(writes: number | null, action: () => void): boolean {
    const isDone = this.#db.within(writes ?? Number.POSITIVE_INFINITY, action);
    if (!isDone) this.wake();
    return isDone;
  }

  #open(): FeedLog {
    return new FeedLog(this.#db, SLOTS, CHECKPOINT_EVENTS);
  }
}

let nowMs = Date.UTC(2026, 0, 1);

function take(each: Step, subject: Subject, reference: LogReference): void {
  const { log } = subject;
  nowMs += 1_000;
  switch (each.do) {
    case "append": {
      const { entries, retained, accept } = reference.entries(each.brought, nowMs);
      if (subject.tries(each.fails, () => log.append(entries, retained))) accept();
      return;
    }
    case "expire": {
      const beforeMs = reference.receivedAtMs(Math.ceil(each.share * reference.head)) || nowMs;
      const upTo = reference.expire(beforeMs);
      let isMore = true;
      const clear = () => {
        while (isMore) isMore = log.clearBefore(beforeMs, each.segments);
      };
      // Nothing is left of what was to go.
      if (subject.tries(each.fails, clear)) expect(log.extent().oldest).toBe(upTo);
      return;
    }
    case "remove":
      if (subject.tries(each.fails, () => log.remove(each.station))) reference.remove(each.station);
      return;
    case "wake":
      subject.wake();
      return;
    case "renew":
      if (reference.head === 0) return;
      log.renewEpoch();
      reference.renewed(log);
  }
}

let objectCount = 0;

function play(steps: readonly Step[]): Promise<void> {
  objectCount += 1;
  const object = env.FEED.getByName(`t/model-${objectCount}`);
  return runInDurableObject(object, (_instance, { storage }) => {
    const subject = new Subject(storage);
    const reference = new LogReference();
    for (const [index, each] of steps.entries()) {
      take(each, subject, reference);
      reference.check(subject.log, LEAST_CHARS);
      if (index % 32 === 0) reference.checkAll(subject.log);
    }
    reference.checkAll(subject.log);
    subject.wake();
    reference.check(subject.log, LEAST_CHARS);
    reference.checkAll(subject.log);
  });
}

describe("FeedLog, whatever is done to it", () => {
  it("holds what an array and a map hold, less what was let go of", async () => {
    const steps = fc.array(step, { minLength: 40, maxLength: 200, size: "max" });
    await holds(fc.asyncProperty(steps, play), { runs: 4 });
  }, 3_600_000);
});
