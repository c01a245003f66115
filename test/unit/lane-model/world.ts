import {
  afresh,
  afterAttempt,
  type Gap,
  giveUp,
  type Lane,
  type LanePolicy,
  type LaneStep,
  newLane,
  PARKED,
  skipLost,
  withHead,
} from "../../../src/domain/lane.ts";
import type { Outcome } from "../../../src/domain/outcome.ts";

/** What a destination is sent, as far as the lane decides it. */
export interface Offer {
  readonly seq: number;
  readonly attempt: number;
  readonly prevSeq: number | null;
  readonly gap: Gap | null;
}

export interface Attempt {
  readonly outcome: Outcome;
  readonly isOpen: boolean;
  /** The relay dies before it has stored what came of it. */
  readonly isCut: boolean;
  readonly random: number;
}

/** Made by an attempt: what was sent, and what the lane made of the answer; null when it was cut off. */
export interface Made {
  readonly offer: Offer;
  readonly wasParked: boolean;
  readonly atMs: number;
  readonly step: LaneStep | null;
}

/** A lane as a station carries it out, with a log in memory: it decides nothing. */
export class LaneWorld {
  readonly policy: LanePolicy;
  nowMs = 1_795_342_530_000;
  lane: Lane = newLane(0);
  /** Of each event of the log, from seq 1 on, whether only the wide filter wants it. */
  readonly log: { readonly isExtra: boolean }[] = [];
  isWide = true;
  oldestSeq = 1;

  constructor(policy: LanePolicy) {
    this.policy = policy;
  }

  wants(seq: number): boolean {
    const event = this.log[seq - 1];
    return event !== undefined && (this.isWide || !event.isExtra);
  }

  /** Null when nothing may be attempted now. */
  attempt({ outcome, isOpen, isCut, random }: Attempt, isForced: boolean): Made | null {
    const seq = this.head();
    const { notBeforeMs } = this.lane;
    const isDue = notBeforeMs === null || notBeforeMs <= this.nowMs;
    if (seq === null || !(isDue || isForced)) return null;
    const lane = withHead(this.lane, seq);
    const { attempts, prevSeq, gap } = lane;
    const offer = { seq, attempt: attempts + 1, prevSeq, gap };
    const made = { offer, atMs: this.nowMs, wasParked: this.isParked };
    if (isCut) return { ...made, step: null };
    const step = afterAttempt(lane, seq, outcome, this.policy, isOpen, this.nowMs, random);
    this.lane = step.lane;
    return { ...made, step };
  }

  skip(): number | null {
    const seq = this.head();
    if (seq !== null) this.lane = giveUp(withHead(this.lane, seq), seq);
    return seq;
  }

  /** The route is another version of itself. */
  change(isWide: boolean): void {
    this.isWide = isWide;
    if (this.lane.attempts > 0) this.lane = afresh(this.lane);
  }

  get isParked(): boolean {
    return this.lane.notBeforeMs === PARKED;
  }

  head(): number | null {
    const lost = { first: this.lane.cursor + 1, last: this.oldestSeq - 1 };
    if (lost.first <= lost.last) this.lane = skipLost(this.lane, lost);
    for (let seq = this.lane.cursor + 1; seq <= this.log.length; seq += 1) {
      if (this.wants(seq)) return seq;
    }
    return null;
  }
}
