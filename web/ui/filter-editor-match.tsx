import { FIELD_OPERATORS, GROUP_OPERATORS } from "../../src/domain/match.ts";
import { Field } from "./field.tsx";

const EXAMPLES = [
  ["Sessions that have ended", '{"data.status": "Ended"}'],
  ["One of several values", '{"data.status": {"$in": ["Started", "Ended"]}}'],
  ["Any connector with a fault", '{"data.connectors.status": "Faulted"}'],
  ["A number above a bound", '{"data.duration": {"$gt": 3600}}'],
  ["A field that must be there", '{"data.user": {"$exists": true}}'],
  ["Either of two", '{"$or": [{"data.online": false}, {"data.active": false}]}'],
] as const;

const PLACEHOLDER = '{"data.status": "Started"}';
const MAX_ROWS = 14;

export interface MatchFieldProps {
  readonly text: string;
  readonly error: string | null;
  readonly onInput: (text: string) => void;
}

/** What the webhook's body must be like, as JSON. */
export function MatchField({ text, error, onInput }: MatchFieldProps) {
  const rows = Math.min(MAX_ROWS, Math.max(2, text.split("\n").length));
  return (
    <div class="filter-match">
      <Field
        label="Body matches"
        hint="A query over the webhook's body, as MongoDB has it. Blank for any body."
        error={error}
      >
        {(ties) => (
          <textarea
            {...ties}
            class="code"
            rows={rows}
            spellcheck={false}
            autocapitalize="none"
            placeholder={PLACEHOLDER}
            value={text}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
        )}
      </Field>
      <details>
        <summary>Operators and examples</summary>
        <div class="filter-help">
          <p>
            A path with dots, and a value or operators: <code>{FIELD_OPERATORS.join(" ")}</code>.
            Around whole queries: <code>{GROUP_OPERATORS.join(" ")}</code>. Paths lead into arrays;{" "}
            <code>null</code> equals what is not there; strings of ISO times compare as times.
          </p>
          <ul>
            {EXAMPLES.map(([what, example]) => (
              <li key={example}>
                <button type="button" class="button button-quiet" onClick={() => onInput(example)}>
                  {what}
                </button>
                <code>{example}</code>
              </li>
            ))}
          </ul>
        </div>
      </details>
    </div>
  );
}
