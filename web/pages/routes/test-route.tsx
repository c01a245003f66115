import { useState } from "preact/hooks";

import { TEST_TYPE } from "../../../src/domain/test-event.ts";
import type { RouteTestResult } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { messageOf } from "../../api/use-resource.ts";
import { latency } from "../../ui/amount.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { OutcomeBadge } from "./outcome.tsx";

/** One attempt at the destination with a made-up event, and what came of it. */
export function TestRoute({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const [type, setType] = useState(TEST_TYPE);
  const [isBusy, setBusy] = useState(false);
  const [result, setResult] = useState<RouteTestResult | null>(null);
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setResult(null);
    setError(null);
    try {
      setResult(await relay.post<RouteTestResult>(`/v1/routes/${id}/test`, { type: type.trim() }));
    } catch (error) {
      setError(messageOf(error));
    }
    setBusy(false);
  };
  return (
    <Dialog title="Test the destination" onClose={onClose}>
      <p>
        Sends one made-up event, signed and signed in as a real one. It touches no lane and no
        health, and works while the route is paused.
      </p>
      <form class="stack" onSubmit={submit}>
        <Field label="Type of the event" error={error}>
          {(ties) => (
            <input
              {...ties}
              autocomplete="off"
              spellcheck={false}
              value={type}
              onInput={(event) => setType(event.currentTarget.value)}
            />
          )}
        </Field>
        <div class="row row-end">
          <Button kind="primary" type="submit" isBusy={isBusy}>
            Send it
          </Button>
        </div>
      </form>
      <div role="status">{result !== null && <Result result={result} />}</div>
    </Dialog>
  );
}

function Result({ result }: { readonly result: RouteTestResult }) {
  return (
    <div class="stack">
      <dl class="facts">
        <dt>Result</dt>
        <dd>
          <OutcomeBadge attempt={result} />
        </dd>
        <dt>Took</dt>
        <dd>{latency(result.latencyMs)}</dd>
        <dt>Answer</dt>
        <dd>
          {result.snippet === "" ? (
            <span class="quiet">without a body</span>
          ) : (
            <pre class="snippet">{result.snippet}</pre>
          )}
        </dd>
      </dl>
    </div>
  );
}
