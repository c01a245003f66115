import { useState } from "preact/hooks";

import type { Source } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { isAdmin } from "../../session/session.ts";
import { Button } from "../../ui/button.tsx";
import { duration, Time } from "../../ui/time.tsx";
import { useAction } from "../../ui/use-action.ts";
import { EditSource } from "./edit-source.tsx";
import type { ShownSource } from "./source-view.tsx";
import { SCHEMES, silenceWords } from "./words.ts";

export function Settings({ tagged, reload }: ShownSource) {
  const [isEditing, setEditing] = useState(false);
  const source = tagged.value;
  // What is edited is how it is now, not how it was some seconds ago.
  const edit = useAction(async () => {
    await reload();
    setEditing(true);
  });
  return (
    <section class="card stack" aria-labelledby="settings">
      <div class="card-head">
        <h2 id="settings">Settings</h2>
        {isAdmin() && (
          <Button isBusy={edit.isRunning} onClick={() => void edit.run()}>
            Edit
          </Button>
        )}
      </div>
      <dl class="facts">
        <dt>Scheme</dt>
        <dd>{SCHEMES[source.scheme] ?? source.scheme}</dd>
        <dt>Scheme seen</dt>
        <dd>
          <SchemeSeen tagged={tagged} reload={reload} />
        </dd>
        <dt>Tolerance</dt>
        <dd>{duration(source.toleranceSeconds)} either way</dd>
        <dt>Silence</dt>
        <dd>{silenceWords(source.silentAfterSeconds)}</dd>
        <dt>Last event</dt>
        <dd>
          <Time at={source.lastEventAt} />
        </dd>
        <dt>Created</dt>
        <dd>
          <Time at={source.createdAt} />
        </dd>
      </dl>
      {isEditing && (
        <EditSource tagged={tagged} reload={reload} onClose={() => setEditing(false)} />
      )}
    </section>
  );
}

/** What verified last; a source that takes only this is harder to fool. */
function SchemeSeen({ tagged, reload }: ShownSource) {
  const { value: source, etag } = tagged;
  const pin = useAction(async () => {
    await relay.patch<Source>(`/v1/sources/${source.id}`, { scheme: source.schemeSeen }, etag);
    await reload();
  }, "The scheme is pinned.");
  if (source.schemeSeen === null) return <span class="quiet">none yet</span>;
  return (
    <span class="row">
      {source.schemeSeen}
      {isAdmin() && source.scheme === "auto" && (
        <Button
          kind="quiet"
          label={`Pin the scheme ${source.schemeSeen}`}
          isBusy={pin.isRunning}
          onClick={() => void pin.run()}
        >
          Pin
        </Button>
      )}
      {source.scheme === source.schemeSeen && <span class="quiet">pinned</span>}
    </span>
  );
}
