import { LATE, within } from "./patience.ts";

/** Answers one value per item, in order. */
type Call<Item, Answer> = (items: readonly Item[]) => Promise<readonly Answer[]>;

export interface LineBounds<Item> {
  readonly maxItems: number;
  readonly maxSize: number;
  readonly sizeOf: (item: Item) => number;
  /** Whoever waits longer than this goes alone: the request in front may have been cut off. */
  readonly waitLimitMs: number;
  /** A moment in which more may arrive, before a call for which one had to wait: where one did, others come. */
  readonly pause: () => Promise<unknown>;
}

type Turn<Answer> =
  /** Another request has taken the item along. */
  | { readonly kind: "answered"; readonly answer: Answer }
  | { readonly kind: "failed"; readonly error: unknown }
  /** It is this request's turn to call for all that wait. */
  | { readonly kind: "lead" };

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly take: (turn: Turn<Answer>) => void;
}

/** Those who want the same thing called: one calls, the others wait. */
interface Line<Item, Answer> {
  waiting: Waiting<Item, Answer>[];
}

/**
 * Gathers calls of many requests by name. A request that finds none under way calls at once; those
 * that come meanwhile go together in the next call, which one of them makes: what is asked for is
 * asked for on behalf of a request that is there. Whoever adds something sees to it that its
 * request goes on to its end even when its client is gone, because others wait for it. A call may
 * be repeated for an item that waited too long, so calls must bear that.
 */
export class CallLines<Item, Answer> {
  readonly #bounds: LineBounds<Item>;
  readonly #lines = new Map<string, Line<Item, Answer>>();

  constructor(bounds: LineBounds<Item>) {
    this.#bounds = bounds;
  }

  async add(name: string, item: Item, call: Call<Item, Answer>): Promise<Answer> {
    const known = this.#lines.get(name);
    if (known === undefined) {
      const line = { waiting: [] };
      this.#lines.set(name, line);
      return this.#lead(name, line, item, call);
    }
    const turn = await this.#wait(known, item);
    if (turn === LATE) {
      if (this.#lines.get(name) === known) this.#lines.delete(name);
      return this.#lead(name, { waiting: [] }, item, call);
    }
    if (turn.kind === "failed") throw turn.error;
    if (turn.kind === "answered") return turn.answer;
    return this.#lead(name, known, item, call, true);
  }

  async #wait(line: Line<Item, Answer>, item: Item): Promise<Turn<Answer> | typeof LATE> {
    let taken: Turn<Answer> | null = null;
    let stepOut = () => {};
    const turn = new Promise<Turn<Answer>>((resolve) => {
      const take = (given: Turn<Answer>) => {
        taken = given;
        resolve(given);
      };
      const self = { item, take };
      line.waiting.push(self);
      stepOut = () => {
        line.waiting = line.waiting.filter((each) => each !== self);
      };
    });
    const awaited = await within(this.#bounds.waitLimitMs, turn);
    if (awaited !== LATE) return awaited;
    stepOut();
    // Its turn may have come in the very moment in which it gave up.
    return taken ?? LATE;
  }

  /** Calls for this item and those that wait, and hands the line on. */
  #lead(
    name: string,
    line: Line<Item, Answer>,
    item: Item,
    call: Call<Item, Answer>,
    hasWaited = false,
  ): Promise<Answer> {
    return this.#callFor(line, item, call, hasWaited).finally(() => {
      const next = line.waiting.shift();
      if (next !== undefined) next.take({ kind: "lead" });
      else if (this.#lines.get(name) === line) this.#lines.delete(name);
    });
  }

  async #callFor(
    line: Line<Item, Answer>,
    item: Item,
    call: Call<Item, Answer>,
    hasWaited: boolean,
  ): Promise<Answer> {
    if (hasWaited) await this.#bounds.pause();
    const others = this.#takeFrom(line, item);
    try {
      const [own, ...answers] = await call([item, ...others.map((other) => other.item)]);
      if (own === undefined || answers.length !== others.length) {
        throw new Error("a gathered call left an item unanswered");
      }
      for (const [index, answer] of answers.entries()) {
        others[index]?.take({ kind: "answered", answer });
      }
      return own;
    } catch (error) {
      for (const { take } of others) take({ kind: "failed", error });
      throw error;
    }
  }

  /** As many as one call takes, in the order in which they came. */
  #takeFrom(line: Line<Item, Answer>, first: Item): Waiting<Item, Answer>[] {
    const { maxItems, maxSize, sizeOf } = this.#bounds;
    let size = sizeOf(first);
    const end = line.waiting.findIndex(({ item }, index) => {
      size += sizeOf(item);
      return index + 1 >= maxItems || size > maxSize;
    });
    return line.waiting.splice(0, end < 0 ? line.waiting.length : end);
  }
}
