import { useState } from "preact/hooks";

import type { QuarantinedWebhook } from "../../api/answers.ts";
import { amount } from "../../ui/amount.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmButton } from "../../ui/confirm-button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { useSubmit } from "../../ui/use-submit.ts";
import { discard, doForEach, release } from "./bulk.ts";
import { reasonWords } from "./reasons.ts";
import { StationField } from "./station-field.tsx";

export interface BulkBarProps {
  readonly entries: readonly QuarantinedWebhook[];
  readonly onDone: () => Promise<void>;
}

/** What can be done with all that are selected. */
export function BulkBar({ entries, onDone }: BulkBarProps) {
  const [isReleasing, setReleasing] = useState(false);
  const count = amount(entries.length);
  const releasable = entries.filter(({ reason }) => reasonWords(reason).isReleasable);
  return (
    <section class="card row" aria-label="Selected webhooks">
      <strong>{count} selected</strong>
      <Button isDisabled={releasable.length === 0} onClick={() => setReleasing(true)}>
        Release
      </Button>
      <ConfirmButton
        label={`Discard ${count} selected`}
        title={`Discard ${count} webhooks?`}
        consequence="They are gone for good and become no events. The audit log notes each."
        verb="Discard them"
        done="Done: see what came of each."
        act={async () => {
          await doForEach(entries, ({ id }) => discard(id));
          await onDone();
        }}
      >
        Discard
      </ConfirmButton>
      {isReleasing && (
        <ReleaseDialog
          entries={releasable}
          leftOut={entries.length - releasable.length}
          onClose={() => setReleasing(false)}
          onDone={onDone}
        />
      )}
    </section>
  );
}

function ReleaseDialog({
  entries,
  leftOut,
  onClose,
  onDone,
}: BulkBarProps & { readonly leftOut: number; readonly onClose: () => void }) {
  const [station, setStation] = useState("");
  const needsStation = entries.some(({ reason }) => reasonWords(reason).needsStation);
  const form = useSubmit([], async () => {
    await doForEach(entries, ({ id }) => release(id, station.trim()));
    onClose();
    await onDone();
  });
  return (
    <Dialog title={`Release ${amount(entries.length)} webhooks?`} onClose={onClose}>
      <form class="stack" onSubmit={form.onSubmit}>
        <p>
          Each becomes an event, last in the order of its station, for every subscriber and route.
          {leftOut > 0 && ` ${amount(leftOut)} of the selected cannot be events and stay.`}
        </p>
        {needsStation && (
          <p class="note note-info">
            Some name no usable station: all of the selected go to the one named here.
          </p>
        )}
        <StationField value={station} onValue={setStation} isRequired={needsStation} error={null} />
        <div class="row row-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={form.isRunning}>
            Release them
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
