import { Button } from "../../../ui/button.tsx";
import type { HeaderDraft } from "./draft.ts";
import type { FieldsProps } from "./fields.tsx";
import { useIssue } from "./inputs.tsx";

/** Headers sent with every request. Those that are there stay, or are all set anew. */
export function HeaderFields({ draft: { headers }, set, knownHeaders }: FieldsProps) {
  const error = useIssue("headers");
  const known = knownHeaders ?? [];
  const change = (at: number, part: Partial<HeaderDraft>) =>
    set({
      headers: (headers ?? []).map((header, index) =>
        index === at ? { ...header, ...part } : header,
      ),
    });
  return (
    <div class="stack">
      <strong>Headers</strong>
      {headers === null ? (
        <p class="row">
          <span>
            Sent with every request: <code>{known.join(", ")}</code>. Their values are not shown.
          </span>
          <Button
            kind="quiet"
            onClick={() => set({ headers: known.map((name) => ({ name, value: "" })) })}
          >
            Set all anew
          </Button>
        </p>
      ) : (
        <>
          {headers.map(({ name, value }, at) => (
            <div class="header-row" key={at}>
              <input
                aria-label={`Name of header ${at + 1}`}
                aria-invalid={error !== null}
                placeholder="x-team"
                autocomplete="off"
                spellcheck={false}
                value={name}
                onInput={(event) => change(at, { name: event.currentTarget.value })}
              />
              <input
                aria-label={`Value of header ${at + 1}`}
                placeholder="value"
                autocomplete="off"
                spellcheck={false}
                value={value}
                onInput={(event) => change(at, { value: event.currentTarget.value })}
              />
              <Button
                kind="quiet"
                label={`Remove header ${at + 1}`}
                onClick={() => set({ headers: headers.filter((_, index) => index !== at) })}
              >
                Remove
              </Button>
            </div>
          ))}
          <div class="row">
            <Button onClick={() => set({ headers: [...headers, { name: "", value: "" }] })}>
              Add a header
            </Button>
            {known.length > 0 && (
              <Button kind="quiet" onClick={() => set({ headers: null })}>
                Leave them as they are
              </Button>
            )}
          </div>
        </>
      )}
      {error !== null && (
        <small class="field-error" role="alert">
          {error}
        </small>
      )}
    </div>
  );
}
