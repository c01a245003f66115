import type { Random } from "../simulator/random.ts";
import type { Reply } from "./receiver.ts";

const OK: Reply = { kind: "answer", status: 200 };
type Faults = readonly (readonly [probability: number, reply: Reply])[];

const FAULTS: Faults = [
  [0.05, { kind: "answer", status: 500 }],
  [0.02, { kind: "answer", status: 503, retryAfter: "0" }],
  [0.02, { kind: "reset" }],
  [0.03, { kind: "late", status: 200, delayMs: 200 }],
];
/** Fewer than make a relay think of an outage, so that none is staged by chance. */
const MAX_FAILURES_IN_A_ROW = 2;

/** A destination that is well, and fails now and then as destinations do. */
export function planFaults(random: Random, faults = FAULTS): () => Reply {
  let failuresInARow = 0;
  return () => {
    const reply = failuresInARow < MAX_FAILURES_IN_A_ROW ? draw(random, faults) : OK;
    failuresInARow = isFailure(reply) ? failuresInARow + 1 : 0;
    return reply;
  };
}

function draw(random: Random, faults: Faults): Reply {
  let point = random.next();
  for (const [probability, reply] of faults) {
    if (point < probability) return reply;
    point -= probability;
  }
  return OK;
}

function isFailure(reply: Reply): boolean {
  return reply.kind === "reset" || reply.kind === "hang" || reply.status >= 300;
}
