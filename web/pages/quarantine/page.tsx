import "./quarantine.css";

import { useEffect, useState } from "preact/hooks";

import type { QuarantinedWebhook, Source } from "../../api/answers.ts";
import { useList } from "../../api/use-resource.ts";
import { recent } from "../../live/recent.ts";
import { isAdmin } from "../../session/session.ts";
import type { PageProps } from "../../shell/pages.ts";
import { place, replaceQuery } from "../../shell/place.ts";
import { amount } from "../../ui/amount.ts";
import { Empty, ErrorNote, Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { BulkBar } from "./bulk-bar.tsx";
import { EntryDialog } from "./entry-dialog.tsx";
import { EntryTable } from "./entry-table.tsx";
import { Filters } from "./filters.tsx";
import { OutcomeList } from "./outcome-list.tsx";

const ASK_EVERY_MS = 10_000;
/** More than that are not listed at once: those that are listed have to be dealt with first. */
const MAX_LISTED = 1_000;

export function Page(_props: PageProps) {
  const held = useList<QuarantinedWebhook>("/v1/quarantine", ASK_EVERY_MS);
  const sources = useList<Source>("/v1/sources");
  useReloadOnNotice(held.reload);
  const nameOf = (id: string) => sources.data?.find((source) => source.id === id)?.name ?? id;
  const entries = held.data;
  return (
    <div class="page">
      <PageHead
        title={entries === null ? "Quarantine" : `Quarantine (${countOf(entries)})`}
        lead="Webhooks that were signed and could not be relayed. Nothing is lost here until somebody discards it or it is older than what is kept."
      />
      {held.error !== null && <ErrorNote message={held.error} onRetry={held.reload} />}
      {entries === null && held.error === null && <Loading what="Quarantine" />}
      <OutcomeList />
      {entries?.length === 0 && (
        <Empty title="Nothing is held">
          <p>
            Every webhook that verified could be relayed. There is nothing to do: whatever comes
            shows here by itself, and <code>relay.quarantine.added</code> tells of it.
          </p>
        </Empty>
      )}
      {entries !== null && entries.length > 0 && (
        <Held entries={entries} nameOf={nameOf} reload={held.reload} />
      )}
    </div>
  );
}

interface HeldProps {
  readonly entries: readonly QuarantinedWebhook[];
  readonly nameOf: (source: string) => string;
  readonly reload: () => Promise<void>;
}

function Held({ entries, nameOf, reload }: HeldProps) {
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const { query } = place.value;
  const reason = query.get("reason");
  const source = query.get("source");
  const shown = entries.filter(
    (entry) =>
      (reason === null || entry.reason === reason) && (source === null || entry.source === source),
  );
  const chosen = shown.filter(({ id }) => picked.has(id));
  const open = query.get("entry");
  return (
    <>
      <Filters entries={entries} nameOf={nameOf} shownCount={shown.length} />
      {isAdmin() && chosen.length > 0 && (
        <BulkBar
          entries={chosen}
          onDone={async () => {
            setPicked(new Set());
            await reload();
          }}
        />
      )}
      <EntryTable
        {...{ entries: shown, nameOf, picked }}
        onPick={setPicked}
        onOpen={(id) => replaceQuery({ entry: id })}
      />
      {open !== null && (
        <EntryDialog
          key={open}
          id={open}
          nameOf={nameOf}
          reload={reload}
          onClose={() => replaceQuery({ entry: null })}
        />
      )}
    </>
  );
}

function countOf(entries: readonly unknown[]): string {
  return entries.length >= MAX_LISTED ? `${amount(MAX_LISTED)} or more` : amount(entries.length);
}

/** The relay tells of the first one in ten minutes at once; asking now and then finds the others. */
function useReloadOnNotice(reload: () => Promise<void>): void {
  const last = recent
    .lines()
    .findLast((line) => line.kind === "event" && line.event.type === "relay.quarantine.added");
  const number = last?.number ?? null;
  useEffect(() => {
    if (number !== null) void reload();
  }, [number, reload]);
}
