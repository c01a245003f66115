import "./feed.css";

import { useState } from "preact/hooks";

import type { RelayedEvent } from "../../../client/client.ts";
import type { Filter } from "../../../src/domain/filter.ts";
import type { FeedLine } from "../../live/recent.ts";
import type { PageProps } from "../../shell/pages.ts";
import { place, replaceQuery } from "../../shell/place.ts";
import { amount } from "../../ui/amount.ts";
import { Button } from "../../ui/button.tsx";
import { FilterEditor } from "../../ui/filter-editor.tsx";
import { describeFilter, isEmptyFilter, parseFilter } from "../../ui/filter-editor-reading.ts";
import { ErrorNote } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { VirtualList } from "../../ui/virtual-list.tsx";
import { FeedRow } from "./feed-row.tsx";
import { FeedState } from "./feed-state.tsx";
import { Inspector } from "./inspector.tsx";
import { type Feed, useFeed } from "./use-feed.ts";

const ROW_HEIGHT = 36;

/** Every event of the tenant as it comes, and back from there. */
export function Page(_props: PageProps) {
  const filter = parseFilter(place.value.query.get("filter") ?? "{}") ?? {};
  const feed = useFeed(filter);
  return (
    <div class="page">
      <PageHead
        title="Live feed"
        lead="All events, newest first. Scrolling down holds the list where it is; nothing is lost meanwhile."
        actions={<FollowButtons feed={feed} />}
      />
      <FilterPart filter={filter} />
      <FeedState feed={feed} />
      {feed.backlog.error !== null && (
        <ErrorNote message={feed.backlog.error} onRetry={feed.backlog.loadMore} />
      )}
      <FeedList feed={feed} isFiltered={!isEmptyFilter(filter)} />
    </div>
  );
}

function FollowButtons({ feed }: { readonly feed: Feed }) {
  if (feed.hold === null) return <Button onClick={() => feed.keep("paused")}>Pause</Button>;
  return (
    <Button kind="primary" onClick={feed.follow}>
      {feed.waiting === 0 ? "Follow" : `Follow (${amount(feed.waiting)} new)`}
    </Button>
  );
}

function FilterPart({ filter }: { readonly filter: Filter }) {
  const isEmpty = isEmptyFilter(filter);
  const change = (filter: Filter) =>
    replaceQuery({ filter: isEmptyFilter(filter) ? null : JSON.stringify(filter) });
  return (
    <details class="card feed-filter" open={!isEmpty}>
      <summary>
        Filter: <span class="quiet">{describeFilter(filter)}</span>
      </summary>
      <FilterEditor value={filter} onChange={change} />
      {!isEmpty && (
        <div class="row">
          <Button onClick={() => change({})}>Show everything</Button>
        </div>
      )}
    </details>
  );
}

function FeedList({ feed, isFiltered }: { readonly feed: Feed; readonly isFiltered: boolean }) {
  const [opened, setOpened] = useState<{ number: number; event: RelayedEvent } | null>(null);
  const { lines, backlog, hold } = feed;
  const open = (line: FeedLine) => {
    if (line.kind !== "event") return;
    setOpened(opened?.event === line.event ? null : { number: line.number, event: line.event });
    // What is being read must not move away.
    if (hold === null) feed.keep("scrolled");
  };
  const onScroll = (isAtEnd: boolean, isAtStart: boolean) => {
    if (isAtEnd && backlog.hasMore) backlog.loadMore();
    if (hold === null && !isAtStart) feed.keep("scrolled");
    if (hold === "scrolled" && isAtStart && opened === null) feed.follow();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") setOpened(null);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") moveFocus(event);
  };
  if (lines.length === 0) {
    return (
      <p class="empty">
        {backlog.isLoading
          ? "Loading …"
          : isFiltered
            ? "No event that is kept passes this filter. Those that will are shown as they come."
            : "No events yet. They are shown as they come."}
      </p>
    );
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the rows within.
    <div class={opened === null ? "feed" : "feed feed-opened"} onKeyDown={onKeyDown}>
      <VirtualList
        items={lines}
        keyOf={(line) =>
          line.kind === "event" ? `${line.event.station} ${line.event.seq}` : line.number
        }
        rowHeight={ROW_HEIGHT}
        label="Events"
        onScroll={onScroll}
        row={(line) => (
          <FeedRow
            line={line}
            isOpen={line.kind === "event" && line.event === opened?.event}
            onOpen={open}
          />
        )}
      />
      {opened !== null && <Inspector event={opened.event} onClose={() => setOpened(null)} />}
    </div>
  );
}

/** From row to row, as in a list of messages. */
function moveFocus(event: KeyboardEvent): void {
  const row = document.activeElement?.closest(".virtual-row");
  if (row === null || row === undefined) return;
  const isDown = event.key === "ArrowDown";
  const sibling = isDown ? row.nextElementSibling : row.previousElementSibling;
  const next = sibling?.querySelector("button");
  if (next === null || next === undefined) return;
  event.preventDefault();
  next.focus();
}
