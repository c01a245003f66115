/**
 * A ring is a table whose rows are numbered 0, 1, 2 … without holes and kept in slot
 * `number % capacity`: a new row overwrites the oldest, so nothing is ever deleted.
 */
export interface Ring {
  readonly capacity: number;
  /** The number in a slot, or null for a slot that is not in use. */
  readonly numberAt: (slot: number) => number | null;
  /** The number in the highest slot in use, or null when the ring is empty. */
  readonly numberAtEnd: () => number | null;
}

/** The newest number in a ring, or null when it is empty, in about log2(capacity) point reads. */
export function newestInRing({ capacity, numberAt, numberAtEnd }: Ring): number | null {
  const first = numberAt(0);
  // A ring that has grown may have left its first slots empty; it then ends at its highest.
  if (first === null) return numberAtEnd();
  // Slots hold first, first + 1, … up to the newest; after it come older numbers or nothing.
  let low = 0;
  let high = capacity - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const number = numberAt(middle);
    if (number !== null && number >= first) low = middle;
    else high = middle - 1;
  }
  return first + low;
}
