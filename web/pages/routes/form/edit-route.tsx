import { useState } from "preact/hooks";

import type { Route } from "../../../api/answers.ts";
import { ApiError, type Tagged } from "../../../api/api.ts";
import { relay } from "../../../api/relay.ts";
import { useLoaded } from "../../../api/use-resource.ts";
import { isAdmin } from "../../../session/session.ts";
import { goTo, linkTo } from "../../../shell/place.ts";
import { Empty, ErrorNote, Loading } from "../../../ui/notes.tsx";
import { PageHead } from "../../../ui/page-head.tsx";
import { toast } from "../../../ui/toasts.tsx";
import { Conflict } from "./conflict.tsx";
import { changesOf, draftOf, movesOrigin, type RouteDraft, rebase } from "./draft.ts";
import { RouteForm } from "./route-form.tsx";

/** A route as it was when the form was opened, with the tag that its change is made against. */
export function EditRoute({ id }: { readonly id: string }) {
  const route = useLoaded(`edit ${id}`, () => relay.getTagged<Route>(`/v1/routes/${id}`));
  if (isAdmin() && route.data !== null) return <Editor opened={route.data} />;
  return (
    <div class="page">
      <PageHead title="Change a route" />
      {!isAdmin() && <Empty title="This key may only read" />}
      {isAdmin() && route.error === null && <Loading what="The route" />}
      {route.error !== null && <ErrorNote message={route.error} onRetry={route.reload} />}
    </div>
  );
}

function Editor({ opened }: { readonly opened: Tagged<Route> }) {
  const [base, setBase] = useState(opened);
  const before = draftOf(base.value);
  const [draft, setDraft] = useState<RouteDraft>(before);
  /** What somebody else has made of the route meanwhile. */
  const [theirs, setTheirs] = useState<Tagged<Route> | null>(null);
  // Fields that keep text of their own are drawn anew with a draft that nobody typed.
  const [edition, setEdition] = useState(0);
  const { id, name, headers, auth } = base.value;

  const save = async () => {
    const changes = changesOf(draft, before);
    if (Object.keys(changes).length > 0) {
      try {
        await relay.patch(`/v1/routes/${id}`, changes, base.etag);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 412) throw error;
        setTheirs(await relay.getTagged<Route>(`/v1/routes/${id}`));
        return;
      }
      toast("The route is changed.");
    }
    goTo(["routes", id]);
  };
  const goOn = (from: Tagged<Route>, next: RouteDraft) => {
    setBase(from);
    setDraft(next);
    setTheirs(null);
    setEdition(edition + 1);
  };
  const forgets = movesOrigin(draft, before) && (auth !== null || headers.length > 0);

  return (
    <div class="page">
      <PageHead
        title={`Change ${name}`}
        lead="A changed filter applies to all that is not yet attempted."
      />
      <RouteForm
        key={edition}
        draft={draft}
        onDraft={setDraft}
        knownHeaders={headers}
        verb="Save the changes"
        backTo={linkTo(["routes", id])}
        onSubmit={save}
      >
        {forgets && (
          <p class="note note-warn" role="status">
            The address is at another origin, so the relay forgets the authentication and the
            headers unless they are set here again: they may not be meant for it.
          </p>
        )}
        {theirs !== null && (
          <Conflict
            before={base.value}
            theirs={theirs.value}
            onTheirs={() => goOn(theirs, draftOf(theirs.value))}
            onMine={() => goOn(theirs, rebase(draft, before, draftOf(theirs.value)))}
          />
        )}
      </RouteForm>
    </div>
  );
}
