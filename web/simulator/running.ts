import { signal } from "@preact/signals";

import type { SimulationProgress } from "../../cli/simulator/summary.ts";

export interface Wish {
  readonly stations: number;
  /** Virtual seconds per second. */
  readonly speed: number;
}

/** Stations that this page plays, whichever of its pages is looked at. */
export interface Running extends Wish {
  readonly sourceId: string;
  /** What plays the same stations without this page. */
  readonly command: string;
  /** Null in the first second. */
  readonly progress: SimulationProgress | null;
  readonly isStopping: boolean;
  readonly stop: () => void;
}

export const running = signal<Running | null>(null);
/** Why the last run ended, when nobody had asked for it. */
export const ending = signal<string | null>(null);

/** Simulated stations are for a relay on this machine: elsewhere their events would be taken for real. */
export function isDevelopment(): boolean {
  const { hostname } = location;
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
