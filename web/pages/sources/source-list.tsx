import type { Source } from "../../api/answers.ts";
import { useList } from "../../api/use-resource.ts";
import { isAdmin } from "../../session/session.ts";
import { linkTo, place, replaceQuery } from "../../shell/place.ts";
import { SimulatorCard } from "../../simulator/simulator-card.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Empty, ErrorNote, Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { now, Time } from "../../ui/time.tsx";
import { CreateSource } from "./create-source.tsx";
import { standingOf } from "./words.ts";

const ASK_EVERY_MS = 5_000;

export function SourceList() {
  const sources = useList<Source>("/v1/sources", ASK_EVERY_MS);
  const isCreating = isAdmin() && place.value.query.get("new") === "1";
  const create = isAdmin() && (
    <Button kind="primary" onClick={() => replaceQuery({ new: "1" })}>
      Create a source
    </Button>
  );
  return (
    <div class="page">
      <PageHead
        title="Sources"
        lead="Where eDRV's webhooks arrive: one address and its signing secrets for each webhook endpoint at eDRV."
        actions={sources.data?.length === 0 ? undefined : create}
      />
      {sources.error !== null && <ErrorNote message={sources.error} onRetry={sources.reload} />}
      {sources.data === null && sources.error === null && <Loading what="Sources" />}
      {sources.data?.length === 0 && (
        <Empty title="No source yet">
          <p>
            A source is an address for eDRV to post to. Create one, then follow its guide to set up
            the webhook at eDRV.
          </p>
          {create}
        </Empty>
      )}
      {sources.data !== null && sources.data.length > 0 && <Sources sources={sources.data} />}
      <SimulatorCard />
      {isCreating && <CreateSource onClose={() => replaceQuery({ new: null })} />}
    </div>
  );
}

function Sources({ sources }: { readonly sources: readonly Source[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it.
    <section class="table-box" tabIndex={0} aria-label="Sources">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Last event</th>
            <th scope="col">Scheme seen</th>
            <th scope="col">Secrets</th>
          </tr>
        </thead>
        <tbody>
          {sources.map((source) => (
            <Row key={source.id} source={source} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ source }: { readonly source: Source }) {
  const { tone, text } = standingOf(source, now.value);
  return (
    <tr>
      <td>
        <a href={linkTo(["sources", source.id])}>{source.name}</a>
      </td>
      <td>
        <Badge tone={tone}>{text}</Badge>
      </td>
      <td>
        <Time at={source.lastEventAt} />
      </td>
      <td>{source.schemeSeen ?? <span class="quiet">none yet</span>}</td>
      <td>{source.secrets.length}</td>
    </tr>
  );
}
