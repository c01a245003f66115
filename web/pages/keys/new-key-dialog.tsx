import { useState } from "preact/hooks";

import type { CreatedKey, Key } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { Button } from "../../ui/button.tsx";
import { SecretOnce } from "../../ui/copy.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { ErrorNote } from "../../ui/notes.tsx";
import { useSending } from "../../ui/use-form.ts";
import { Choice } from "./choice.tsx";

/** Asks for name and role, then shows the key, once. */
export function NewKeyDialog({
  onMade,
  onClose,
}: {
  readonly onMade: () => Promise<void>;
  readonly onClose: () => void;
}) {
  const [made, setMade] = useState<CreatedKey | null>(null);
  if (made === null) {
    const take = (key: CreatedKey) => {
      setMade(key);
      void onMade();
    };
    return (
      <Dialog title="Make a key" onClose={onClose}>
        <NewKeyForm onMade={take} />
      </Dialog>
    );
  }
  return (
    <Dialog title={`The key ${made.name}`} onClose={onClose}>
      <SecretOnce text={made.apiKey} what="API key" />
      <p>
        Programs send it as <code>Authorization: Bearer …</code>. Never put it into a web page: make
        a token for that.
      </p>
      <div class="row row-end">
        <Button kind="primary" onClick={onClose}>
          I have kept it
        </Button>
      </div>
    </Dialog>
  );
}

function NewKeyForm({ onMade }: { readonly onMade: (key: CreatedKey) => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Key["role"]>("reader");
  const sending = useSending(async () => {
    onMade(await relay.post<CreatedKey>("/v1/keys", { name: name.trim(), role }));
  });
  const submit = (event: Event) => {
    event.preventDefault();
    void sending.send();
  };
  return (
    <form class="stack" onSubmit={submit}>
      <Field
        label="Name"
        hint="Of the person or program that will use it. The audit log shows it."
        error={sending.errorAt("name")}
      >
        {(ties) => (
          <input
            {...ties}
            required
            maxLength={100}
            autocomplete="off"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <Choice
        legend="Role"
        value={role}
        onChoose={setRole}
        options={[
          ["reader", "Reader", "May look at everything but secrets, subscribe, and make tokens."],
          ["admin", "Admin", "May change everything: routes, sources, keys, settings, replays."],
        ]}
      />
      {sending.error !== null && <ErrorNote message={sending.error} />}
      <div class="row row-end">
        <Button kind="primary" type="submit" isBusy={sending.isSending}>
          Make the key
        </Button>
      </div>
    </form>
  );
}
