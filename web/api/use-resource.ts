import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { relay } from "./relay.ts";

export interface Resource<T> {
  /** Null until the first answer. Stays while a later call fails. */
  readonly data: T | null;
  /** Why the last call failed, for people; null when it did not. */
  readonly error: string | null;
  readonly isLoading: boolean;
  /** Asks again now; resolves when the answer is there, whether it is good or bad. */
  readonly reload: () => Promise<void>;
}

/** What a GET answers, asked again every `everyMs` while the page is looked at; a null path asks nothing. */
export function useResource<T>(path: string | null, everyMs: number | null = null): Resource<T> {
  return useLoaded(path, () => relay.get<T>(path ?? ""), everyMs);
}

/** All items of a list, up to a thousand. */
export function useList<T>(
  path: string | null,
  everyMs: number | null = null,
): Resource<readonly T[]> {
  return useLoaded(path, () => relay.list<T>(path ?? ""), everyMs);
}

/** What `load` brings, loaded anew when `key` changes; a null key loads nothing. */
export function useLoaded<T>(
  key: string | null,
  load: () => Promise<T>,
  everyMs: number | null = null,
): Resource<T> {
  const [state, setState] = useState<{ key: string | null; data: T | null; error: string | null }>({
    ...{ key, data: null, error: null },
  });
  const [isLoading, setLoading] = useState(key !== null);
  const latest = useRef({ key, load, asked: 0, inFlight: 0 });
  latest.current.key = key;
  latest.current.load = load;

  const reload = useCallback(async () => {
    const { key, load } = latest.current;
    if (key === null) return;
    latest.current.asked += 1;
    latest.current.inFlight += 1;
    const { asked } = latest.current;
    // What was asked for before, or of another key, must not overwrite what came of a later call.
    const isOutdated = () => latest.current.asked !== asked || latest.current.key !== key;
    setLoading(true);
    try {
      const data = await load();
      if (!isOutdated()) setState({ key, data, error: null });
    } catch (error) {
      const message = messageOf(error);
      if (!isOutdated())
        setState((old) => ({ key, data: old.key === key ? old.data : null, error: message }));
    }
    latest.current.inFlight -= 1;
    if (!isOutdated()) setLoading(false);
  }, []);

  useEffect(() => {
    void reload();
    if (everyMs === null) return;
    const timer = setInterval(() => {
      // A relay that is slower than that would have every answer outdated before it comes.
      if (document.visibilityState === "visible" && latest.current.inFlight === 0) void reload();
    }, everyMs);
    return () => clearInterval(timer);
  }, [key, everyMs, reload]);

  const isCurrent = state.key === key;
  return {
    data: isCurrent ? state.data : null,
    error: isCurrent ? state.error : null,
    isLoading: isLoading || !isCurrent,
    reload,
  };
}

/** What to tell people of something that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof TypeError) return "The relay cannot be reached.";
  return error instanceof Error ? error.message : String(error);
}
