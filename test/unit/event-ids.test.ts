import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  EMPTY_WINDOW,
  EventIds,
  type IdWindow,
  openWindow,
  slideWindow,
  WINDOW_SIZE,
} from "../../src/domain/event-ids.ts";

/** An ObjectId of this second; `salt` tells apart those of the same one. */
const objectId = (second: number, salt: number) =>
  second.toString(16).padStart(8, "0") + salt.toString(16).padStart(16, "0");

const SECOND = 0x644fc18f;
/** Small, so that many go by. */
const GENERATION = 24;
const idAt = (offset: number, salt = 0) => objectId(SECOND + offset, salt);
const windowOf = (ids: readonly string[]) => ids.reduce(slideWindow, EMPTY_WINDOW);

describe("slideWindow", () => {
  it("holds the newest ids in the order they came, of whatever kind", () => {
    const ids = Array.from({ length: WINDOW_SIZE + 6 }, (_, at) => (at === 9 ? "evt_1" : idAt(at)));
    const [full, more] = [ids.slice(0, WINDOW_SIZE), ids.slice(0, WINDOW_SIZE + 1)];
    expect(windowOf(full)).toEqual({ ids: full, forgottenUntil: -1 });
    expect(windowOf(more)).toEqual({ ids: more.slice(1), forgottenUntil: SECOND });
    expect(windowOf(ids)).toEqual({ ids: ids.slice(6), forgottenUntil: SECOND + 5 });
  });

  it("remembers the newest second it let go of, not the last", () => {
    const ids = [idAt(1000), ...Array.from({ length: 70 }, (_, at) => idAt(at))];
    expect(windowOf(ids).forgottenUntil).toBe(SECOND + 1000);
  });

  it.each([
    "",
    "evt_1",
    `sha256:${"a".repeat(64)}`,
    idAt(5).toUpperCase(),
    `${idAt(5)}0`,
    idAt(5).slice(1),
    `g${idAt(5).slice(1)}`,
  ])("takes no second from %j, which is no ObjectId", (id) => {
    const later = Array.from({ length: WINDOW_SIZE }, (_, at) => idAt(10 + at));
    expect(windowOf([idAt(1), id, ...later]).forgottenUntil).toBe(SECOND + 1);
  });
});

describe("openWindow", () => {
  it("takes over what an older version kept: ids beyond the newest are forgotten ones", () => {
    const before = { ids: [idAt(3), idAt(7), idAt(5)], forgottenUntil: SECOND + 1 };
    const newest = ["evt_1", idAt(5)];
    expect(openWindow(newest, before)).toEqual({ ids: newest, forgottenUntil: SECOND + 7 });
  });
});

