import { expect } from "vitest";

import { PARKED } from "../../../src/domain/lane.ts";
import { classify, type Outcome, retryAfterMs } from "../../../src/domain/outcome.ts";
import type { Attempt, LaneWorld, Made } from "./world.ts";

type Fate = "delivered" | "given up" | "lost" | "passed";

const untried = (seq: number) => ({ seq, attempts: 0, failures: 0, refusals: 0 });

/** The patience that a destination in trouble may ask for; one that refuses an event has no say. */
const askedMs = (outcome: Outcome) =>
  classify(outcome) === "trouble" ? (retryAfterMs(outcome) ?? 0) : 0;

/** What has to come of it, told event by event. */
export class Reference {
  readonly #world: LaneWorld;
  readonly #fates = new Map<number, Fate>();
  /** Given up or lost since the last delivery. */
  #untold: number[] = [];
  #head = untried(0);
  #cursor = 0;

  constructor(world: LaneWorld) {
    this.#world = world;
  }

  /** Before anything is asked of the lane: events that the log let go of are lost to it. */
  lose(): void {
    for (let seq = this.#cursor + 1; seq < this.#world.oldestSeq; seq += 1) {
      if (!this.#fates.has(seq)) this.#settle(seq, "lost");
    }
  }

  made(attempt: Attempt, { offer, atMs, wasParked, step }: Made): void {
    const { seq } = offer;
    expect(seq).toBe(this.#next());
    const head = this.#head.seq === seq ? this.#head : untried(seq);
    expect(offer).toEqual({ seq, attempt: head.attempts + 1, ...this.#told() });
    // Of one that the relay has died in, it knows nothing.
    if (step === null) return;
    this.#head = { ...head, attempts: head.attempts + 1 };
    this.#passBefore(seq);
    expect(step.kind).toBe(this.#expected(attempt, wasParked));
    if (step.kind === "delivered") this.#settle(seq, "delivered");
    if (step.kind === "give_up") {
      expect(step.keep).toBe(this.#world.policy.onExhausted !== "drop");
      this.#settle(seq, "given up");
    }
    if (step.kind === "disable") this.renew();
    if (step.kind === "wait") {
      expect(step.lane.notBeforeMs).toBe(step.atMs);
      expect(step.atMs).toBeGreaterThan(atMs);
      expect(step.atMs).toBeGreaterThanOrEqual(atMs + askedMs(attempt.outcome));
    }
    if (step.kind === "park") expect(step.lane.notBeforeMs).toBe(PARKED);
  }

  skipped(seq: number): void {
    expect(seq).toBe(this.#next());
    this.#passBefore(seq);
    this.#settle(seq, "given up");
  }

  renew(): void {
    this.#head = { ...this.#head, failures: 0, refusals: 0 };
  }

  /** At any time. */
  check(): void {
    const { lane } = this.#world;
    expect(lane.cursor).toBeGreaterThanOrEqual(this.#cursor);
    this.#cursor = lane.cursor;
    for (let seq = 1; seq <= lane.cursor; seq += 1) {
      expect(this.#fates.has(seq) || !this.#world.wants(seq), `${seq} is forgotten`).toBe(true);
      if (!this.#fates.has(seq)) this.#fates.set(seq, "passed");
    }
    expect(lane).toMatchObject(this.#told());
  }

  /** The class of an answer decides, and what was charged before; while the breaker is open nothing is. */
  #expected({ outcome, isOpen }: Attempt, wasParked: boolean): string {
    const { policy } = this.#world;
    const outcomeClass = classify(outcome);
    if (outcomeClass === "delivered") return "delivered";
    if (outcomeClass === "gone") return "disable";
    if (isOpen) {
      expect(this.#world.isParked).toBe(wasParked);
      return "hold";
    }
    if (outcomeClass === "refused") this.#head.refusals += 1;
    else this.#head.failures += 1;
    const isSpent =
      outcomeClass === "refused"
        ? this.#head.refusals >= 2
        : this.#head.failures > policy.scheduleSeconds.length;
    if (!isSpent) return "wait";
    return policy.onExhausted === "park" ? "park" : "give_up";
  }

  /** The first event that is wanted and has no fate yet. */
  #next(): number | null {
    for (let seq = 1; seq <= this.#world.log.length; seq += 1) {
      if (!this.#fates.has(seq) && this.#world.wants(seq)) return seq;
    }
    return null;
  }

  /** What is behind an event that was tried is not sent after it, whatever is wanted later. */
  #passBefore(seq: number): void {
    for (let one = 1; one < seq; one += 1) {
      if (!this.#fates.has(one)) this.#fates.set(one, "passed");
    }
  }

  #settle(seq: number, fate: Fate): void {
    expect(this.#fates.get(seq)).toBeUndefined();
    this.#fates.set(seq, fate);
    if (fate === "delivered") this.#untold = [];
    else this.#untold.push(seq);
  }

  #told() {
    const delivered = [...this.#fates].filter(([, fate]) => fate === "delivered");
    const prevSeq = delivered.length === 0 ? null : Math.max(...delivered.map(([seq]) => seq));
    const untold = this.#untold;
    const gap =
      untold.length === 0 ? null : { first: Math.min(...untold), last: Math.max(...untold) };
    return { prevSeq, gap };
  }
}
