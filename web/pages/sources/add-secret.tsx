import { useState } from "preact/hooks";

import type { Source, SourceSecret } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { ErrorNote } from "../../ui/notes.tsx";
import { toast } from "../../ui/toasts.tsx";
import { useSubmit } from "../../ui/use-submit.ts";
import { SecretField } from "./secret-field.tsx";

const OVERLAPS = [
  { seconds: 0, text: "stop working at once" },
  { seconds: 3_600, text: "work for another hour" },
  { seconds: 86_400, text: "work for another day" },
  { seconds: 604_800, text: "work for another week" },
];

export interface AddSecretProps {
  readonly source: Source;
  readonly reload: () => Promise<void>;
  readonly verb: string;
}

/** A button, and the dialog behind it. */
export function AddSecret(props: AddSecretProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{props.verb}</Button>
      {isOpen && <AddSecretDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function AddSecretDialog({
  source,
  reload,
  onClose,
}: AddSecretProps & { readonly onClose: () => void }) {
  const [secret, setSecret] = useState("");
  const [overlap, setOverlap] = useState(86_400);
  const hasOthers = source.secrets.length > 0;
  const form = useSubmit(["secret", "expirePreviousAfterSeconds"], async () => {
    const asked = { secret: secret.trim(), expirePreviousAfterSeconds: overlap };
    await relay.post<SourceSecret>(`/v1/sources/${source.id}/secrets`, asked);
    toast("The secret is in force.");
    await reload();
    onClose();
  });
  return (
    <Dialog title={`Add a signing secret to ${source.name}`} onClose={onClose}>
      <form class="stack" onSubmit={form.onSubmit}>
        {form.error !== null && <ErrorNote message={form.error} />}
        <SecretField
          label="Signing secret"
          hint="As eDRV shows it for the endpoint. The relay never shows it again."
          error={form.errorAt("secret")}
          value={secret}
          onValue={setSecret}
          isRequired
        />
        {hasOthers && (
          <Field
            label="The secrets before it"
            hint="The new one works at once. An overlap lets eDRV change over without a refusal."
            error={form.errorAt("expirePreviousAfterSeconds")}
          >
            {(field) => (
              <select
                {...field}
                value={overlap}
                onChange={(event) => setOverlap(Number(event.currentTarget.value))}
              >
                {OVERLAPS.map(({ seconds, text }) => (
                  <option key={seconds} value={seconds}>
                    {text}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <div class="row row-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={form.isRunning}>
            Add
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
