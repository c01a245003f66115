import { useEffect, useRef, useState } from "preact/hooks";

import type { RouteWithSecret } from "../../../api/answers.ts";
import { relay } from "../../../api/relay.ts";
import { isAdmin } from "../../../session/session.ts";
import { linkTo } from "../../../shell/place.ts";
import { SecretOnce } from "../../../ui/copy.tsx";
import { Empty } from "../../../ui/notes.tsx";
import { PageHead } from "../../../ui/page-head.tsx";
import { SigningHelp } from "../signing-help.tsx";
import { bodyOf, NEW_DRAFT } from "./draft.ts";
import { RouteForm } from "./route-form.tsx";

/** A new route; when it is there, its secret, which is shown here alone. */
export function CreateRoute() {
  const [draft, setDraft] = useState(NEW_DRAFT);
  const [created, setCreated] = useState<RouteWithSecret | null>(null);
  if (created !== null) return <Created route={created} />;
  return (
    <div class="page">
      <PageHead
        title="New route"
        lead="It begins with the first event received from now on; a replay reaches back."
      />
      {isAdmin() ? (
        <RouteForm
          draft={draft}
          onDraft={setDraft}
          knownHeaders={null}
          verb="Create the route"
          backTo={linkTo(["routes"])}
          onSubmit={async () => {
            setCreated(await relay.post<RouteWithSecret>("/v1/routes", bodyOf(draft)));
          }}
        />
      ) : (
        <Empty title="This key may only read">
          <p class="quiet">A key of the role admin can create routes.</p>
        </Empty>
      )}
    </div>
  );
}

function Created({ route }: { readonly route: RouteWithSecret }) {
  const head = useRef<HTMLDivElement>(null);
  useEffect(() => head.current?.focus(), []);
  return (
    <div class="page" ref={head} tabIndex={-1}>
      <PageHead
        title={`${route.name} is there`}
        lead="Its destination gets events from now on. It verifies them with this secret."
        actions={
          <a class="button button-primary" href={linkTo(["routes", route.id])}>
            Go to the route
          </a>
        }
      />
      <SecretOnce text={route.secret} what="signing secret" />
      <SigningHelp />
    </div>
  );
}
