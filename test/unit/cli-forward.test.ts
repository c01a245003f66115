import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

import { Forwarder, type ForwarderOptions } from "../../cli/chargewire/forward/forwarder.ts";
import { eventTexts, FrameTexts } from "../../cli/chargewire/forward/frame-texts.ts";
import { judge } from "../../cli/chargewire/forward/verdict.ts";
import { eventBody, type StationEvent, serializeEvent } from "../../src/domain/event.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import { eventsFrame, snapshotFrame } from "../../src/protocol/frames.ts";

const event = (station: string, seq: number, body = "{}"): StationEvent => ({
  id: `${station}-${seq}`,
  type: "session.updated",
  source: "src_a",
  station,
  seq,
  late: false,
  occurredAtMs: 0,
  receivedAtMs: 0,
  body,
});

const answered = (status: number, retryAfterMs: number | null = null): Outcome => ({
  kind: "answered",
  status,
  retryAfterMs,
  latencyMs: 1,
  snippet: "",
});

describe("eventTexts", () => {
  it("gives the events of a frame as the texts that they came as", () => {
    // JSON as others write it: spaces, and strings full of what structure is made of.
    const body = fc
      .tuple(fc.json(), fc.constantFrom("", " ", "\n\t"), fc.string())
      .map(([json, blank, text]) => `{${blank}"a":${json},"]},{":${blank}${JSON.stringify(text)}}`);
    fc.assert(
      fc.property(fc.array(body, { maxLength: 4 }), fc.option(fc.nat()), (bodies, behind) => {
        const texts = bodies.map((text, index) => serializeEvent(event("cs1", index + 1, text)));
        const found = eventTexts(eventsFrame(texts, 'cur"sor', behind));
        expect(found).toEqual(texts);
        expect(found.map(eventBody)).toEqual(bodies);
      }),
    );
  });

  it("finds none in other frames", () => {
    expect(eventTexts(snapshotFrame(['{"station":"a"}'], "c", true))).toEqual([]);
    expect(eventTexts("pong")).toEqual([]);
  });
});

describe("FrameTexts", () => {
  it("hands each text out once, by station and seq", () => {
    const texts = new FrameTexts();
    const text = serializeEvent(event("cs1", 7, '{ "n": 1.0 }'));
    texts.read(eventsFrame([text], "c", null));
    expect(texts.take("cs1", 6)).toBeNull();
    expect(texts.take("cs1", 7)).toBe(text);
    expect(texts.take("cs1", 7)).toBeNull();
  });
});

describe("judge", () => {
  const fresh = { attempts: 0, refusals: 0 };

  it.each([200, 204, 299])("takes %i for delivered", (status) => {
    expect(judge(fresh, answered(status), 0.5)).toEqual({ kind: "delivered" });
  });

  it("gives up what is refused twice", () => {
    const first = judge(fresh, answered(422), 0.5);
    expect(first).toMatchObject({ kind: "retry", delayMs: 1_000 });
    const tries = { attempts: 1, refusals: 1 };
    expect(first).toMatchObject({ tries });
    expect(judge(tries, answered(400), 0.5)).toEqual({ kind: "refused" });
  });

  it("never gives up what is in trouble, and waits longer up to five seconds", () => {
    const delays: number[] = [];
    for (let attempts = 0; attempts < 8; attempts += 1) {
      const verdict = judge({ attempts, refusals: 0 }, answered(503), 0.5);
      if (verdict.kind === "retry") delays.push(verdict.delayMs);
    }
    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
    expect(judge(fresh, answered(503), 0)).toMatchObject({ delayMs: 200 });
    expect(judge(fresh, answered(429, 7_000), 0.5)).toMatchObject({ delayMs: 7_000 });
    expect(judge({ attempts: 900, refusals: 0 }, answered(503), 0.5)).toMatchObject({
      delayMs: 5_000,
    });
  });

  it("takes 410 for the end", () => {
    expect(judge(fresh, answered(410), 0.5)).toEqual({ kind: "gone" });
  });
});

