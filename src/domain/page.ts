import * as z from "zod";

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

/** What a list is asked for by. */
export const PageQuery = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(200)
    .default(50)
    .describe("How many items a page has at most."),
  after: z
    .string()
    .optional()
    .describe("Where the page begins: the `next` of the page before. Left out: at the beginning."),
});

/** The same of lists whose places are numbers. */
export const NumberedPageQuery = PageQuery.extend({
  after: z
    .string()
    .regex(/^\d{1,15}$/, "expected a value of next")
    .optional()
    .describe(PageQuery.shape.after.description ?? ""),
});
