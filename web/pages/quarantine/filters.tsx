import type { QuarantinedWebhook } from "../../api/answers.ts";
import { place, replaceQuery } from "../../shell/place.ts";
import { amount } from "../../ui/amount.ts";
import { Field } from "../../ui/field.tsx";
import { reasonWords } from "./reasons.ts";

export function Filters({
  entries,
  nameOf,
  shownCount,
}: {
  readonly entries: readonly QuarantinedWebhook[];
  readonly nameOf: (source: string) => string;
  readonly shownCount: number;
}) {
  const { query } = place.value;
  return (
    <div class="row quarantine-filters">
      <Choice
        label="Reason"
        value={query.get("reason")}
        options={countBy(entries, ({ reason }) => reason)}
        textOf={(reason) => reasonWords(reason).title}
        onChoose={(reason) => replaceQuery({ reason })}
      />
      <Choice
        label="Source"
        value={query.get("source")}
        options={countBy(entries, ({ source }) => source)}
        textOf={nameOf}
        onChoose={(source) => replaceQuery({ source })}
      />
      <p class="quiet" role="status">
        {amount(shownCount)} of {amount(entries.length)} shown, oldest first
      </p>
    </div>
  );
}

function Choice(props: {
  readonly label: string;
  readonly value: string | null;
  readonly options: ReadonlyMap<string, number>;
  readonly textOf: (option: string) => string;
  readonly onChoose: (option: string | null) => void;
}) {
  const { label, value, options, textOf, onChoose } = props;
  return (
    <Field label={label}>
      {(field) => (
        <select
          {...field}
          value={value ?? ""}
          onChange={({ currentTarget }) =>
            onChoose(currentTarget.value === "" ? null : currentTarget.value)
          }
        >
          <option value="">all</option>
          {[...options].map(([option, count]) => (
            <option key={option} value={option}>
              {textOf(option)} ({amount(count)})
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

function countBy(
  entries: readonly QuarantinedWebhook[],
  keyOf: (entry: QuarantinedWebhook) => string,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const entry of entries) counts.set(keyOf(entry), (counts.get(keyOf(entry)) ?? 0) + 1);
  return counts;
}
