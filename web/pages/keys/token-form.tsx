import { useState } from "preact/hooks";

import type { Token } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { ErrorNote } from "../../ui/notes.tsx";
import { useSending } from "../../ui/use-form.ts";
import { Choice } from "./choice.tsx";
import { LIFETIMES, NEW_TOKEN, type TokenDraft, tokenRequest, type View } from "./token-draft.ts";

const VIEWS: readonly (readonly [View, string, string])[] = [
  ["events", "Events", "Every event with its body, and whole states. Bodies name users and costs."],
  [
    "state",
    "Availability alone",
    "Which stations are online and how their connectors stand. No sessions, users, costs or bodies: for public maps.",
  ],
];

export function TokenForm({ onMade }: { readonly onMade: (token: Token, view: View) => void }) {
  const [draft, setDraft] = useState<TokenDraft>(NEW_TOKEN);
  const change = (part: Partial<TokenDraft>) => setDraft({ ...draft, ...part });
  const sending = useSending(async () => {
    onMade(await relay.post<Token>("/v1/tokens", tokenRequest(draft)), draft.view);
  });
  const submit = (event: Event) => {
    event.preventDefault();
    void sending.send();
  };
  return (
    <form class="stack" onSubmit={submit}>
      <Choice
        legend="What it shows"
        value={draft.view}
        options={VIEWS}
        onChoose={(view) => change({ view })}
      />
      <Names
        label="Stations"
        hint="Ids, with spaces or commas between them. Empty: all."
        value={draft.stations}
        error={sending.errorAt("stations")}
        onChange={(stations) => change({ stations })}
      />
      <Names
        label="Event types"
        hint="Such as session.* or chargestation.online. Empty: all. Without all types of sessions, states come without their sessions."
        value={draft.types}
        error={sending.errorAt("types")}
        onChange={(types) => change({ types })}
      />
      <Field label="Valid for" error={sending.errorAt("ttlSeconds")}>
        {(ties) => (
          <select
            {...ties}
            value={String(draft.ttlSeconds)}
            onChange={(event) => change({ ttlSeconds: Number(event.currentTarget.value) })}
          >
            {LIFETIMES.map(([seconds, words]) => (
              <option key={seconds} value={String(seconds)}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      {sending.error !== null && <ErrorNote message={sending.error} />}
      <div class="row">
        <Button kind="primary" type="submit" isBusy={sending.isSending}>
          Make the token
        </Button>
      </div>
    </form>
  );
}

function Names(props: {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly error: string | null;
  readonly onChange: (text: string) => void;
}) {
  return (
    <Field label={props.label} hint={props.hint} error={props.error}>
      {(ties) => (
        <input
          {...ties}
          class="mono"
          autocomplete="off"
          spellcheck={false}
          value={props.value}
          onInput={(event) => props.onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
