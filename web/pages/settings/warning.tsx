import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";

/** What a change of the settings will do that is hard or impossible to take back. */
export function Warning({
  days,
  isShutOut,
  isBusy,
  onSave,
  onClose,
}: {
  /** Null when retention does not become shorter. */
  readonly days: number | null;
  readonly isShutOut: boolean;
  readonly isBusy: boolean;
  readonly onSave: () => void;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title="Save these settings?" onClose={onClose}>
      {days !== null && (
        <p>
          What was received more than {days === 1 ? "a day" : `${days} days`} ago is deleted soon
          and cannot be brought back. Routes that still owe some of it get a gap; dead letters of it
          can only be read and discarded.
        </p>
      )}
      {isShutOut && (
        <p>
          This console is shut out: its live stream ends and it can change nothing any more, not
          even this. A program with an admin key can, by <code>PATCH /v1/settings</code>.
        </p>
      )}
      <div class="row row-end">
        <Button onClick={onClose}>Leave it</Button>
        <Button kind="danger" isBusy={isBusy} onClick={onSave}>
          Save the settings
        </Button>
      </div>
    </Dialog>
  );
}
