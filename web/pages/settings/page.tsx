import type { Settings } from "../../api/answers.ts";
import { useResource } from "../../api/use-resource.ts";
import { isAdmin } from "../../session/session.ts";
import type { PageProps } from "../../shell/pages.ts";
import { ErrorNote, Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { SettingsForm } from "./settings-form.tsx";

export function Page(_props: PageProps) {
  const settings = useResource<Settings>("/v1/settings");
  const { data, error, reload } = settings;
  return (
    <div class="page">
      <PageHead title="Settings" lead="What holds for the tenant as a whole." />
      {error !== null && <ErrorNote message={error} onRetry={reload} />}
      {data === null && error === null && <Loading what="Settings" />}
      {data !== null && isAdmin() && (
        <SettingsForm key={JSON.stringify(data)} present={data} onSaved={reload} />
      )}
      {data !== null && !isAdmin() && <Shown settings={data} />}
    </div>
  );
}

function Shown({ settings: { retentionDays, allowedOrigins } }: { readonly settings: Settings }) {
  return (
    <dl class="card facts">
      <dt>Events are kept for</dt>
      <dd>{retentionDays === 1 ? "1 day" : `${retentionDays} days`}</dd>
      <dt>Web pages that may come</dt>
      <dd>
        {allowedOrigins.length === 0
          ? "all"
          : allowedOrigins.map((origin) => (
              <div key={origin}>
                <code>{origin}</code>
              </div>
            ))}
      </dd>
    </dl>
  );
}
