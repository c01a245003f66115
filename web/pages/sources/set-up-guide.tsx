import type { Refusals } from "../../api/answers.ts";
import { isAdmin } from "../../session/session.ts";
import { CopyText } from "../../ui/copy.tsx";
import { AddSecret } from "./add-secret.tsx";
import { Hearing } from "./hearing.tsx";
import type { ShownSource } from "./source-view.tsx";

/** What to do at eDRV; ends with whether it has worked. */
export function SetUpGuide({
  tagged,
  reload,
  refusal,
  isOpen,
}: ShownSource & { readonly refusal: Refusals | null; readonly isOpen: boolean }) {
  const source = tagged.value;
  return (
    <details class="card guide" open={isOpen}>
      <summary>
        <h2>Set it up at eDRV</h2>
      </summary>
      <ol class="guide-steps">
        <li>
          In eDRV's dashboard open <strong>Developers → Webhooks</strong> and create a new endpoint.
        </li>
        <li>
          <p>Enter this URL:</p>
          <CopyText text={location.origin + source.ingestPath} what="the URL for eDRV" />
        </li>
        <li>
          Enter an e-mail address for alerts. eDRV disables an endpoint that keeps failing, and says
          so there.
        </li>
        <li>
          Choose the events. All of them is a good choice: routes and subscribers filter for
          themselves, and types that eDRV adds later are relayed as well.
        </li>
        <li>
          <p>
            Copy the signing secret: in the <strong>Webhook</strong> tab of the admin panel, the
            edit icon of the endpoint, then the eye icon. Each endpoint has a secret of its own.
          </p>
          {isAdmin() && <AddSecret source={source} reload={reload} verb="Paste the secret here" />}
        </li>
        <li>
          <p>Let a station do something, and see it arrive:</p>
          <Hearing source={source} refusal={refusal} />
        </li>
      </ol>
    </details>
  );
}
