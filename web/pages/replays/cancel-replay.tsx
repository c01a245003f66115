import { relay } from "../../api/relay.ts";
import { ConfirmButton } from "../../ui/confirm-button.tsx";

export function CancelReplay({
  id,
  onChange,
}: {
  readonly id: string;
  readonly onChange: () => Promise<void>;
}) {
  return (
    <ConfirmButton
      label={`Cancel replay ${id}`}
      title="Cancel this replay?"
      consequence="Nothing more is sent but the requests in flight. What was delivered stays delivered. It cannot be taken up again: a new replay begins from its start."
      verb="Cancel the replay"
      done="The replay is cancelled."
      act={async () => {
        await relay.delete(`/v1/replays/${id}`);
        await onChange();
      }}
    >
      Cancel
    </ConfirmButton>
  );
}