describe("EventIds", () => {
  it("knows everything while it holds everything", () => {
    const ids = new EventIds({ ids: [idAt(1), "evt_1"], forgottenUntil: -1 }, true);
    expect([idAt(1), "evt_1"].map((id) => ids.has(id))).toEqual(["yes", "yes"]);
    expect([idAt(0), idAt(2), "evt_2", "__proto__"].map((id) => ids.has(id))).toEqual(
      Array(4).fill("no"),
    );
  });

  it("tells an id younger than all that was let go from the old ones by its time", () => {
    const window: IdWindow = { ids: [idAt(10)], forgottenUntil: SECOND + 5 };
    const ids = new EventIds(window, false);
    expect(ids.has(idAt(10))).toBe("yes");
    expect(ids.has(idAt(6))).toBe("no");
    expect(ids.has(idAt(5))).toBe("unknown");
    expect(ids.has(idAt(4))).toBe("unknown");
    expect(ids.has("evt_1")).toBe("unknown");
    expect(ids.has(idAt(6).toUpperCase())).toBe("unknown");
  });

  it("knows an id of the same second as the newest that was let go only from the log", () => {
    const ids = new EventIds({ ids: [idAt(5, 1)], forgottenUntil: SECOND + 5 }, false);
    expect(ids.has(idAt(5, 1))).toBe("yes");
    expect(ids.has(idAt(5, 2))).toBe("unknown");
  });

  it("needs the log once only", () => {
    const ids = new EventIds({ ids: [], forgottenUntil: SECOND }, false);
    expect(ids.has("evt_1")).toBe("unknown");
    ids.learnAll(["evt_1", idAt(-5)]);
    expect(["evt_1", idAt(-5), idAt(-6), "evt_2"].map((id) => ids.has(id))).toEqual([
      "yes",
      "yes",
      "no",
      "no",
    ]);
  });

  it("holds two generations of ids, and asks the log for what came before", () => {
    const ids = new EventIds(EMPTY_WINDOW, true, 3);
    for (let at = 0; at < 6; at += 1) ids.add(idAt(at));
    expect([0, 3, 5].map((at) => ids.has(idAt(at)))).toEqual(["yes", "yes", "yes"]);
    expect(ids.has("evt_1")).toBe("no");
    ids.add(idAt(6));
    expect([0, 2].map((at) => ids.has(idAt(at)))).toEqual(["unknown", "unknown"]);
    expect([3, 6].map((at) => ids.has(idAt(at)))).toEqual(["yes", "yes"]);
    expect(ids.has(idAt(7))).toBe("no");
    expect(ids.has("evt_1")).toBe("unknown");
  });

  it("ends a generation with its second, so that a burst need not be looked for in the log", () => {
    const ids = new EventIds(EMPTY_WINDOW, true, 3);
    for (let salt = 0; salt < 3; salt += 1) ids.add(idAt(0, salt));
    for (let salt = 0; salt < 20; salt += 1) ids.add(idAt(1, salt));
    // Of a second before, but not the first of a new one.
    ids.add(idAt(0, 3));
    ids.add(idAt(2));
    expect([idAt(1, 0), idAt(1, 19), idAt(0, 3)].map((id) => ids.has(id))).toEqual(
      Array(3).fill("yes"),
    );
    expect(ids.has(idAt(0, 0))).toBe("unknown");
    expect(ids.has(idAt(1, 20))).toBe("no");
  });

  it.each([
    [47, "yes"],
    [48, "yes"],
    [51, "unknown"],
  ])(
    "holds a burst of 16 generations, so that of %i ids the first is known: %s",
    (count, first) => {
      const ids = new EventIds(EMPTY_WINDOW, true, 3);
      for (let salt = 0; salt < count; salt += 1) ids.add(idAt(0, salt));
      ids.add(idAt(1));
      expect(ids.has(idAt(0, 0))).toBe(first);
      expect([idAt(0, count - 1), idAt(1)].map((id) => ids.has(id))).toEqual(["yes", "yes"]);
    },
  );

  it("ends a generation at its size when ids tell no time", () => {
    const ids = new EventIds(EMPTY_WINDOW, true, 3);
    for (let at = 0; at < 7; at += 1) ids.add(`evt_${at}`);
    expect(["evt_0", "evt_2"].map((id) => ids.has(id))).toEqual(["unknown", "unknown"]);
    expect(["evt_3", "evt_6"].map((id) => ids.has(id))).toEqual(["yes", "yes"]);
  });

  it("ends a generation at its size with an id that tells no time, after others that do", () => {
    const ids = new EventIds(EMPTY_WINDOW, true, 3);
    for (const at of [0, 1, 2]) ids.add(idAt(at));
    for (let at = 0; at < 4; at += 1) ids.add(`evt_${at}`);
    expect([idAt(0), "evt_0", "evt_3"].map((id) => ids.has(id))).toEqual(["unknown", "yes", "yes"]);
  });

  it("lets go again of what it learnt", () => {
    const ids = new EventIds({ ids: [], forgottenUntil: SECOND }, false, 2);
    ids.learnAll([idAt(-5), idAt(-4), "evt_1"]);
    for (const at of [1, 2, 3]) ids.add(idAt(at));
    expect([idAt(-5), "evt_1", idAt(0)].map((id) => ids.has(id))).toEqual(Array(3).fill("unknown"));
    expect([1, 2, 3].map((at) => ids.has(idAt(at)))).toEqual(["yes", "yes", "yes"]);
    expect(ids.has(idAt(4))).toBe("no");
  });

  it("knows what is not in the log yet, whatever the log says meanwhile", () => {
    const ids = new EventIds({ ids: [], forgottenUntil: SECOND }, false, 2);
    for (const at of [1, 2, 3]) ids.add(idAt(at));
    expect(ids.has("evt_1")).toBe("unknown");
    ids.learnAll(["evt_1"]);
    expect([idAt(1), idAt(2), idAt(3), "evt_1"].map((id) => ids.has(id))).toEqual(
      Array(4).fill("yes"),
    );
  });

  it("lets an id come again that the log has overwritten", () => {
    const ids = new EventIds(EMPTY_WINDOW, true);
    ids.add("evt_1");
    expect(ids.has("evt_1")).toBe("yes");
    ids.drop("evt_1");
    expect(ids.has("evt_1")).toBe("no");
  });
});

