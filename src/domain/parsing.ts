import type * as z from "zod";

import { err, ok, type Result } from "./result.ts";

/**
 * What a schema makes of a foreign value, whatever it is. zod's own throws for an object in a
 * text's or a list's place whose `length` cannot be compared, as in `{"length":{"toString":1}}`.
 */
export function parseAs<S extends z.ZodType>(
  schema: S,
  value: unknown,
): Result<z.output<S>, readonly z.core.$ZodIssue[]> {
  try {
    const parsed = schema.safeParse(value);
    return parsed.success ? ok(parsed.data) : err(parsed.error.issues);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return err([{ code: "custom", path: [], message: "cannot be read", input: value }]);
  }
}
