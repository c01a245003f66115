import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { recent } from "../../live/recent.ts";

/**
 * Calls `onNotice` as soon as the stream brings what the relay tells of a route: of the one that
 * is named, or of any when it is null.
 */
export function useNotices(routeId: string | null, onNotice: () => void): void {
  const latest = useRef(onNotice);
  latest.current = onNotice;
  useEffect(() => {
    let seen = recent.lines().at(-1)?.number ?? 0;
    return effect(() => {
      const lines = recent.lines();
      const before = seen;
      seen = lines.at(-1)?.number ?? 0;
      for (let at = lines.length - 1; at >= 0; at -= 1) {
        const line = lines[at];
        if (line === undefined || line.number <= before) return;
        if (line.kind !== "event" || !line.event.type.startsWith("relay.")) continue;
        if (routeId !== null && routeOf(line.event.body) !== routeId) continue;
        latest.current();
        return;
      }
    });
  }, [routeId]);
}

function routeOf(body: object): unknown {
  const data = "data" in body ? body.data : null;
  return typeof data === "object" && data !== null && "route" in data ? data.route : null;
}
