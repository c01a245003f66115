import type { AuditEntry, Key, Route, Source } from "../../api/answers.ts";
import { useList } from "../../api/use-resource.ts";

/** What ids are called, as far as it is known. */
export type Names = ReadonlyMap<string, string>;

/** Names of keys, routes and sources: those that are, and those that the log tells of. */
export function useNames(entries: readonly AuditEntry[] | null): Names {
  const keys = useList<Key>("/v1/keys");
  const routes = useList<Route>("/v1/routes");
  const sources = useList<Source>("/v1/sources");
  const names = new Map<string, string>();
  for (const { target, detail } of [...(entries ?? [])].reverse()) {
    if (typeof detail.name === "string") names.set(target, detail.name);
  }
  for (const { data } of [keys, routes, sources]) {
    for (const { id, name } of data ?? []) names.set(id, name);
  }
  return names;
}
