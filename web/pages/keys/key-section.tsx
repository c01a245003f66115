import { useState } from "preact/hooks";

import type { Key } from "../../api/answers.ts";
import type { Resource } from "../../api/use-resource.ts";
import { isAdmin, session } from "../../session/session.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ErrorNote, Loading } from "../../ui/notes.tsx";
import { Time } from "../../ui/time.tsx";
import { DeleteKey } from "./delete-key.tsx";
import { NewKeyDialog } from "./new-key-dialog.tsx";

/** The API keys, the oldest last; that of this tab is marked. */
export function KeySection({ keys }: { readonly keys: Resource<readonly Key[]> }) {
  const [isMaking, setMaking] = useState(false);
  const sorted = [...(keys.data ?? [])].sort((one, other) =>
    other.createdAt.localeCompare(one.createdAt),
  );
  return (
    <section class="stack" aria-labelledby="keys-title">
      <div class="row row-spread">
        <h2 id="keys-title">API keys</h2>
        {isAdmin() && (
          <Button kind="primary" onClick={() => setMaking(true)}>
            Make a key
          </Button>
        )}
      </div>
      {keys.error !== null && <ErrorNote message={keys.error} onRetry={keys.reload} />}
      {keys.data === null && keys.error === null && <Loading what="Keys" />}
      {keys.data !== null && <KeyTable keys={sorted} onChange={keys.reload} />}
      <p class="quiet">
        An <strong>admin</strong> may change everything, a <strong>reader</strong> may look and
        subscribe. Who made a change is in the audit log by the key's name, so give each person and
        each program a key of its own.
      </p>
      {isMaking && <NewKeyDialog onMade={keys.reload} onClose={() => setMaking(false)} />}
    </section>
  );
}

function KeyTable({
  keys,
  onChange,
}: {
  readonly keys: readonly Key[];
  readonly onChange: () => Promise<void>;
}) {
  const own = session.value?.key.id;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
    <section class="table-box" aria-label="List of API keys" tabIndex={0}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Role</th>
            <th scope="col">Ends in</th>
            <th scope="col">Made</th>
            {isAdmin() && (
              <th scope="col">
                <span class="visually-hidden">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <th scope="row" class="key-name" title={key.id}>
                {key.name} {key.id === own && <Badge tone="good">this tab</Badge>}
              </th>
              <td>
                <Badge tone={key.role === "admin" ? "busy" : "info"}>{key.role}</Badge>
              </td>
              <td class="mono">{key.hint}</td>
              <td>
                <Time at={key.createdAt} />
              </td>
              {isAdmin() && (
                <td class="key-actions">
                  <DeleteKey key={key.id} apiKey={key} all={keys} onDone={onChange} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
