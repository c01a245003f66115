import { useEffect, useRef, useState } from "preact/hooks";

import type { Replay, ReplayCount, Route } from "../../api/answers.ts";
import { ApiError } from "../../api/api.ts";
import { relay } from "../../api/relay.ts";
import { messageOf, useList } from "../../api/use-resource.ts";
import { isAdmin } from "../../session/session.ts";
import { goTo, linkTo, place, replaceQuery } from "../../shell/place.ts";
import { amount } from "../../ui/amount.ts";
import { Button } from "../../ui/button.tsx";
import { Empty, ErrorNote, Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { toast } from "../../ui/toasts.tsx";
import type { Issue } from "../routes/form/draft.ts";
import { Issues } from "../routes/form/inputs.tsx";
import { isoTime, requestOf, type Selection, selectionOf } from "./selection.ts";
import { SelectionFields } from "./selection-fields.tsx";

/** A new replay: counted first, then started. What a link names is filled in. */
export function CreateReplay() {
  const routes = useList<Route>("/v1/routes");
  return (
    <div class="page">
      <PageHead
        title="New replay"
        lead="Sends what the logs still hold to a route once more. It is counted before anything is sent."
      />
      {!isAdmin() && (
        <Empty title="This key may only read">
          <p class="quiet">A key of the role admin can start replays.</p>
        </Empty>
      )}
      {routes.error !== null && <ErrorNote message={routes.error} onRetry={routes.reload} />}
      {routes.data === null && routes.error === null && <Loading what="Routes" />}
      {routes.data?.length === 0 && (
        <Empty title="There is no route to replay to">
          <a class="button button-primary" href={linkTo(["routes", "new"])}>
            New route
          </a>
        </Empty>
      )}
      {isAdmin() && routes.data !== null && routes.data.length > 0 && <Form routes={routes.data} />}
    </div>
  );
}

function Form({ routes }: { readonly routes: readonly Route[] }) {
  const [selection, setSelection] = useState(() => {
    const given = selectionOf(place.value.query, Date.now());
    return given.route === "" ? { ...given, route: routes[0]?.id ?? "" } : given;
  });
  const [count, setCount] = useState<ReplayCount | null>(null);
  const asking = useAsking();

  const change = (part: Partial<Selection>) => {
    const changed = { ...selection, ...part };
    setSelection(changed);
    // What was counted is no longer what would be sent.
    setCount(null);
    const { from, to, ...rest } = changed;
    replaceQuery({ ...rest, from: isoTime(from), to: isoTime(to) });
  };
  const look = async (event: Event) => {
    event.preventDefault();
    await asking.run(async () => {
      setCount(await relay.post<ReplayCount>("/v1/replays", requestOf(selection, true)));
    });
  };
  const start = () =>
    asking.run(async () => {
      const { id } = await relay.post<Replay>("/v1/replays", requestOf(selection, false));
      toast("The replay has begun.");
      goTo(["replays", id]);
    });

  return (
    <Issues.Provider value={asking.issues}>
      <form ref={asking.form} class="stack replay-form" noValidate onSubmit={look}>
        <SelectionFields {...{ selection, change, routes }} />
        {asking.failure !== null && <ErrorNote message={asking.failure} />}
        <div class="row">
          <Button
            kind={count === null ? "primary" : "plain"}
            type="submit"
            isBusy={asking.isBusy && count === null}
          >
            Count what it would send
          </Button>
        </div>
        <div role="status">
          {count !== null && <Count count={count} isBusy={asking.isBusy} onStart={start} />}
        </div>
      </form>
    </Issues.Provider>
  );
}

/** One call at a time; what the relay finds wrong goes to the fields, all else above the buttons. */
function useAsking() {
  const form = useRef<HTMLFormElement>(null);
  const [issues, setIssues] = useState<readonly Issue[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [issues]);
  const run = async (call: () => Promise<void>) => {
    setBusy(true);
    setFailure(null);
    setIssues([]);
    try {
      await call();
    } catch (error) {
      const told = error instanceof ApiError ? error.issues : [];
      setIssues(told);
      if (!told.some(({ path }) => path !== "")) setFailure(messageOf(error));
    }
    setBusy(false);
  };
  return { form, issues, failure, isBusy, run };
}

function Count({
  count: { matched, stations },
  isBusy,
  onStart,
}: {
  readonly count: ReplayCount;
  readonly isBusy: boolean;
  readonly onStart: () => void;
}) {
  if (matched === 0) {
    return (
      <p class="note note-warn">
        No event matches: nothing that the logs still hold was received in that time, is of these
        stations and types, and passes the route's filter.
      </p>
    );
  }
  return (
    <div class="note note-info stack replay-count">
      <p>
        It would send <strong>{amount(matched)}</strong> events of{" "}
        <strong>{amount(stations)}</strong> stations. The receiver knows them by the header{" "}
        <code>chargewire-replay</code>, and repeats by their <code>webhook-id</code>.
      </p>
      <div class="row">
        <Button kind="primary" isBusy={isBusy} onClick={onStart}>
          Start the replay of {amount(matched)} events
        </Button>
      </div>
    </div>
  );
}
