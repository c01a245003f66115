import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { RelayedEvent } from "../../../client/client.ts";
import type { Page } from "../../api/answers.ts";
import { ApiError, withQuery } from "../../api/api.ts";
import { relay } from "../../api/relay.ts";
import { messageOf } from "../../api/use-resource.ts";
import { recent } from "../../live/recent.ts";

const PAGE = 100;
/** The oldest beyond this are let go of; they can be loaded again. */
const MAX_EVENTS = 2_000;

export interface TimelineSource {
  /** In order of seq. The same list until something comes. */
  readonly events: readonly RelayedEvent[];
  /** The oldest seq that the relay keeps, once that is known. */
  readonly oldestKept: number | null;
  readonly isLoading: boolean;
  readonly error: string | null;
  readonly canLoadOlder: boolean;
  readonly loadOlder: () => Promise<void>;
  /** Fetches seqs that are missing. */
  readonly load: (first: number, last: number) => Promise<void>;
}

/** A station's events: the newest page, older ones when asked for, and what the stream brings. */
export function useTimeline(path: string, id: string, newestSeq: number | null): TimelineSource {
  const bySeq = useRef(new Map<number, RelayedEvent>());
  const [version, setVersion] = useState(0);
  const [oldestKept, setOldestKept] = useState<number | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [isLoading, setLoading] = useState(false);

  const add = useCallback((events: readonly RelayedEvent[]) => {
    if (events.length === 0) return;
    for (const event of events) bySeq.current.set(event.seq, event);
    setVersion((version) => version + 1);
  }, []);

  const load = useCallback(
    async (first: number, last: number) => {
      setLoading(true);
      setError(null);
      try {
        const { items, oldest } = await read(path, first, last);
        add(items);
        if (oldest !== null) setOldestKept(oldest);
      } catch (error) {
        setError(messageOf(error));
      }
      setLoading(false);
    },
    [path, add],
  );

  useEffect(() => {
    if (newestSeq !== null && newestSeq > 0) void load(newestSeq - PAGE + 1, newestSeq);
  }, [newestSeq, load]);
  useLiveEvents(id, add);

  const events = useMemo(() => {
    const sorted = [...bySeq.current.values()].sort((a, b) => a.seq - b.seq);
    for (const { seq } of sorted.slice(0, -MAX_EVENTS)) bySeq.current.delete(seq);
    return sorted.slice(-MAX_EVENTS);
  }, [version]);
  const first = events[0]?.seq ?? null;
  const loadOlder = async () => {
    if (first !== null) await load(first - PAGE, first - 1);
  };
  const canLoadOlder = first !== null && first > (oldestKept ?? 1) && events.length < MAX_EVENTS;
  return { events, oldestKept, isLoading, error, canLoadOlder, loadOlder, load };
}

/** Hands on what the stream has brought of the station, and goes on bringing. */
function useLiveEvents(id: string, add: (events: readonly RelayedEvent[]) => void): void {
  const seen = useRef(0);
  const lines = recent.lines();
  useEffect(() => {
    const found: RelayedEvent[] = [];
    for (let index = lines.length - 1; index >= 0; index -= 1) {
      const line = lines[index];
      if (line === undefined || line.number <= seen.current) break;
      if (line.kind === "event" && line.event.station === id) found.push(line.event);
    }
    seen.current = lines.at(-1)?.number ?? seen.current;
    add(found);
  }, [lines, id, add]);
}

/** The events from one seq to another, as far as the relay keeps them; if not, from where on it does. */
async function read(
  path: string,
  first: number,
  last: number,
): Promise<{ items: readonly RelayedEvent[]; oldest: number | null }> {
  const from = Math.max(1, first);
  const pageOf = (after: number | null, limit: number) =>
    relay.get<Page<RelayedEvent>>(withQuery(`${path}/events`, { after, limit }));
  try {
    const limit = Math.min(200, last - from + 1);
    const { items } = await pageOf(from - 1, limit);
    return { items, oldest: from === 1 ? 1 : null };
  } catch (error) {
    if (!(error instanceof ApiError && error.code === "cursor_expired")) throw error;
    const { items } = await pageOf(null, 200);
    return { items, oldest: items[0]?.seq ?? null };
  }
}
