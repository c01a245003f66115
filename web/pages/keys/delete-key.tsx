import type { Key } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { session, signOut } from "../../session/session.ts";
import { ConfirmButton } from "../../ui/confirm-button.tsx";

/** Deletes a key, but for the only one that could make others: nobody could change anything then. */
export function DeleteKey({
  apiKey,
  all,
  onDone,
}: {
  readonly apiKey: Key;
  readonly all: readonly Key[];
  readonly onDone: () => Promise<void>;
}) {
  const { id, name, role } = apiKey;
  const isOwn = session.value?.key.id === id;
  const admins = all.filter((key) => key.role === "admin");
  if (role === "admin" && admins.length === 1) {
    return <span class="quiet">the only admin key</span>;
  }
  return (
    <ConfirmButton
      kind="danger"
      label={`Delete the key ${name}`}
      title={`Delete the key ${name}?`}
      verb="Delete the key"
      done={`The key ${name} is deleted.`}
      consequence={
        <div class="stack">
          <p>
            Whoever uses it is refused from now on: its streams close, and the tokens and tickets
            that were made with it end. It cannot be brought back.
          </p>
          {isOwn && (
            <p class="note note-warn">
              You are signed in with this key. You will be signed out at once, so have another one
              at hand.
            </p>
          )}
        </div>
      }
      act={async () => {
        await relay.delete(`/v1/keys/${encodeURIComponent(id)}`);
        if (isOwn) signOut("You have deleted the key that you were signed in with.");
        else void onDone();
      }}
    >
      Delete
    </ConfirmButton>
  );
}
