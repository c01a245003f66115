import { useState } from "preact/hooks";

import type { Route } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { goTo, linkTo } from "../../shell/place.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmButton } from "../../ui/confirm-button.tsx";
import { useAction } from "../../ui/use-action.ts";
import { healthOf } from "./health.tsx";
import { RotateSecret } from "./rotate-secret.tsx";
import { TestRoute } from "./test-route.tsx";

/** What an admin may do with a route. */
export function RouteActions({
  route,
  etag,
  onChange,
}: {
  readonly route: Route;
  readonly etag: string | null;
  readonly onChange: () => Promise<void>;
}) {
  const { id, name } = route;
  const [dialog, setDialog] = useState<"test" | "rotate" | null>(null);
  const close = () => setDialog(null);
  const path = `/v1/routes/${id}`;
  const resume = useAction(async () => {
    await relay.post(`${path}/resume`);
    await onChange();
  }, "The route is resumed: each lane goes on where it stood.");
  const health = healthOf(route);
  const isStopped = health === "paused" || health === "disabled";
  return (
    <>
      <Button onClick={() => setDialog("test")}>Test</Button>
      <a class="button" href={linkTo(["routes", id, "edit"])}>
        Change
      </a>
      {isStopped ? (
        <Button kind="primary" isBusy={resume.isRunning} onClick={() => void resume.run()}>
          Resume
        </Button>
      ) : (
        <ConfirmButton
          kind="plain"
          title={`Pause ${name}?`}
          consequence="Nothing more is sent to it until somebody resumes it. Events are kept, as long as the stations' logs hold them."
          verb="Pause it"
          done="The route is paused."
          act={async () => {
            await relay.post(`${path}/pause`);
            await onChange();
          }}
        >
          Pause
        </ConfirmButton>
      )}
      <a class="button" href={linkTo(["replays", "new"], { route: id })}>
        Replay
      </a>
      <Button onClick={() => setDialog("rotate")}>Rotate secret</Button>
      <ConfirmButton
        title={`Delete ${name}?`}
        consequence="The route goes with its dead letters, and its replays end. What it has not delivered yet is not delivered. This cannot be taken back."
        verb="Delete it"
        done="The route is deleted."
        act={async () => {
          await relay.delete(path, etag);
          goTo(["routes"]);
        }}
      >
        Delete
      </ConfirmButton>
      {dialog === "test" && <TestRoute id={id} onClose={close} />}
      {dialog === "rotate" && <RotateSecret id={id} onClose={close} onChange={onChange} />}
    </>
  );
}
