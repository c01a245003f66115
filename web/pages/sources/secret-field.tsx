import { Field } from "../../ui/field.tsx";

/** A secret on its way in: not shown, and not offered to a password store. */
export function SecretField({
  value,
  onValue,
  isRequired = false,
  ...told
}: {
  readonly label: string;
  readonly hint: string;
  readonly error: string | null;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly isRequired?: boolean;
}) {
  return (
    <Field {...told}>
      {(field) => (
        <input
          {...field}
          type="password"
          autocomplete="off"
          spellcheck={false}
          required={isRequired}
          maxLength={512}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
