import "./feed.css";

import { useRef, useState } from "preact/hooks";

import type { RelayedEvent } from "../../../client/client.ts";
import type { Filter } from "../../../src/domain/filter.ts";
import type { FeedLine } from "../../live/recent.ts";
import type { PageProps } from "../../shell/pages.ts";
import { linkTo, place, replaceQuery } from "../../shell/place.ts";
import { amount } from "../../ui/amount.ts";
import { Button } from "../../ui/button.tsx";
import { FilterEditor } from "../../ui/filter-editor.tsx";
import { describeFilter, isEmptyFilter, parseFilter } from "../../ui/filter-editor-reading.ts";
import { Empty, ErrorNote, Loading } from "../../ui/notes.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { VirtualList } from "../../ui/virtual-list.tsx";
import { FeedRow } from "./feed-row.tsx";
import { FeedState } from "./feed-state.tsx";
import { Inspector } from "./inspector.tsx";
import { placeOf } from "./matching.ts";
import { type Feed, useFeed } from "./use-feed.ts";

const ROW_HEIGHT = 36;
const TALL_ROW_HEIGHT = 56;
const isNarrow = () => matchMedia("(max-width: 860px)").matches;

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
        <ErrorNote message={feed.backlog.error} onRetry={feed.loadOlder} />
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
  // It stays as a person leaves it, also when they take the last part out.
  const [isOpenAtFirst] = useState(!isEmpty);
  const change = (filter: Filter) => {
    const text = JSON.stringify(filter);
    replaceQuery({ filter: text === "{}" ? null : text });
  };
  return (
    <details class="card feed-filter" open={isOpenAtFirst}>
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
  const [opened, setOpened] = useState<RelayedEvent | null>(null);
  const [isTall] = useState(isNarrow);
  const list = useRef<HTMLDivElement>(null);
  const { lines, hold } = feed;
  const open = (line: FeedLine) => {
    if (line.kind !== "event") return;
    setOpened(opened === line.event ? null : line.event);
    // What is being read must not move away.
    if (hold === null) feed.keep("scrolled");
  };
  const close = () => {
    // Back to where one was, so that the arrows go on from there.
    const row = list.current?.querySelector<HTMLElement>('[aria-expanded="true"]');
    (row ?? list.current?.querySelector<HTMLElement>(".virtual"))?.focus();
    setOpened(null);
  };
  const onScroll = (isAtEnd: boolean, isAtStart: boolean) => {
    if (isAtEnd && feed.hasOlder) feed.loadOlder();
    if (hold === null && !isAtStart) feed.keep("scrolled");
    if (hold === "scrolled" && isAtStart && opened === null) feed.follow();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && opened !== null) close();
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    if (moveFocus(event) && hold === null) feed.keep("scrolled");
  };
  if (lines.length === 0) return <NoLines feed={feed} isFiltered={isFiltered} />;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the rows within.
    <div
      ref={list}
      class={`feed ${isTall ? "feed-tall" : ""} ${opened === null ? "" : "feed-opened"}`}
      onKeyDown={onKeyDown}
    >
      <VirtualList
        items={lines}
        keyOf={(line) => (line.kind === "event" ? placeOf(line.event) : line.number)}
        rowHeight={isTall ? TALL_ROW_HEIGHT : ROW_HEIGHT}
        label="Events"
        isAtStart={hold === null}
        onScroll={onScroll}
        row={(line) => (
          <FeedRow
            line={line}
            isOpen={line.kind === "event" && line.event === opened}
            isFollowed={hold === null}
            onOpen={open}
          />
        )}
      />
      {opened !== null && <Inspector event={opened} onClose={close} />}
      <Older feed={feed} />
    </div>
  );
}

function NoLines({ feed, isFiltered }: { readonly feed: Feed; readonly isFiltered: boolean }) {
  if (feed.backlog.isLoading) return <Loading what="Looking for events" />;
  if (!isFiltered) {
    return (
      <Empty title="No events yet">
        <p>
          They are shown as they come. <a href={linkTo(["sources"])}>Sources</a> have the URL that
          eDRV sends to, and say what was refused.
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="No event passes this filter">
      <p>
        {feed.hasOlder
          ? "None of the newest does; older ones have not been looked at."
          : "None of those that are kept does."}{" "}
        Those that will are shown as they come.
      </p>
      <Older feed={feed} />
    </Empty>
  );
}

/** How far back the list goes. */
function Older({ feed }: { readonly feed: Feed }) {
  if (!feed.hasOlder)
    return <p class="quiet feed-older">The relay keeps none from before these.</p>;
  return (
    <div class="feed-older">
      <Button isBusy={feed.backlog.isLoading} onClick={feed.loadOlder}>
        Load older events
      </Button>
    </div>
  );
}

/** From row to row, as in a list of messages. False when the focus is in no row. */
function moveFocus(event: KeyboardEvent): boolean {
  const row = document.activeElement?.closest(".virtual-row");
  if (row === null || row === undefined) return false;
  const isDown = event.key === "ArrowDown";
  const sibling = isDown ? row.nextElementSibling : row.previousElementSibling;
  const next = sibling?.querySelector("button");
  event.preventDefault();
  next?.focus();
  return true;
}