describe("Forwarder", () => {
  /** Attempts that wait until the test answers them. */
  function openForwarder(options: Partial<ForwarderOptions> = {}) {
    const attempts: {
      readonly event: StationEvent;
      readonly place: Parameters<ForwarderOptions["attempt"]>[1];
      readonly answer: (status: number) => void;
    }[] = [];
    const forwarder = new Forwarder({
      concurrency: 10,
      stations: {},
      attempt: (event, place) =>
        new Promise((resolve) => {
          attempts.push({ event, place, answer: (status) => resolve(answered(status)) });
        }),
      onAttempt: () => {},
      onGone: () => {},
      ...options,
    });
    const idsOf = () => attempts.map(({ event: { id } }) => id);
    /** The newest attempt gets an answer, and what follows from it has begun. */
    const answer = async (id: string, status = 200) => {
      attempts.findLast(({ event }) => event.id === id)?.answer(status);
      await new Promise((resolve) => setImmediate(resolve));
    };
    return { forwarder, attempts, idsOf, answer };
  }

  it("has one event of a station in flight, and the stations beside each other", async () => {
    const { forwarder, idsOf, answer } = openForwarder();
    for (const seq of [1, 2])
      for (const name of ["a", "b"]) forwarder.offer(event(name, seq), null);
    expect(idsOf()).toEqual(["a-1", "b-1"]);
    await answer("b-1");
    expect(idsOf()).toEqual(["a-1", "b-1", "b-2"]);
    await answer("a-1");
    expect(idsOf()).toEqual(["a-1", "b-1", "b-2", "a-2"]);
  });

  it("has no more in flight than it may", async () => {
    const { forwarder, idsOf, answer } = openForwarder({ concurrency: 2 });
    for (const name of ["a", "b", "c"]) forwarder.offer(event(name, 1), null);
    expect(idsOf()).toEqual(["a-1", "b-1"]);
    await answer("a-1");
    expect(idsOf()).toEqual(["a-1", "b-1", "c-1"]);
  });

  it("knows where to go on: before the oldest event that is not settled", async () => {
    const { forwarder, answer } = openForwarder();
    expect(forwarder.safeCursor("now")).toBe("now");
    forwarder.offer(event("a", 1), "c0");
    forwarder.offer(event("b", 1), "c1");
    expect(forwarder.safeCursor("c2")).toBe("c0");
    await answer("b-1");
    expect(forwarder.safeCursor("c2")).toBe("c0");
    expect(forwarder.stations).toEqual({ b: { settledSeq: 1, prevSeq: 1, gap: null } });
    await answer("a-1");
    expect(forwarder.safeCursor("c2")).toBe("c2");
  });

  it("passes over what comes again, also what was settled in an earlier run", () => {
    const stations = { a: { settledSeq: 5, prevSeq: 4, gap: null } };
    const { forwarder, attempts, idsOf } = openForwarder({ stations });
    for (const seq of [4, 5, 6, 6]) forwarder.offer(event("a", seq), null);
    expect(forwarder.pendingCount).toBe(1);
    expect(idsOf()).toEqual(["a-6"]);
    expect(attempts[0]?.place).toMatchObject({ attempt: 1, prevSeq: 4, gap: null });
  });

  it("announces what the stream has left out, and only where it has", async () => {
    const { forwarder, attempts, answer } = openForwarder();
    forwarder.offer(event("a", 1), null);
    forwarder.offer(event("b", 1), null);
    await answer("a-1");
    await answer("b-1");
    forwarder.noteHole();
    forwarder.offer(event("a", 2), null);
    forwarder.offer(event("b", 9), null);
    const gaps = attempts.slice(2).map(({ place }) => place.gap);
    expect(gaps).toEqual([null, { first: 2, last: 8 }]);
    await answer("b-9");
    forwarder.offer(event("b", 12), null);
    expect(attempts.at(-1)?.place).toMatchObject({ prevSeq: 9, gap: null });
  });

  it("announces what was refused or left out with the next delivery, also in a later run", async () => {
    const first = openForwarder();
    for (const seq of [1, 2]) first.forwarder.offer(event("a", seq), "c0");
    await first.answer("a-1");
    for (let tries = 0; tries < 2; tries += 1) {
      await vi.waitFor(() => expect(first.attempts).toHaveLength(2 + tries), 5_000);
      await first.answer("a-2", 422);
    }
    first.forwarder.noteHole();
    first.forwarder.offer(event("a", 5), "c1");
    const stopped = first.forwarder.stop();
    await first.answer("a-5", 503);
    await stopped;

    const { forwarder, attempts, answer } = openForwarder({ stations: first.forwarder.stations });
    forwarder.offer(event("a", 5), "c1");
    expect(attempts[0]?.place).toEqual({ attempt: 1, prevSeq: 1, gap: { first: 2, last: 4 } });
    await answer("a-5");
    expect(forwarder.stations).toEqual({ a: { settledSeq: 5, prevSeq: 5, gap: null } });
  });

  it("takes another stream's seqs as new once everything of this one is delivered", async () => {
    const { forwarder, idsOf, answer } = openForwarder();
    forwarder.offer(event("a", 7), null);
    const forgotten = forwarder.forget();
    await answer("a-7");
    await forgotten;
    forwarder.offer(event("a", 1), null);
    expect(idsOf()).toEqual(["a-7", "a-1"]);
  });

  it("says when little enough is left", async () => {
    const { forwarder, answer } = openForwarder();
    for (const seq of [1, 2, 3]) forwarder.offer(event("a", seq), null);
    let isDrained = false;
    const drained = forwarder.drained(1).then(() => {
      isDrained = true;
    });
    await answer("a-1");
    expect(isDrained).toBe(false);
    await answer("a-2");
    await drained;
  });

  it("stops with what was in flight, and settles nothing that waits", async () => {
    const { forwarder, idsOf, answer } = openForwarder();
    forwarder.offer(event("a", 1), "c0");
    forwarder.offer(event("a", 2), "c1");
    const stopped = forwarder.stop();
    await answer("a-1");
    await stopped;
    expect(idsOf()).toEqual(["a-1"]);
    expect(forwarder.safeCursor("c2")).toBe("c1");
  });

  it("stops at 410, with the event in its place", async () => {
    let isGone = false;
    const onGone = () => {
      isGone = true;
    };
    const { forwarder, idsOf, answer } = openForwarder({ onGone });
    forwarder.offer(event("a", 1), "c0");
    forwarder.offer(event("a", 2), "c0");
    await answer("a-1", 410);
    expect(isGone).toBe(true);
    expect(idsOf()).toEqual(["a-1"]);
    expect(forwarder.safeCursor("c1")).toBe("c0");
  });
});
