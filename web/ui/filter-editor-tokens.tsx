import { useId, useState } from "preact/hooks";

import { Field } from "./field.tsx";
import type { Suggestion } from "./filter-editor-suggestions.ts";

export interface TokensProps {
  readonly label: string;
  readonly hint: string;
  readonly error: string | null;
  readonly placeholder: string;
  readonly tokens: readonly string[];
  readonly onChange: (tokens: readonly string[]) => void;
  readonly suggest: (text: string) => readonly Suggestion[];
  /** A few words about a token, under the pointer. */
  readonly describe?: (token: string) => string | null;
}

/** A list of words, typed with completion: a combobox with what is chosen before it. */
export function Tokens(props: TokensProps) {
  const { tokens, onChange } = props;
  const remove = (token: string) => onChange(tokens.filter((each) => each !== token));
  return (
    <Field label={props.label} hint={props.hint} error={props.error}>
      {(ties) => (
        <div class="tokens" aria-invalid={ties["aria-invalid"]}>
          {tokens.length > 0 && (
            <ul class="tokens-chosen" aria-label={`${props.label}: chosen`}>
              {tokens.map((token) => (
                <li key={token} class="token" title={props.describe?.(token) ?? undefined}>
                  <code>{token}</code>
                  <button
                    type="button"
                    aria-label={`Remove ${token}`}
                    onClick={() => remove(token)}
                  >
                    ×
                  </button>
                </li>
              ))}
            </ul>
          )}
          <TokenInput {...props} ties={ties} />
        </div>
      )}
    </Field>
  );
}

interface TokenInputProps extends TokensProps {
  readonly ties: { readonly id: string; readonly "aria-describedby": string | undefined };
}

function TokenInput({ tokens, onChange, suggest, placeholder, label, ties }: TokenInputProps) {
  const [text, setText] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const listId = useId();
  const shown = isOpen ? suggest(text) : [];
  const optionId = (index: number) => `${listId}-${index}`;

  const add = (typed: string) => {
    const added = typed.split(/[\s,]+/).filter((word) => word !== "" && !tokens.includes(word));
    if (added.length > 0) onChange([...tokens, ...new Set(added)]);
    setText("");
    setActive(-1);
  };
  const move = (step: number) => {
    setOpen(true);
    const count = suggest(text).length;
    // One place more than there are suggestions: none chosen, only what is typed.
    setActive(((active + 1 + step + count + 1) % (count + 1)) - 1);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const chosen = shown[active]?.value ?? text.trim();
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter" && chosen !== "") add(chosen);
    else if (event.key === "," && text.trim() !== "") add(text);
    else if (event.key === "Escape" && isOpen) setOpen(false);
    else if (event.key === "Backspace" && text === "") return onChange(tokens.slice(0, -1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <input
        {...ties}
        class="tokens-input"
        role="combobox"
        aria-expanded={shown.length > 0}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={shown[active] === undefined ? undefined : optionId(active)}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        placeholder={tokens.length === 0 ? placeholder : ""}
        value={text}
        onKeyDown={onKeyDown}
        onInput={({ currentTarget: { value } }) => {
          if (/[\s,]/.test(value)) return add(value);
          setText(value);
          setOpen(true);
          setActive(-1);
        }}
        onClick={() => setOpen(true)}
        onBlur={() => {
          setOpen(false);
          add(text);
        }}
      />
      <Suggestions
        {...{ listId, shown, active, optionId, label }}
        onChoose={(value) => add(value)}
      />
    </>
  );
}

interface SuggestionsProps {
  readonly listId: string;
  readonly label: string;
  readonly shown: readonly Suggestion[];
  readonly active: number;
  readonly optionId: (index: number) => string;
  readonly onChoose: (value: string) => void;
}

function Suggestions({ listId, label, shown, active, optionId, onChoose }: SuggestionsProps) {
  return (
    <>
      <div
        id={listId}
        class="suggestions"
        role="listbox"
        aria-label={`${label}: suggestions`}
        hidden={shown.length === 0}
      >
        {shown.map(({ value, note }, index) => (
          // The focus stays in the input, whose keys choose among these.
          // biome-ignore lint/a11y/useKeyWithClickEvents: as said.
          // biome-ignore lint/a11y/useFocusableInteractive: as said.
          <div
            key={value}
            ref={(element) => {
              if (index === active) element?.scrollIntoView({ block: "nearest" });
            }}
            id={optionId(index)}
            role="option"
            aria-selected={index === active}
            // The input keeps the focus, so that leaving it means that one has finished.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => onChoose(value)}
          >
            <code>{value}</code>
            <span class="quiet">{note}</span>
          </div>
        ))}
      </div>
      <span class="visually-hidden" role="status">
        {shown.length > 0 && `${shown.length} suggestions`}
      </span>
    </>
  );
}
