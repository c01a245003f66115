import type { Source } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { isAdmin } from "../../session/session.ts";
import { goTo } from "../../shell/place.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmButton } from "../../ui/confirm-button.tsx";
import { useAction } from "../../ui/use-action.ts";
import type { ShownSource } from "./source-view.tsx";

/** Nothing for readers. */
export function SourceActions({ tagged, reload }: ShownSource) {
  const { value: source, etag } = tagged;
  const path = `/v1/sources/${source.id}`;
  const setEnabled = async (enabled: boolean) => {
    await relay.patch<Source>(path, { enabled }, etag);
    await reload();
  };
  const enable = useAction(() => setEnabled(true), "The source is enabled.");
  if (!isAdmin()) return null;
  return (
    <>
      {source.enabled ? (
        <ConfirmButton
          kind="plain"
          title={`Disable ${source.name}?`}
          consequence={
            <p>
              Its webhooks are answered with 404 from now on, and eDRV disables an endpoint that
              keeps failing: it may have to be enabled there again, too.
            </p>
          }
          verb="Disable the source"
          done="The source is disabled."
          act={() => setEnabled(false)}
        >
          Disable
        </ConfirmButton>
      ) : (
        <Button kind="primary" isBusy={enable.isRunning} onClick={() => void enable.run()}>
          Enable
        </Button>
      )}
      <ConfirmButton
        title={`Delete ${source.name}?`}
        consequence={
          <p>
            Its URL is answered with 404 for good, and its secrets are gone. Events that it has
            brought stay. Remove the endpoint at eDRV first.
          </p>
        }
        verb="Delete the source"
        done="The source is deleted."
        act={async () => {
          await relay.delete(path, etag);
          goTo(["sources"]);
        }}
      >
        Delete
      </ConfirmButton>
    </>
  );
}
