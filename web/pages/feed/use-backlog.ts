import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import type { RelayedEvent } from "../../../client/client.ts";
import type { Filter } from "../../../src/domain/filter.ts";
import type { Page } from "../../api/answers.ts";
import { withQuery } from "../../api/api.ts";
import { relay } from "../../api/relay.ts";
import { messageOf } from "../../api/use-resource.ts";
import { recent } from "../../live/recent.ts";
import { placeOf, placesOf } from "./matching.ts";

export interface Backlog {
  /** What the relay keeps from before, newest first. */
  readonly events: readonly RelayedEvent[];
  /** The number of the newest line when the first of it was asked for: it goes up to there at least. */
  readonly loadedAt: number;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly error: string | null;
  readonly loadMore: () => void;
  /** Forgets what there is, and loads anew from the newest event back. */
  readonly restart: () => void;
}

interface Loaded {
  readonly events: readonly RelayedEvent[];
  /** Where to go on back from; null at the oldest. */
  readonly before: string | null;
  readonly loadedAt: number;
}

const PAGE = 200;
/** Asked for at once at most, while they bring nothing that is not in the list already. */
const MAX_PAGES = 30;
const start = (): Loaded => ({ events: [], before: "now", loadedAt: recent.newest });

/** Events from before this page was open, a page at a time; anew for another filter. */
export function useBacklog(filter: Filter): Backlog {
  const key = JSON.stringify(filter);
  const [loaded, setLoaded] = useState<Loaded>(start);
  const [isLoading, setLoading] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const latest = useRef({ key, loaded, isLoading: false });

  const loadMore = useCallback(async () => {
    const { current } = latest;
    if (current.isLoading || current.loaded.before === null) return;
    current.isLoading = true;
    setLoading(true);
    setError(null);
    try {
      const next = await loadOlder(JSON.parse(current.key), current.loaded);
      current.loaded = next;
      if (latest.current === current) setLoaded(next);
    } catch (error) {
      if (latest.current === current) setError(messageOf(error));
    } finally {
      current.isLoading = false;
      if (latest.current === current) setLoading(false);
    }
  }, []);

  const restart = useCallback(() => {
    latest.current = { key: latest.current.key, loaded: start(), isLoading: false };
    setLoaded(latest.current.loaded);
    void loadMore();
  }, [loadMore]);

  useEffect(() => {
    latest.current.key = key;
    restart();
  }, [key, restart]);

  const { events, before, loadedAt } = loaded;
  return { events, loadedAt, hasMore: before !== null, isLoading, error, loadMore, restart };
}

/** Until there is something new: a page may hold what the stream has brought, or nothing that passes. */
async function loadOlder(filter: Filter, loaded: Loaded): Promise<Loaded> {
  const known = placesOf(recent.lines());
  let { events, before } = loaded;
  for (let pages = 0; before !== null && pages < MAX_PAGES; pages += 1) {
    const page: Page<RelayedEvent> = await relay.get(pathOf(filter, before));
    events = [...events, ...page.items];
    before = page.next;
    if (page.items.some((event) => !known.has(placeOf(event)))) break;
  }
  return { ...loaded, events, before };
}

function pathOf({ types, stations, match }: Filter, before: string): string {
  return withQuery("/v1/events", {
    before,
    limit: PAGE,
    types: types?.join(","),
    stations: stations?.join(","),
    match: match === undefined ? undefined : JSON.stringify(match),
  });
}
