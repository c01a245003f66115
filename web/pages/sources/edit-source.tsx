import { useState } from "preact/hooks";

import type { Source } from "../../api/answers.ts";
import { ApiError } from "../../api/api.ts";
import { relay } from "../../api/relay.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { ErrorNote } from "../../ui/notes.tsx";
import { toast } from "../../ui/toasts.tsx";
import { type Submit, useSubmit } from "../../ui/use-submit.ts";
import type { ShownSource } from "./source-view.tsx";
import { SCHEMES } from "./words.ts";

type Draft = Pick<Source, "name" | "scheme" | "toleranceSeconds" | "silentAfterSeconds">;
const FIELDS = ["name", "scheme", "toleranceSeconds", "silentAfterSeconds"] as const;

/** Changes what the source was when the dialog opened: if it is another by now, nothing is changed. */
export function EditSource({
  tagged,
  reload,
  onClose,
}: ShownSource & { readonly onClose: () => void }) {
  const [begun] = useState(tagged);
  const [draft, setDraft] = useState<Draft>(() => draftOf(begun.value));
  const form = useSubmit(FIELDS, async () => {
    try {
      await relay.patch<Source>(`/v1/sources/${begun.value.id}`, draft, begun.etag);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412) throw error;
      throw new Error("Somebody has changed this source meanwhile. Close this and edit it anew.");
    }
    toast("The source is changed.");
    await reload();
    onClose();
  });
  return (
    <Dialog title={`Edit ${begun.value.name}`} onClose={onClose}>
      <form class="stack" onSubmit={form.onSubmit}>
        {form.error !== null && <ErrorNote message={form.error} />}
        <Fields draft={draft} form={form} onChange={(part) => setDraft({ ...draft, ...part })} />
        <div class="row row-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={form.isRunning}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Fields(props: {
  readonly draft: Draft;
  readonly form: Submit;
  readonly onChange: (part: Partial<Draft>) => void;
}) {
  const { draft, form, onChange } = props;
  return (
    <>
      <Field label="Name" error={form.errorAt("name")}>
        {(field) => (
          <input
            {...field}
            required
            maxLength={100}
            value={draft.name}
            onInput={({ currentTarget: { value: name } }) => onChange({ name })}
          />
        )}
      </Field>
      <SchemeField {...props} />
      <Field
        label="Tolerance in seconds"
        hint="How far the time of a signature may be off, either way."
        error={form.errorAt("toleranceSeconds")}
      >
        {(field) => (
          <input
            {...field}
            {...{ type: "number", min: 1, max: 86_400, required: true }}
            value={draft.toleranceSeconds}
            onInput={({ currentTarget: { valueAsNumber } }) =>
              onChange({ toleranceSeconds: valueAsNumber })
            }
          />
        )}
      </Field>
      <Field
        label="Silent after, in seconds"
        hint="Without an event for so long, relay.source.silent is told. 0: never."
        error={form.errorAt("silentAfterSeconds")}
      >
        {(field) => (
          <input
            {...field}
            {...{ type: "number", min: 0, max: 2_592_000, required: true }}
            value={draft.silentAfterSeconds}
            onInput={({ currentTarget: { valueAsNumber } }) =>
              onChange({ silentAfterSeconds: valueAsNumber })
            }
          />
        )}
      </Field>
    </>
  );
}

function SchemeField(props: {
  readonly draft: Draft;
  readonly form: Submit;
  readonly onChange: (part: Partial<Draft>) => void;
}) {
  return (
    <Field
      label="Scheme"
      hint="What eDRV signs. Automatic until the first webhook has shown it; then pin it."
      error={props.form.errorAt("scheme")}
    >
      {(field) => (
        <select
          {...field}
          value={props.draft.scheme}
          onChange={({ currentTarget }) => {
            const scheme = schemes().find((scheme) => scheme === currentTarget.value);
            if (scheme !== undefined) props.onChange({ scheme });
          }}
        >
          {schemes().map((scheme) => (
            <option key={scheme} value={scheme}>
              {SCHEMES[scheme]}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

const schemes = (): Source["scheme"][] => ["auto", "timestamped", "body", "legacy"];

function draftOf({ name, scheme, toleranceSeconds, silentAfterSeconds }: Source): Draft {
  return { name, scheme, toleranceSeconds, silentAfterSeconds };
}
