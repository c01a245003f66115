import { useEffect, useRef, useState } from "preact/hooks";

import { fleet } from "../../live/fleet.ts";
import { arrange, hold, type View } from "./arrangement.ts";

const EVERY_MS = 2_000;

export interface Arrangement {
  readonly ids: readonly string[];
  /** True while the order waits for the pointer or the keyboard to leave the list. */
  readonly isHeld: boolean;
  readonly onHold: (isHeld: boolean) => void;
}

/**
 * The stations of a view, in an order that is put right every few seconds, and not at all while
 * somebody points at the list: no row moves away under a click.
 */
export function useArrangement(view: View): Arrangement {
  const key = JSON.stringify(view);
  const [isHeld, setHeld] = useState(false);
  const [, redraw] = useState(0);
  const made = useRef<{ key: string; isKnown: boolean; ids: readonly string[] } | null>(null);
  const latest = useRef({ view, isHeld });
  latest.current = { view, isHeld };

  const isKnown = fleet.isKnown;
  if (made.current?.key !== key || made.current.isKnown !== isKnown) {
    made.current = { key, isKnown, ids: arrange(fleet.all(), view) };
  }

  useEffect(() => {
    const renew = () => {
      const { current } = made;
      if (current === null || document.visibilityState === "hidden") return;
      const { view, isHeld } = latest.current;
      const stations = fleet.all();
      const ids = isHeld ? hold(current.ids, stations, view) : arrange(stations, view);
      if (isSame(ids, current.ids)) return;
      made.current = { ...current, ids };
      redraw((times) => times + 1);
    };
    const timer = setInterval(renew, EVERY_MS);
    return () => clearInterval(timer);
  }, []);

  return { ids: made.current.ids, isHeld, onHold: setHeld };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((id, index) => id === b[index]));
}
