import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import type { AuditEntry, Page } from "../../api/answers.ts";
import { withQuery } from "../../api/api.ts";
import { relay } from "../../api/relay.ts";
import { messageOf } from "../../api/use-resource.ts";

export interface AuditLog {
  /** Newest first, without holes; null before the first answer. */
  readonly entries: readonly AuditEntry[] | null;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly error: string | null;
  /** Older entries, up to so many pages of them. */
  readonly loadMore: (pages: number) => void;
  /** Begins again with the newest. */
  readonly reload: () => void;
  /** Does again what has failed. */
  readonly retry: () => void;
}

interface Loaded {
  readonly entries: readonly AuditEntry[] | null;
  readonly next: string | null;
}

const PAGE = 200;
const NOTHING: Loaded = { entries: null, next: null };

export function useAuditLog(): AuditLog {
  const [loaded, setLoaded] = useState<Loaded>(NOTHING);
  const [isLoading, setLoading] = useState(false);
  const [error, setError] = useState<string | null>(null);
  // Answers to what was asked before the newest question are dropped.
  const asked = useRef(0);

  const load = useCallback(async (start: Loaded, pages: number) => {
    asked.current += 1;
    const mine = asked.current;
    const isWanted = () => asked.current === mine;
    setLoading(true);
    setError(null);
    let { entries, next } = start;
    try {
      for (let page = 0; page < pages && (entries === null || next !== null); page += 1) {
        const found: Page<AuditEntry> = await relay.get(
          withQuery("/v1/audit", { limit: PAGE, after: next }),
        );
        if (!isWanted()) return;
        entries = [...(entries ?? []), ...found.items];
        next = found.next;
        setLoaded({ entries, next });
      }
    } catch (error) {
      if (isWanted()) setError(messageOf(error));
    }
    if (isWanted()) setLoading(false);
  }, []);

  useEffect(() => {
    void load(NOTHING, 1);
    return () => {
      asked.current += 1;
    };
  }, [load]);

  return {
    entries: loaded.entries,
    hasMore: loaded.next !== null,
    isLoading,
    error,
    loadMore: (pages) => void load(loaded, pages),
    reload: () => void load(NOTHING, 1),
    retry: () => void load(loaded, 1),
  };
}
