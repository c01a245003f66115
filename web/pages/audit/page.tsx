import "./audit.css";

import { session } from "../../session/session.ts";
import type { PageProps } from "../../shell/pages.ts";
import { place } from "../../shell/place.ts";
import { Button } from "../../ui/button.tsx";
import { Empty, ErrorNote, Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EntryView } from "./entry-view.tsx";
import { FilterForm } from "./filter-form.tsx";
import { choiceOf, wants } from "./filtering.ts";
import { type AuditLog, useAuditLog } from "./use-audit-log.ts";
import { type Names, useNames } from "./use-names.ts";
import { Verify } from "./verify-section.tsx";

export function Page(_props: PageProps) {
  const log = useAuditLog();
  const names = useNames(log.entries);
  return (
    <div class="page">
      <PageHead
        title="Audit log"
        lead={`Who changed what at ${session.value?.key.tenant.name ?? "the tenant"}, newest first. The relay keeps 10,000 entries.`}
        actions={<Button onClick={log.reload}>Reload</Button>}
      />
      {log.error !== null && <ErrorNote message={log.error} onRetry={log.retry} />}
      {log.entries === null && log.error === null && <Loading what="The audit log" />}
      {log.entries !== null && log.entries.length === 0 && (
        <Empty title="Nothing was changed yet">
          <p>Every change of keys, sources, routes and settings will be here, with who made it.</p>
        </Empty>
      )}
      {log.entries !== null && log.entries.length > 0 && <Entries log={log} names={names} />}
    </div>
  );
}

function Entries({ log, names }: { readonly log: AuditLog; readonly names: Names }) {
  const entries = log.entries ?? [];
  const choice = choiceOf(place.value.query);
  const shown = entries.filter((entry) => wants(choice, entry, names));
  const isAll = shown.length === entries.length;
  return (
    <>
      <FilterForm entries={entries} choice={choice} names={names} />
      <p class="quiet" role="status">
        {isAll
          ? `${entries.length} entries`
          : `${shown.length} of ${entries.length} loaded entries`}
        {log.hasMore ? "; there are older ones" : "; that is the whole log"}.
      </p>
      {shown.length === 0 ? (
        <Empty title="None of the loaded entries fits">
          <p>{log.hasMore ? "Older ones may: load more." : "There are no others."}</p>
        </Empty>
      ) : (
        <ol class="audit" aria-label="Entries, newest first">
          {shown.map((entry) => (
            <EntryView key={entry.number} entry={entry} names={names} />
          ))}
        </ol>
      )}
      {log.hasMore && (
        <div class="row">
          <Button isBusy={log.isLoading} onClick={() => log.loadMore(1)}>
            Load more
          </Button>
          <Button kind="quiet" isDisabled={log.isLoading} onClick={() => log.loadMore(50)}>
            Load all
          </Button>
        </div>
      )}
      <Verify
        key={`${entries[0]?.hash} ${entries.length}`}
        entries={entries}
        isWhole={!log.hasMore}
      />
    </>
  );
}
