import { useMemo, useState } from "preact/hooks";

import type { Filter } from "../../../src/domain/filter.ts";
import { type FeedLine, recent } from "../../live/recent.ts";
import { isJoined, lineMatcher, olderLines } from "./matching.ts";
import { type Backlog, useBacklog } from "./use-backlog.ts";

/** Why the list stands still: a person paused it, or is looking further down. */
export type Hold = "paused" | "scrolled";

export interface Feed {
  /** Newest first. */
  readonly lines: readonly FeedLine[];
  /** How many lines were looked at for them. */
  readonly lookedAt: number;
  readonly hold: Hold | null;
  /** Lines that the filter lets pass and that came since the list stands still. */
  readonly waiting: number;
  readonly backlog: Backlog;
  /** There are older events than those shown, as far as is known. */
  readonly hasOlder: boolean;
  readonly loadOlder: () => void;
  /** The list stands still from here on. */
  readonly keep: (hold: Hold) => void;
  /** The list goes with the newest again. */
  readonly follow: () => void;
}

const NONE: readonly never[] = [];

interface Held {
  readonly hold: Hold;
  readonly lines: readonly FeedLine[];
}

/**
 * The newest lines and what the relay keeps from before. While it stands still it shows what was
 * there, whatever comes; nothing of that is lost, since following goes on from all lines.
 */
export function useFeed(filter: Filter): Feed {
  const key = JSON.stringify(filter);
  const passes = useMemo(() => lineMatcher(filter), [key]);
  const backlog = useBacklog(filter);
  const [held, setHeld] = useState<Held | null>(null);

  const all = recent.lines();
  const base = held?.lines ?? all;
  const newest = base.at(-1)?.number ?? 0;
  const waiting =
    held === null ? 0 : all.filter((line) => line.number > newest && passes(line)).length;
  const isWhole = isJoined(backlog.loadedAt, base);
  const older = isWhole ? backlog.events : NONE;
  const lines = useMemo(() => {
    const shown = base.filter(passes).reverse();
    return [...shown, ...olderLines(older, base)];
  }, [base, passes, older]);

  const loadOlder = () => {
    if (isWhole) return backlog.loadMore();
    // What is loaded now joins the lines of now, which therefore stay.
    setHeld({ hold: held?.hold ?? "scrolled", lines: base });
    backlog.restart();
  };

  return {
    lines,
    lookedAt: base.length + lines.filter(({ number }) => number <= 0).length,
    hold: held?.hold ?? null,
    waiting,
    backlog,
    hasOlder: backlog.hasMore || !isWhole,
    loadOlder,
    keep: (hold) => setHeld({ hold, lines: base }),
    follow: () => setHeld(null),
  };
}
