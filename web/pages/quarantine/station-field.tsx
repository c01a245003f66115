import { useId } from "preact/hooks";

import { fleet } from "../../live/fleet.ts";
import { Field } from "../../ui/field.tsx";

const MAX_SUGGESTED = 200;

/** A station that the relay knows, or the account. */
export function StationField({
  value,
  onValue,
  isRequired,
  isDisabled = false,
  error,
}: {
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly isRequired: boolean;
  readonly isDisabled?: boolean;
  readonly error: string | null;
}) {
  const listId = useId();
  const hint = isRequired
    ? "One that the relay knows, or _account for what concerns no single station."
    : "One that the relay knows, or _account. Left empty: the one that the body names.";
  const known = fleet
    .all()
    .slice(0, MAX_SUGGESTED)
    .map(({ id }) => id);
  return (
    <>
      <Field label={isRequired ? "Station" : "Station (optional)"} hint={hint} error={error}>
        {(field) => (
          <input
            {...field}
            list={listId}
            autocomplete="off"
            spellcheck={false}
            required={isRequired}
            disabled={isDisabled}
            value={value}
            onInput={(event) => onValue(event.currentTarget.value)}
          />
        )}
      </Field>
      <datalist id={listId}>
        {["_account", ...known].map((id) => (
          <option key={id} value={id} />
        ))}
      </datalist>
    </>
  );
}
