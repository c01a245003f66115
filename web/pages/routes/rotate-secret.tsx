import { useState } from "preact/hooks";

import type { RouteWithSecret } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { messageOf } from "../../api/use-resource.ts";
import { Button } from "../../ui/button.tsx";
import { SecretOnce } from "../../ui/copy.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";

const OVERLAPS = [
  ["86400", "a day"],
  ["3600", "an hour"],
  ["604800", "7 days"],
  ["0", "not at all: they end now"],
] as const;

/** A new signing secret, shown once; how long those before it go on signing is asked first. */
export function RotateSecret({
  id,
  onClose,
  onChange,
}: {
  readonly id: string;
  readonly onClose: () => void;
  readonly onChange: () => Promise<void>;
}) {
  const [overlap, setOverlap] = useState("86400");
  const [isBusy, setBusy] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const body = { expirePreviousAfterSeconds: Number(overlap) };
      const rotated = await relay.post<RouteWithSecret>(`/v1/routes/${id}/rotate-secret`, body);
      setSecret(rotated.secret);
      await onChange();
    } catch (error) {
      setError(messageOf(error));
    }
    setBusy(false);
  };
  return (
    <Dialog title="Rotate the signing secret" onClose={onClose}>
      {secret !== null ? (
        <>
          <SecretOnce text={secret} what="new signing secret" />
          <div class="row row-end">
            <Button kind="primary" onClick={onClose}>
              I have it
            </Button>
          </div>
        </>
      ) : (
        <form class="stack" onSubmit={submit}>
          <p>
            A new secret signs from now on. While those before it go on signing beside it, a
            receiver can change over at leisure. What failed before no longer counts.
          </p>
          <Field label="The secrets before it go on signing for" error={error}>
            {(ties) => (
              <select
                {...ties}
                value={overlap}
                onChange={(event) => setOverlap(event.currentTarget.value)}
              >
                {OVERLAPS.map(([seconds, text]) => (
                  <option key={seconds} value={seconds}>
                    {text}
                  </option>
                ))}
              </select>
            )}
          </Field>
          {overlap === "0" && (
            <p class="note note-warn">Receivers with an old secret refuse everything at once.</p>
          )}
          <div class="row row-end">
            <Button onClick={onClose}>Leave it</Button>
            <Button kind="primary" type="submit" isBusy={isBusy}>
              Make a new secret
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
