import type { AuditEntry } from "../../api/answers.ts";
import type { Names } from "./use-names.ts";
import { subjectOf } from "./wording.ts";

/** What of the loaded entries is shown; null and the empty text leave nothing out. */
export interface Choice {
  /** What the action is about, such as `route`. */
  readonly subject: string | null;
  /** The id of a key, or {@link RELAY}. */
  readonly key: string | null;
  /** A part of the target's id or name, or of the action. */
  readonly text: string;
}

/** Stands for the relay itself, which has no key. */
export const RELAY = "relay";

export function choiceOf(query: URLSearchParams): Choice {
  return { subject: query.get("about"), key: query.get("by"), text: query.get("q") ?? "" };
}

export function wants({ subject, key, text }: Choice, entry: AuditEntry, names: Names): boolean {
  if (subject !== null && subjectOf(entry.action) !== subject) return false;
  if (key !== null && (entry.key ?? RELAY) !== key) return false;
  const sought = text.trim().toLowerCase();
  return [entry.target, names.get(entry.target) ?? "", entry.action].some((part) =>
    part.toLowerCase().includes(sought),
  );
}
