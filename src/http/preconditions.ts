import { entityTag } from "../domain/entity-tag.ts";
import type { AppContext } from "./context.ts";
import { refuse } from "./problems.ts";

/** Null when the request changes whatever is there. */
export const ifMatchOf = (c: AppContext): string | null => c.req.header("if-match") ?? null;

/** The resource, with the tag that names this state of it. */
export function tagged(
  c: AppContext,
  resource: { readonly updatedAt: string },
  status: 200 | 201 = 200,
): Response {
  c.header("etag", entityTag(resource));
  return c.json(resource, status);
}

export const refuseChanged = (what: string): Response =>
  refuse("precondition_failed", `The ${what} has changed since it was read; read it again.`);
