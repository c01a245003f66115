/** How a change is made only to what was read; see http/preconditions.ts. */

export const IF_MATCH = {
  "if-match":
    "The `etag` of what was read: if it has changed since, nothing is done. Left out: changed anyhow.",
} as const;

export const CHANGED = { precondition_failed: "It has changed since it was read." } as const;

export const ETAG = { etag: "Names this state of it, for `if-match`." } as const;
