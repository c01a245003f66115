import type { Contender, Measured } from "./contender.ts";
import { measure } from "./contender.ts";
import { type FloorMode, floorContender, startFloors } from "./floor-contender.ts";
import { type RelayContender, startRelayContender } from "./relay-contender.ts";
import type { Finding } from "./table.ts";
import { signWebhooks, type WebhookPlan } from "./webhooks.ts";
import type { Place } from "./workerd.ts";

/** What a case is run with. */
export interface BenchContext {
  /** The built Worker. */
  readonly code: string;
  readonly sourceMap: string;
  readonly rounds: number;
  readonly sliceMs: number;
  readonly isQuick: boolean;
  readonly onTurn: () => void;
}

export interface BenchCase {
  readonly name: string;
  readonly about: string;
  /** Whether it is part of `--quick`. */
  readonly isQuick: boolean;
  readonly run: (context: BenchContext) => Promise<readonly Finding[]>;
}

export const CONNECTIONS = 32;
/** More than any floor takes in a second. */
const MOST_PER_SECOND = 9_000;
const WAKE_LIMIT_MS = 60_000;

/** A relay and floors beside it, stopped however it ends. */
export async function withContenders<T>(
  { code }: BenchContext,
  place: Place,
  modes: readonly FloorMode[],
  run: (relay: RelayContender, floors: readonly Contender[]) => Promise<T>,
): Promise<T> {
  const relay = await startRelayContender(code, place, CONNECTIONS);
  const server = await startFloors(place);
  const floors = modes.map((mode) => floorContender(server, mode, CONNECTIONS));
  try {
    return await run(relay, floors);
  } finally {
    for (const contender of [relay, ...floors]) await contender.stop();
    await server.stop();
  }
}

/** One slice in which every connection sends as fast as it is answered. */
export async function closedSlice(
  { sliceMs }: BenchContext,
  contender: Contender,
  plan: Omit<WebhookPlan, "count">,
): Promise<Measured> {
  const count = Math.ceil((MOST_PER_SECOND * sliceMs) / 1000);
  const webhooks = signWebhooks(contender.door, { ...plan, count });
  await wake(contender, plan);
  return measure(contender, (load) => load.closedLoop(webhooks, sliceMs));
}

/**
 * An event for each station, before a slice that is timed: the runtime lets go of objects that rest for ten
 * seconds, and the others' turns take about as long. What waking costs is a case of its own (catch-up).
 */
export async function wake(contender: Contender, plan: Omit<WebhookPlan, "count">): Promise<void> {
  const webhooks = signWebhooks(contender.door, { ...plan, count: plan.stations });
  await measure(contender, (load) => load.closedLoop(webhooks, WAKE_LIMIT_MS));
}
