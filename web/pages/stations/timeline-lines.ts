/** Newest first: an event, or seqs that are not here. `isLost`: the relay does not keep them any more. */
export type TimelineLine<E> =
  | { readonly kind: "event"; readonly event: E }
  | {
      readonly kind: "hole";
      readonly first: number;
      readonly last: number;
      readonly isLost: boolean;
    };

/** Of events in order of seq. Seqs have no holes at the relay, so a hole is something to be told. */
export function linesOf<E extends { readonly seq: number }>(
  events: readonly E[],
  oldestKept: number | null,
): TimelineLine<E>[] {
  const lines: TimelineLine<E>[] = [];
  let before: number | null = null;
  for (const event of events) {
    if (before !== null && event.seq > before + 1) {
      const [first, last] = [before + 1, event.seq - 1];
      lines.push({ kind: "hole", first, last, isLost: oldestKept !== null && last < oldestKept });
    }
    lines.push({ kind: "event", event });
    before = event.seq;
  }
  return lines.reverse();
}

/** Whether a type is the pattern, or of the family that the pattern names by a star at its end. */
export function isOfType(type: string, pattern: string): boolean {
  if (pattern === "") return true;
  return pattern.endsWith(".*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}
