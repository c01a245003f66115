import { useState } from "preact/hooks";

import type { Settings } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { ErrorNote } from "../../ui/notes.tsx";
import { useSending } from "../../ui/use-form.ts";
import { draftOf, settingsOf, shutsOut } from "./settings-draft.ts";
import { Warning } from "./warning.tsx";

/** Changes the settings; what cannot be taken back is asked about first. */
export function SettingsForm({
  present,
  onSaved,
}: {
  readonly present: Settings;
  readonly onSaved: () => Promise<void>;
}) {
  const [draft, setDraft] = useState(draftOf(present));
  const [isAsking, setAsking] = useState(false);
  const wanted = settingsOf(draft);
  const isShorter = wanted.retentionDays < present.retentionDays;
  const isShutOut = shutsOut(wanted.allowedOrigins, location.origin);
  const isSame = JSON.stringify(wanted) === JSON.stringify(settingsOf(draftOf(present)));
  const sending = useSending(async () => {
    await relay.patch("/v1/settings", wanted);
    await onSaved();
  }, "The settings are saved.");
  const save = async () => {
    await sending.send();
    setAsking(false);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (isShorter || isShutOut) setAsking(true);
    else void save();
  };
  const setOrigins = (origins: string) => setDraft({ ...draft, origins });
  return (
    <form class="stack" onSubmit={submit}>
      <Retention
        value={draft.retentionDays}
        error={sending.errorAt("retentionDays")}
        onChange={(retentionDays) => setDraft({ ...draft, retentionDays })}
      />
      <Origins
        value={draft.origins}
        error={sending.errorAt("allowedOrigins")}
        isShutOut={isShutOut}
        onChange={setOrigins}
      />
      {sending.error !== null && <ErrorNote message={sending.error} />}
      <div class="row">
        <Button kind="primary" type="submit" isBusy={sending.isSending} isDisabled={isSame}>
          Save the settings
        </Button>
        {!isSame && <Button onClick={() => setDraft(draftOf(present))}>Undo the changes</Button>}
      </div>
      {isAsking && (
        <Warning
          days={isShorter ? wanted.retentionDays : null}
          isShutOut={isShutOut}
          isBusy={sending.isSending}
          onSave={save}
          onClose={() => setAsking(false)}
        />
      )}
    </form>
  );
}

interface PartProps {
  readonly value: string;
  readonly error: string | null;
  readonly onChange: (text: string) => void;
}

function Retention({ value, error, onChange }: PartProps) {
  return (
    <section class="card stack" aria-labelledby="retention-title">
      <h2 id="retention-title">Retention</h2>
      <p class="quiet">
        Bodies of events hold users, id tags and costs. What was received before so many days is let
        go of within a day: in stations, the feed, dead letters and quarantine, with the answers of
        destinations. Ids, types, times and the states of stations stay.
      </p>
      <Field
        label="Days that events are kept"
        hint="1 to 365. Replays and streams reach back this far at most, and no further than there is room."
        error={error}
      >
        {(ties) => (
          <input
            {...ties}
            type="number"
            min={1}
            max={365}
            required
            value={value}
            onInput={(event) => onChange(event.currentTarget.value)}
          />
        )}
      </Field>
    </section>
  );
}

function Origins({ value, error, isShutOut, onChange }: PartProps & { isShutOut: boolean }) {
  const { origin } = location;
  return (
    <section class="card stack" aria-labelledby="origins-title">
      <h2 id="origins-title">Web pages that may come</h2>
      <p class="quiet">
        With a list here, keys and tokens work in browsers on these pages alone; streams from other
        pages close. Programs and servers are not concerned, and neither are webhooks. It keeps
        someone else's page from using a token it has got hold of; it does not replace short-lived
        tokens.
      </p>
      <Field
        label="Origins"
        hint="One on each line, such as https://app.example.com or https://*.example.com. Empty: every page may come."
        error={error}
      >
        {(ties) => (
          <textarea
            {...ties}
            class="code"
            rows={5}
            spellcheck={false}
            value={value}
            onInput={(event) => onChange(event.currentTarget.value)}
          />
        )}
      </Field>
      {isShutOut && (
        <div class="note note-warn notice">
          <p>
            This console itself is at <code>{origin}</code>, which is not in the list.
          </p>
          <Button onClick={() => onChange(`${value.trimEnd()}\n${origin}`)}>Add it</Button>
        </div>
      )}
    </section>
  );
}
