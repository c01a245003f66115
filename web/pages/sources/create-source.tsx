import { useState } from "preact/hooks";

import type { Source } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { goTo } from "../../shell/place.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { ErrorNote } from "../../ui/notes.tsx";
import { toast } from "../../ui/toasts.tsx";
import { useSubmit } from "../../ui/use-submit.ts";
import { SecretField } from "./secret-field.tsx";

/** Leads to the new source, where the guide goes on. */
export function CreateSource({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState("");
  const [secret, setSecret] = useState("");
  const form = useSubmit(["name", "secret"], async () => {
    const text = secret.trim();
    const asked = { name: name.trim(), ...(text !== "" && { secret: text }) };
    const { id } = await relay.post<Source>("/v1/sources", asked);
    toast("The source is there.");
    goTo(["sources", id], { guide: "1" });
  });
  return (
    <Dialog title="Create a source" onClose={onClose}>
      <form class="stack" onSubmit={form.onSubmit}>
        {form.error !== null && <ErrorNote message={form.error} />}
        <Field
          label="Name"
          hint="For people, such as “eDRV production”."
          error={form.errorAt("name")}
        >
          {(field) => (
            <input
              {...field}
              required
              maxLength={100}
              autocomplete="off"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <SecretField
          label="Signing secret (optional)"
          hint="eDRV shows it once its endpoint exists, so it may be added later."
          error={form.errorAt("secret")}
          value={secret}
          onValue={setSecret}
        />
        <div class="row row-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={form.isRunning}>
            Create
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
