import type { Page, Refusals, Source } from "../../api/answers.ts";
import type { Tagged } from "../../api/api.ts";
import { relay } from "../../api/relay.ts";
import { useLoaded, useResource } from "../../api/use-resource.ts";
import { linkTo, place } from "../../shell/place.ts";
import { Badge } from "../../ui/badge.tsx";
import { CopyText } from "../../ui/copy.tsx";
import { ErrorNote, Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { now } from "../../ui/time.tsx";
import { Hearing } from "./hearing.tsx";
import { RefusalTable } from "./refusal-table.tsx";
import { Secrets } from "./secrets.tsx";
import { SetUpGuide } from "./set-up-guide.tsx";
import { Settings } from "./settings.tsx";
import { SourceActions } from "./source-actions.tsx";
import { standingOf } from "./words.ts";

const ASK_EVERY_MS = 4_000;
const REFUSALS_SHOWN = 50;

export function SourceView({ id }: { readonly id: string }) {
  const path = `/v1/sources/${encodeURIComponent(id)}`;
  const source = useLoaded(path, () => relay.getTagged<Source>(path), ASK_EVERY_MS);
  const refusals = useResource<Page<Refusals>>(
    `${path}/refusals?limit=${REFUSALS_SHOWN}`,
    ASK_EVERY_MS,
  );
  return (
    <div class="page">
      <p>
        <a href={linkTo(["sources"])}>All sources</a>
      </p>
      {source.data === null && <PageHead title="Source" />}
      {source.error !== null && <ErrorNote message={source.error} onRetry={source.reload} />}
      {source.data === null && source.error === null && <Loading what="The source" />}
      {source.data !== null && (
        <Shown
          tagged={source.data}
          refusals={refusals.data?.items ?? null}
          reload={source.reload}
        />
      )}
      {refusals.error !== null && source.data !== null && (
        <ErrorNote message={refusals.error} onRetry={refusals.reload} />
      )}
    </div>
  );
}

export interface ShownSource {
  readonly tagged: Tagged<Source>;
  readonly reload: () => Promise<void>;
}

function Shown({
  refusals,
  ...shown
}: ShownSource & { readonly refusals: readonly Refusals[] | null }) {
  const source = shown.tagged.value;
  const { tone, text } = standingOf(source, now.value);
  const newest = refusals?.[0] ?? null;
  const isGuided = source.lastEventAt === null || place.value.query.get("guide") === "1";
  return (
    <>
      <PageHead
        title={source.name}
        lead={<Badge tone={tone}>{text}</Badge>}
        actions={<SourceActions {...shown} />}
      />
      <section class="card stack" aria-labelledby="ingest-url">
        <h2 id="ingest-url">Ingest URL</h2>
        <CopyText text={location.origin + source.ingestPath} what="the ingest URL" />
        {!isGuided && <Hearing source={source} refusal={newest} />}
      </section>
      <SetUpGuide {...shown} refusal={newest} isOpen={isGuided} />
      <div class="grid source-cards">
        <Secrets {...shown} />
        <Settings {...shown} />
      </div>
      <div class="stack">
        <h2>Refused requests</h2>
        {refusals === null ? <Loading what="Refusals" /> : <RefusalTable refusals={refusals} />}
      </div>
    </>
  );
}
