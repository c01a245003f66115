import { planFaults } from "../../cli/relay/fault-plan.ts";
import type { Reply } from "../../cli/relay/receiver.ts";
import type { Random } from "../../cli/simulator/random.ts";

/**
 * - `well`: it fails now and then, and answers at once, so that its notes are in the order in which
 *   requests came, whichever process sent them.
 * - `down`: 503 to everything.
 * - `silent`: it takes requests, and answers none.
 */
export type Mood = "well" | "down" | "silent";

const FAULTS: readonly (readonly [number, Reply])[] = [
  [0.03, { kind: "answer", status: 500 }],
  [0.02, { kind: "answer", status: 503, retryAfter: "0" }],
  [0.02, { kind: "reset" }],
];

/** How a destination behaves, which changes as it is told. */
export class Destination {
  mood: Mood = "well";
  readonly #well: () => Reply;

  constructor(random: Random) {
    this.#well = planFaults(random, FAULTS);
  }

  readonly reply = (): Reply => {
    switch (this.mood) {
      case "well":
        return this.#well();
      case "down":
        return { kind: "answer", status: 503 };
      case "silent":
        return { kind: "hang" };
    }
  };
}
