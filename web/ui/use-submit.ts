import { useState } from "preact/hooks";

import { ApiError } from "../api/api.ts";
import { messageOf } from "../api/use-resource.ts";

export interface Submit {
  /** For `onSubmit`. Afterwards the first field that is wrong has the focus. */
  readonly onSubmit: (event: Event) => void;
  readonly isRunning: boolean;
  /** What the relay says is wrong with a field of the request. */
  readonly errorAt: (path: string) => string | null;
  /** What is wrong and belongs to none of the fields. */
  readonly error: string | null;
}

/** A form that calls the relay: its errors are shown where they belong. `fields` are the paths shown. */
export function useSubmit(fields: readonly string[], act: () => Promise<unknown>): Submit {
  const [isRunning, setRunning] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const issues = failure instanceof ApiError ? failure.issues : [];
  const errorAt = (field: string) =>
    issues.find(({ path }) => path === field || path.startsWith(`${field}.`))?.message ?? null;

  const onSubmit = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget;
    setRunning(true);
    setFailure(null);
    try {
      await act();
    } catch (error) {
      setFailure(error);
      requestAnimationFrame(() => focusWrong(form));
    }
    setRunning(false);
  };
  const isShown = fields.some((field) => errorAt(field) !== null);
  return {
    onSubmit: (event) => void onSubmit(event),
    isRunning,
    errorAt,
    error: failure === null || isShown ? null : messageOf(failure),
  };
}

function focusWrong(form: EventTarget | null): void {
  if (!(form instanceof HTMLFormElement)) return;
  const wrong = form.querySelector('[aria-invalid="true"]');
  if (wrong instanceof HTMLElement) wrong.focus();
}