/** What a station does with its ids: a log that overwrites, a window that is stored, sleep and wake. */
class Station {
  readonly #log: string[] = [];
  readonly #capacity: number;
  #count = 0;
  #window: IdWindow = EMPTY_WINDOW;
  #ids = new EventIds(EMPTY_WINDOW, true, GENERATION);
  readonly wrong: string[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  wake(): void {
    this.#ids = new EventIds(this.#window, this.#count <= WINDOW_SIZE, GENERATION);
  }

  /** Checks one answer against the log, and asks the log when the answer is open. */
  ask(id: string, settle: boolean): void {
    const truth = this.#log.includes(id) ? "yes" : "no";
    const answer = this.#ids.has(id);
    if (answer !== "unknown" && answer !== truth) this.wrong.push(`${id}: ${answer}`);
    if (answer !== "unknown" || !settle) return;
    this.#ids.learnAll(this.#log);
    if (this.#ids.has(id) !== truth) this.wrong.push(`${id}: after learning`);
  }

  accept(id: string): void {
    this.ask(id, true);
    if (this.#log.includes(id)) return;
    if (this.#log.length === this.#capacity) this.#ids.drop(this.#log.shift() ?? "");
    this.#log.push(id);
    this.#count += 1;
    this.#window = slideWindow(this.#window, id);
    this.#ids.add(id);
  }

  /** Ids the log has, had, and never had. */
  questions(pool: readonly string[]): readonly string[] {
    return [...pool, ...this.#log];
  }
}

describe("EventIds and a log", () => {
  const start = fc.integer({ min: 0, max: 40 });
  const second = fc.oneof(start, fc.integer({ min: -30, max: 60 }));
  const own = fc.tuple(second, fc.nat({ max: 5 })).map(([offset, salt]) => idAt(offset, salt));
  const foreign = fc.nat({ max: 30 }).map((number) => `evt_${number}`);
  const wake = fc.constant("wake" as const);
  const peek = own.map((id) => ({ peek: id }));

  const run = (capacity: number, steps: readonly (string | { readonly peek: string })[]) => {
    const station = new Station(capacity);
    for (const [at, step] of steps.entries()) {
      if (typeof step !== "string") station.ask(step.peek, false);
      else if (step === "wake") station.wake();
      else station.accept(step);
      if (at % 40 === 39) for (const id of station.questions([idAt(at)])) station.ask(id, false);
    }
    return station.wrong;
  };

  it("never call a known id new nor a new one known, whatever order they come in", () => {
    const steps = fc.array(fc.oneof({ weight: 8, arbitrary: own }, wake, peek), {
      minLength: 100,
      maxLength: 400,
      size: "max",
    });
    fc.assert(
      fc.property(fc.integer({ min: WINDOW_SIZE, max: 200 }), steps, (capacity, moves) => {
        expect(run(capacity, moves)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("do so with other ids among them, while the log keeps them all", () => {
    const either = fc.oneof({ weight: 6, arbitrary: own }, { weight: 3, arbitrary: foreign });
    const steps = fc.array(fc.oneof({ weight: 8, arbitrary: either }, wake, peek), {
      minLength: 50,
      maxLength: 300,
      size: "max",
    });
    fc.assert(
      fc.property(steps, (moves) => {
        expect(run(Number.MAX_SAFE_INTEGER, moves)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("need no log when ids come with their time, however often the station wakes", () => {
    const window = windowOf(Array.from({ length: 500 }, (_, at) => idAt(at)));
    const ids = new EventIds(window, false);
    expect(ids.has(idAt(500))).toBe("no");
    expect(ids.has(idAt(499))).toBe("yes");
    expect(ids.has(idAt(400))).toBe("unknown");
  });
});
