import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import type { RelayedEvent } from "../../../client/client.ts";
import type { Filter } from "../../../src/domain/filter.ts";
import type { Page } from "../../api/answers.ts";
import { withQuery } from "../../api/api.ts";
import { relay } from "../../api/relay.ts";
import { messageOf } from "../../api/use-resource.ts";

export interface Backlog {
  /** What the relay keeps from before, newest first. */
  readonly events: readonly RelayedEvent[];
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly error: string | null;
  readonly loadMore: () => void;
}

interface Loaded {
  readonly events: readonly RelayedEvent[];
  /** Where to go on back from; null at the oldest. */
  readonly before: string | null;
}

const PAGE = 200;
const START: Loaded = { events: [], before: "now" };

/** Events from before this page was open, a page at a time; anew for another filter. */
export function useBacklog(filter: Filter): Backlog {
  const key = JSON.stringify(filter);
  const [loaded, setLoaded] = useState<Loaded>(START);
  const [isLoading, setLoading] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const latest = useRef({ key, loaded: START, isLoading: false });

  const loadMore = useCallback(async () => {
    const { current } = latest;
    const { key, loaded } = current;
    if (current.isLoading || loaded.before === null) return;
    current.isLoading = true;
    setLoading(true);
    try {
      const page: Page<RelayedEvent> = await relay.get(pathOf(JSON.parse(key), loaded.before));
      if (latest.current !== current) return;
      current.loaded = { events: [...loaded.events, ...page.items], before: page.next };
      setLoaded(current.loaded);
      setError(null);
    } catch (error) {
      if (latest.current === current) setError(messageOf(error));
    } finally {
      current.isLoading = false;
      if (latest.current === current) setLoading(false);
    }
  }, []);

  useEffect(() => {
    latest.current = { key, loaded: START, isLoading: false };
    setLoaded(START);
    void loadMore();
  }, [key, loadMore]);

  return { events: loaded.events, hasMore: loaded.before !== null, isLoading, error, loadMore };
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
