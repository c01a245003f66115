/**
 * A place in a stream: after its `offset`-th event. The epoch is random per stream and storage,
 * so a cursor of another stream, or of one that was lost, is recognised as foreign.
 * To everyone outside the text is opaque.
 */
export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
}

export function formatCursor({ epoch, offset }: Cursor): string {
  return `${epoch}.${offset}`;
}

/** Null for a text that this relay never gave out. */
export function parseCursor(text: string): Cursor | null {
  const parts = /^([a-z2-7]{12})\.(0|[1-9]\d{0,14})$/.exec(text);
  if (parts?.[1] === undefined || parts[2] === undefined) return null;
  return { epoch: parts[1], offset: Number(parts[2]) };
}

/** The stream's present extent: it still has the events after `oldest`, up to `head`. */
export interface Extent {
  readonly epoch: string;
  readonly oldest: number;
  readonly head: number;
}

export type Resumption =
  | { readonly kind: "exact"; readonly offset: number }
  | { readonly kind: "lost"; readonly reason: "retention" | "epoch" };

/** Whether everything after the cursor is still there. Nothing in between: all of it, or told. */
export function resumeFrom(cursor: Cursor | null, extent: Extent): Resumption {
  if (cursor === null || cursor.epoch !== extent.epoch || cursor.offset > extent.head) {
    return { kind: "lost", reason: "epoch" };
  }
  if (cursor.offset < extent.oldest) return { kind: "lost", reason: "retention" };
  return { kind: "exact", offset: cursor.offset };
}
