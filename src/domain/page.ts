/** A page of a list, as the API answers it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** A page out of rows of which one more than asked for was read, to know whether more follow. */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  show: (row: R) => T,
  place: (row: R) => string,
): Page<T> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items: page.map(show), next: more ? place(last) : null };
}
