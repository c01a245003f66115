import type { Route } from "../../api/answers.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Select, TextInput, useIssue } from "../routes/form/inputs.tsx";
import { localTime, type Selection } from "./selection.ts";

const SPANS = [
  ["last 15 min", 900_000],
  ["last hour", 3_600_000],
  ["last 24 h", 86_400_000],
] as const;

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

interface SelectionProps {
  readonly selection: Selection;
  readonly change: (part: Partial<Selection>) => void;
  readonly routes: readonly Route[];
}

export function SelectionFields({ selection, change, routes }: SelectionProps) {
  const options = routes.map(({ id, name, url }) => [id, `${name}, ${url}`] as const);
  const isKnown = routes.some(({ id }) => id === selection.route);
  return (
    <fieldset class="stack">
      <legend>What is sent again</legend>
      <Select
        label="To the route"
        path="route"
        hint="Its present filter applies, and its present secrets sign."
        value={selection.route}
        options={isKnown ? options : [[selection.route, selection.route], ...options]}
        onChange={(route) => change({ route })}
      />
      <div class="grid">
        <TimeInput label="Received from" path="from" {...{ selection, change }} />
        <TimeInput label="Received before" path="to" {...{ selection, change }} />
      </div>
      <div class="row">
        {SPANS.map(([name, ms]) => (
          <Button
            key={name}
            onClick={() => {
              const nowMs = Date.now();
              change({ from: localTime(nowMs - ms), to: localTime(nowMs) });
            }}
          >
            {name}
          </Button>
        ))}
        <span class="quiet">Times are in {ZONE}.</span>
      </div>
      <TextInput
        label="Stations"
        path="stations"
        hint="Ids between commas. Empty: all."
        value={selection.stations}
        onChange={(stations) => change({ stations })}
      />
      <TextInput
        label="Types"
        path="types"
        hint="Between commas, * for any: session.*, chargestation.online. Empty: all."
        value={selection.types}
        onChange={(types) => change({ types })}
      />
    </fieldset>
  );
}

function TimeInput({
  label,
  path,
  selection,
  change,
}: Pick<SelectionProps, "selection" | "change"> & {
  readonly label: string;
  readonly path: "from" | "to";
}) {
  const error = useIssue(path);
  return (
    <Field label={label} hint={`In ${ZONE}`} error={error}>
      {(ties) => (
        <input
          {...ties}
          type="datetime-local"
          step={1}
          value={selection[path]}
          onInput={(event) => change({ [path]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
}
