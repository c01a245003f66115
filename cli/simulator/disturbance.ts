import type { SimulatedEvent } from "./emitter.ts";
import { createRandom, mixSeed, type Random } from "./random.ts";

export interface DisturbanceOptions {
  readonly seed: number;
  /** Shares from 0 to 1. */
  readonly duplicates: number;
  readonly reorder: number;
  readonly badSignatures: number;
}

/** How a forged request is wrong: signed with another secret, altered afterwards, or not signed. */
export type Flaw = "other_secret" | "altered_body" | "unsigned";

export type Outgoing =
  | { readonly kind: "event"; readonly event: SimulatedEvent; readonly isDuplicate: boolean }
  | { readonly kind: "forgery"; readonly body: string; readonly flaw: Flaw };

interface Held {
  readonly outgoing: Outgoing;
  /** How many more events of its station go first. */
  remaining: number;
}

/**
 * The trouble between eDRV and a receiver, decided by the seed alone: copies, events without a
 * promised order that come late, and requests of somebody without the secret.
 */
export class Disturbance {
  readonly #options: DisturbanceOptions;
  readonly #random: Random;
  readonly #held = new Map<string, Held[]>();

  constructor(options: DisturbanceOptions) {
    this.#options = options;
    this.#random = createRandom(mixSeed(options.seed, 0xd157));
  }

  /** What goes out now, because this event came: perhaps nothing, perhaps several things. */
  pass(event: SimulatedEvent): Outgoing[] {
    const { duplicates, reorder, badSignatures } = this.#options;
    const original: Outgoing = { kind: "event", event, isDuplicate: false };
    const released = this.#release(event);
    const outgoing: Outgoing[] = [];
    const isLate = this.#random.chance(reorder) && !event.fifo;
    if (isLate) this.#hold(original, event);
    else outgoing.push(original);
    if (this.#random.chance(duplicates)) {
      const copy: Outgoing = { kind: "event", event, isDuplicate: true };
      // Within a lane a copy is an answer that got lost: it follows at once.
      if (event.fifo) outgoing.push(copy);
      else this.#hold(copy, event);
    }
    outgoing.push(...released);
    if (this.#random.chance(badSignatures)) outgoing.push(this.#forge(event));
    return outgoing;
  }

  /** What is still held back at the end of the run. */
  flush(): Outgoing[] {
    const rest = [...this.#held.values()].flat().map(({ outgoing }) => outgoing);
    this.#held.clear();
    return rest;
  }

  #hold(outgoing: Outgoing, { station }: SimulatedEvent): void {
    const held = this.#held.get(station ?? "") ?? [];
    held.push({ outgoing, remaining: this.#random.integer(1, 4) });
    this.#held.set(station ?? "", held);
  }

  #release({ station }: SimulatedEvent): Outgoing[] {
    const held = this.#held.get(station ?? "");
    if (held === undefined) return [];
    for (const entry of held) entry.remaining -= 1;
    const due = held.filter(({ remaining }) => remaining <= 0);
    const rest = held.filter(({ remaining }) => remaining > 0);
    if (rest.length === 0) this.#held.delete(station ?? "");
    else this.#held.set(station ?? "", rest);
    return due.map(({ outgoing }) => outgoing);
  }

  /** A plausible body with an id of its own, so that it would show if it were ever accepted. */
  #forge({ id, body }: SimulatedEvent): Outgoing {
    const flaw = this.#random.pick(["other_secret", "altered_body", "unsigned"] as const);
    const forgedId = `f0f0f0f0${id.slice(8)}`;
    return { kind: "forgery", body: body.replace(id, forgedId), flaw };
  }
}
