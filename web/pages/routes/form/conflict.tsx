import type * as z from "zod";

import type * as audit from "../../../../src/domain/audit-answers.ts";
import type { Key, Page, Route } from "../../../api/answers.ts";
import { useResource } from "../../../api/use-resource.ts";
import { Button } from "../../../ui/button.tsx";
import { Time } from "../../../ui/time.tsx";

type AuditEntry = z.infer<typeof audit.AuditEntry>;

/** What a route goes through by itself is nobody's change. */
const OWN_COURSE = new Set(["health", "trouble", "troubledLanes", "updatedAt"]);

/** Somebody was faster: who, what they changed, and the two ways to go on. */
export function Conflict({
  before,
  theirs,
  onTheirs,
  onMine,
}: {
  readonly before: Route;
  readonly theirs: Route;
  readonly onTheirs: () => void;
  readonly onMine: () => void;
}) {
  const entries = useResource<Page<AuditEntry>>("/v1/audit?limit=50");
  const keys = useResource<Page<Key>>("/v1/keys?limit=200");
  const entry = entries.data?.items.find(({ target }) => target === theirs.id);
  const name = keys.data?.items.find(({ id }) => id === entry?.key)?.name;
  const was = new Map<string, unknown>(Object.entries(before));
  const changed = Object.entries(theirs)
    .filter(([field]) => !OWN_COURSE.has(field))
    .filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(was.get(field)))
    .map(([field]) => field);
  return (
    <div class="note note-warn stack" role="alert">
      <p>
        <strong>Somebody else was faster.</strong>{" "}
        {name === undefined ? "The route was changed" : `The key “${name}” changed the route`}{" "}
        <Time at={theirs.updatedAt} />
        {changed.length > 0 && `: ${changed.join(", ")}`}. Nothing of yours is saved yet.
      </p>
      <div class="row">
        <Button onClick={onMine}>Put my changes on top of theirs</Button>
        <Button onClick={onTheirs}>Reload, and let mine go</Button>
      </div>
    </div>
  );
}
