import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import type { QuarantinedBody } from "../../api/answers.ts";
import { ApiError } from "../../api/api.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/notes.tsx";
import { toast } from "../../ui/toasts.tsx";
import { useSubmit } from "../../ui/use-submit.ts";
import { release } from "./bulk.ts";
import { reasonWords } from "./reasons.ts";
import { StationField } from "./station-field.tsx";

/** Makes an event of it. A release that was begun and broke off goes to the same station again. */
export function ReleaseForm({
  entry,
  onDone,
  discardButton,
}: {
  readonly entry: QuarantinedBody;
  readonly onDone: () => Promise<void>;
  readonly discardButton: ComponentChildren;
}) {
  const words = reasonWords(entry.reason);
  const [station, setStation] = useState(entry.releasing ?? "");
  const form = useSubmit(["station"], async () => {
    try {
      toast(await release(entry.id, station.trim()));
    } catch (error) {
      throw atStation(error);
    }
    await onDone();
  });
  return (
    <form class="stack" onSubmit={form.onSubmit}>
      <p class="note note-info">{words.release}</p>
      {entry.releasing !== null && (
        <p class="note note-warn">
          Its release to {entry.releasing} was begun and did not end. Repeat it: it comes once. No
          other station can have it any more.
        </p>
      )}
      {form.error !== null && <ErrorNote message={form.error} />}
      <StationField
        value={station}
        onValue={setStation}
        isRequired={words.needsStation}
        isDisabled={entry.releasing !== null}
        error={form.errorAt("station")}
      />
      <div class="row row-end">
        {discardButton}
        <Button kind="primary" type="submit" isBusy={form.isRunning}>
          Release
        </Button>
      </div>
    </form>
  );
}

/** That there is no such station is told where it was named. */
function atStation(error: unknown): unknown {
  if (!(error instanceof ApiError) || error.status !== 404) return error;
  if (!error.message.includes("station")) return error;
  const issues = [{ path: "station", message: error.message }];
  return new ApiError(error.status, { detail: error.message, issues });
}
