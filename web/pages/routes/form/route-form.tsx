import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { ApiError } from "../../../api/api.ts";
import { messageOf } from "../../../api/use-resource.ts";
import { Button } from "../../../ui/button.tsx";
import { ErrorNote } from "../../../ui/notes.tsx";
import { type Issue, issuesOf, type RouteDraft } from "./draft.ts";
import { Fields } from "./fields.tsx";
import { Issues, isAtOrBelow } from "./inputs.tsx";

/** Paths that the form has a field for; what is wrong elsewhere is told at its top. */
const PATHS = [
  ...["name", "url", "format", "filter", "headers", "timeoutMs", "onExhausted"],
  ...["retry.scheduleSeconds", "ratePerSecond", "concurrency", "edrvSecret", "edrvScheme"],
  ...["username", "password", "token", "tokenUrl", "clientId", "clientSecret", "scope"].map(
    (field) => `auth.${field}`,
  ),
];

/** Where the relay complains of fields that the draft calls otherwise. */
const PATH_OF: Readonly<Record<string, string>> = { schedule: "retry", edrv: "edrv" };

/** What is still wrong when these fields have been changed since. */
function withoutChanged(issues: readonly Issue[], change: Partial<RouteDraft>): readonly Issue[] {
  const changed = Object.keys(change).map((field) => PATH_OF[field] ?? field);
  return issues.filter(({ path }) => !changed.some((field) => path.startsWith(field)));
}

export interface RouteFormProps {
  readonly draft: RouteDraft;
  readonly onDraft: (draft: RouteDraft) => void;
  readonly knownHeaders: readonly string[] | null;
  readonly verb: string;
  /** Where a person goes who does not want it. */
  readonly backTo: string;
  /** Throws an ApiError, whose issues are shown at their fields. */
  readonly onSubmit: () => Promise<void>;
  /** By the buttons, always in view: what is to be known before it is sent. */
  readonly children?: ComponentChildren;
}

export function RouteForm(props: RouteFormProps) {
  const { draft, onDraft, knownHeaders, verb, backTo } = props;
  const form = useRef<HTMLFormElement>(null);
  const [issues, setIssues] = useState<readonly Issue[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [refusals, setRefusals] = useState(0);

  useEffect(() => {
    // The first field that something is wrong with is where one goes on.
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [refusals]);

  const submit = async (event: Event) => {
    event.preventDefault();
    const found = issuesOf(draft);
    setIssues(found);
    setFailure(null);
    setRefusals(refusals + 1);
    if (found.length > 0) return;
    setBusy(true);
    try {
      await props.onSubmit();
    } catch (error) {
      const told = error instanceof ApiError ? error.issues : [];
      setIssues(told);
      setRefusals(refusals + 2);
      const homeless = told.filter(({ path }) => !PATHS.some((own) => isAtOrBelow(path, own)));
      if (told.length === 0) setFailure(messageOf(error));
      else if (homeless.length > 0)
        setFailure(homeless.map(({ path, message }) => `${path}: ${message}`).join("; "));
    }
    setBusy(false);
  };

  return (
    <Issues.Provider value={issues}>
      <form ref={form} class="stack form" noValidate onSubmit={submit}>
        <Fields
          draft={draft}
          set={(change) => {
            setIssues(withoutChanged(issues, change));
            onDraft({ ...draft, ...change });
          }}
          knownHeaders={knownHeaders}
        />
        {failure !== null && <ErrorNote message={failure} />}
        <div class="stack form-foot">
          {props.children}
          <div class="row">
            <Button kind="primary" type="submit" isBusy={isBusy}>
              {verb}
            </Button>
            <a class="button" href={backTo}>
              Leave it
            </a>
            {issues.length > 0 && (
              <span class="field-error" role="status">
                Something is not right yet: see the marked fields.
              </span>
            )}
          </div>
        </div>
      </form>
    </Issues.Provider>
  );
}
