import { createContext } from "preact";
import { useContext } from "preact/hooks";

import { Field } from "../../../ui/field.tsx";
import type { Issue } from "./draft.ts";

/** What is wrong with the form that the fields below are of. */
export const Issues = createContext<readonly Issue[]>([]);

/** What is wrong at a path or below it, for people; null when nothing is. */
export function useIssue(path: string): string | null {
  return issueAt(useContext(Issues), path);
}

export function issueAt(issues: readonly Issue[], path: string): string | null {
  const found = issues.filter((issue) => isAtOrBelow(issue.path, path));
  if (found.length === 0) return null;
  const told = found.map(({ path: at, message }) => {
    const rest = at.slice(path.length + 1);
    return rest === "" ? message : `${rest}: ${message}`;
  });
  return told.join("; ");
}

export function isAtOrBelow(at: string, path: string): boolean {
  return at === path || at.startsWith(`${path}.`);
}

interface Common<T extends string> {
  readonly label: string;
  readonly hint?: string;
  /** Where the relay complains of it. */
  readonly path: string;
  readonly value: T;
  readonly onChange: (value: T) => void;
}

export interface TextProps extends Common<string> {
  readonly isSecret?: boolean;
  readonly isNumber?: boolean;
  readonly isRequired?: boolean;
  readonly placeholder?: string;
}

/** One line of text. What a browser remembers is none of a route's business. */
export function TextInput(props: TextProps) {
  const error = useIssue(props.path);
  const { label, hint, isSecret = false, isNumber = false, isRequired = false } = props;
  const common = {
    inputMode: isNumber ? ("decimal" as const) : ("text" as const),
    spellcheck: false,
    "aria-required": isRequired,
    placeholder: props.placeholder,
    value: props.value,
    onInput: (event: { readonly currentTarget: HTMLInputElement }) =>
      props.onChange(event.currentTarget.value),
  };
  return (
    <Field label={label} error={error} {...(hint !== undefined && { hint })}>
      {(ties) =>
        isSecret ? (
          <input {...ties} {...common} type="password" autocomplete="new-password" />
        ) : (
          <input {...ties} {...common} type="text" autocomplete="off" />
        )
      }
    </Field>
  );
}

export interface SelectProps<T extends string> extends Common<T> {
  readonly options: readonly (readonly [value: T, text: string])[];
}

export function Select<T extends string>(props: SelectProps<T>) {
  const error = useIssue(props.path);
  const { label, hint, options } = props;
  return (
    <Field label={label} error={error} {...(hint !== undefined && { hint })}>
      {(ties) => (
        <select
          {...ties}
          value={props.value}
          onChange={({ currentTarget: { selectedIndex } }) => {
            const chosen = options[selectedIndex];
            if (chosen !== undefined) props.onChange(chosen[0]);
          }}
        >
          {options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
