import * as z from "zod";

import type { Sight } from "./viewers.ts";

const Frame = z.looseObject({
  op: z.string(),
  cursor: z.string().optional(),
  recovered: z.boolean().nullable().optional(),
  reason: z.string().optional(),
  code: z.union([z.string(), z.number()]).optional(),
  done: z.boolean().optional(),
  behind: z.number().optional(),
  stations: z.array(z.looseObject({ station: z.string(), seq: z.number() })).optional(),
});
export type ServerFrame = z.infer<typeof Frame>;

interface Asked {
  readonly kind: "asked";
  readonly from: string;
  readonly filter: Sight["filter"];
  /** Of a new connection; null where one that is open keeps what it has. */
  readonly grant: Sight["grant"] | null;
}

interface Renewed {
  readonly kind: "renewed";
  readonly grant: Sight["grant"];
  /** The clock was set before it was answered, so its token may be none by then. */
  isDoubtful: boolean;
}

/** What is answered by a `hello`, each in its turn. */
export type Question = Asked | Renewed;

/** What a subscriber asked for, and what it was told, in its order. */
export type Entry =
  | Asked
  | Renewed
  | { readonly kind: "dropped" }
  /** From here on no state may be of before that. */
  | { readonly kind: "removal"; readonly station: string; readonly seq: number }
  | { readonly kind: "frame"; readonly text: string; readonly frame: ServerFrame };

export const readFrame = (text: string): Entry => ({
  kind: "frame",
  text,
  frame: Frame.parse(JSON.parse(text)),
});

/** Where one who keeps cursors as docs/protocol.md says would come back to. */
export class Place {
  from: string;
  #isOwed = false;
  readonly #asked: Question[] = [];

  constructor(from: string) {
    this.from = from;
  }

  get resumesFrom(): string {
    return this.#isOwed ? "snapshot" : this.from;
  }

  take(entry: Entry): void {
    if (entry.kind === "asked" || entry.kind === "renewed") this.#asked.push(entry);
    else if (entry.kind === "dropped") this.#asked.length = 0;
    else if (entry.kind === "frame") this.#read(entry.frame);
  }

  /** The clock is set. */
  doubt(): void {
    for (const asked of this.#asked) if (asked.kind === "renewed") asked.isDoubtful = true;
  }

  #read({ op, cursor, recovered, done }: ServerFrame): void {
    if (op === "hello") {
      const asked = this.#asked.shift();
      if (asked?.kind === "asked") this.#isOwed = asked.from === "snapshot" || recovered === false;
    } else if (op === "error") this.#asked.shift();
    else if (op === "gap") this.#isOwed = true;
    else if (op === "snapshot") this.#isOwed = done !== true;
    if (cursor !== undefined) this.from = cursor;
  }
}
