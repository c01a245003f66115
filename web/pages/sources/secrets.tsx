import type { Source, SourceSecret } from "../../api/answers.ts";
import { relay } from "../../api/relay.ts";
import { isAdmin } from "../../session/session.ts";
import { ConfirmButton } from "../../ui/confirm-button.tsx";
import { Time } from "../../ui/time.tsx";
import { AddSecret } from "./add-secret.tsx";
import type { ShownSource } from "./source-view.tsx";

/** The secrets that are accepted now, by their last characters. */
export function Secrets({ tagged, reload }: ShownSource) {
  const source = tagged.value;
  return (
    <section class="card stack" aria-labelledby="secrets">
      <div class="card-head">
        <h2 id="secrets">Signing secrets</h2>
        {isAdmin() && <AddSecret source={source} reload={reload} verb="Add a secret" />}
      </div>
      {source.secrets.length === 0 ? (
        <p class="quiet">None: every webhook is refused until there is one.</p>
      ) : (
        <ul class="secrets">
          {source.secrets.map((secret) => (
            <li key={secret.id}>
              <Secret source={source} secret={secret} reload={reload} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Secret(props: {
  readonly source: Source;
  readonly secret: SourceSecret;
  readonly reload: () => Promise<void>;
}) {
  const { source, secret, reload } = props;
  const isLast = source.secrets.length === 1;
  return (
    <>
      <code>{secret.hint}</code>
      <span class="quiet">
        added <Time at={secret.createdAt} />,{" "}
        {secret.expiresAt === null ? (
          "does not expire"
        ) : (
          <>
            expires <Time at={secret.expiresAt} />
          </>
        )}
      </span>
      {isAdmin() && (
        <ConfirmButton
          kind="danger"
          label={`Remove the secret ${secret.hint}`}
          title={`Remove the secret ${secret.hint}?`}
          consequence={
            isLast
              ? "It is the only one: every webhook is refused from now on, until another is added."
              : "Webhooks that are signed with it are refused from now on."
          }
          verb="Remove the secret"
          done="The secret is gone."
          act={async () => {
            await relay.delete(`/v1/sources/${source.id}/secrets/${secret.id}`);
            await reload();
          }}
        >
          Remove
        </ConfirmButton>
      )}
    </>
  );
}
