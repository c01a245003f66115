import { replaceQuery } from "../../shell/place.ts";
import { Field } from "../../ui/field.tsx";
import { type Days, dayOf, PERIODS } from "./period.ts";

/** Chooses the days; the choice is in the address. */
export function PeriodForm({ days: { period, from, to } }: { readonly days: Days }) {
  const isWrong = from > to;
  return (
    <form class="usage-period" onSubmit={(event) => event.preventDefault()}>
      <Field label="Days">
        {(ties) => (
          <select
            {...ties}
            value={period}
            onChange={(event) => {
              const chosen = event.currentTarget.value;
              const range = chosen === "custom" ? { from, to } : { from: null, to: null };
              replaceQuery({ period: chosen === "30" ? null : chosen, ...range });
            }}
          >
            {PERIODS.map(([name, words]) => (
              <option key={name} value={name}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      {period === "custom" && (
        <>
          <DayField
            label="From"
            value={from}
            error={isWrong ? "After the last day." : null}
            onChange={(day) => replaceQuery({ from: day })}
          />
          <DayField label="To" value={to} onChange={(day) => replaceQuery({ to: day })} />
        </>
      )}
    </form>
  );
}

function DayField(props: {
  readonly label: string;
  readonly value: string;
  readonly error?: string | null;
  readonly onChange: (day: string) => void;
}) {
  return (
    <Field label={props.label} error={props.error ?? null}>
      {(ties) => (
        <input
          {...ties}
          type="date"
          required
          max={dayOf(Date.now())}
          value={props.value}
          onChange={(event) => {
            if (event.currentTarget.value !== "") props.onChange(event.currentTarget.value);
          }}
        />
      )}
    </Field>
  );
}
