import type { AuditEntry } from "../../api/answers.ts";
import { replaceQuery } from "../../shell/place.ts";
import { Field } from "../../ui/field.tsx";
import { type Choice, RELAY } from "./filtering.ts";
import type { Names } from "./use-names.ts";
import { subjectOf } from "./wording.ts";

/** Chooses among the loaded entries. The choice is in the address. */
export function FilterForm({
  entries,
  choice,
  names,
}: {
  readonly entries: readonly AuditEntry[];
  readonly choice: Choice;
  readonly names: Names;
}) {
  const subjects = distinct(choice.subject, entries, ({ action }) => subjectOf(action));
  const keys = distinct(choice.key, entries, ({ key }) => key ?? RELAY);
  const nameOf = (key: string) => (key === RELAY ? "the relay" : (names.get(key) ?? key));
  return (
    <search class="audit-filter">
      <Field label="Search">
        {(ties) => (
          <input
            {...ties}
            type="search"
            placeholder="Name, id or action"
            value={choice.text}
            onInput={(event) => replaceQuery({ q: event.currentTarget.value })}
          />
        )}
      </Field>
      <Select
        label="About"
        value={choice.subject}
        options={subjects.map((subject) => [subject, subject.replaceAll("_", " ")])}
        onChange={(about) => replaceQuery({ about })}
      />
      <Select
        label="By"
        value={choice.key}
        options={keys.map((key) => [key, nameOf(key)])}
        onChange={(by) => replaceQuery({ by })}
      />
    </search>
  );
}

function Select(props: {
  readonly label: string;
  readonly value: string | null;
  readonly options: readonly (readonly [string, string])[];
  readonly onChange: (value: string | null) => void;
}) {
  return (
    <Field label={props.label}>
      {(ties) => (
        <select
          {...ties}
          value={props.value ?? ""}
          onChange={({ currentTarget: { value } }) => props.onChange(value === "" ? null : value)}
        >
          <option value="">all</option>
          {props.options.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** What there is to choose; what is chosen is among it, even when no loaded entry has it. */
function distinct(
  chosen: string | null,
  entries: readonly AuditEntry[],
  of: (entry: AuditEntry) => string,
): string[] {
  const found = new Set(entries.map(of));
  if (chosen !== null) found.add(chosen);
  return [...found].sort();
}
