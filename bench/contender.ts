import type { Load, Slice } from "./load.ts";
import type { Arrival, Subscribers } from "./subscribers.ts";
import type { Door, SignedWebhook } from "./webhooks.ts";
import type { Workerd } from "./workerd.ts";

/** What a benchmark sends webhooks to: the relay, or one of the floors. */
export interface Contender {
  readonly name: string;
  readonly workerd: Workerd;
  readonly door: Door;
  readonly load: Load;
  /** Subscribers that are there; null when there are none. */
  subscribers: Subscribers | null;
  /** Opens that many sockets of the feed; of as many filters as are asked for. */
  readonly subscribe: (count: number, filters?: readonly string[]) => Promise<void>;
  /** Throws unless every webhook that was acknowledged since the last call is there once, in order. */
  readonly reconcile: (answered: readonly SignedWebhook[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** What was measured in one slice. */
export interface Measured {
  readonly perSecond: number;
  readonly cpuUsPerEvent: number;
  readonly slice: Slice;
  readonly arrivals: readonly Arrival[];
}

/** One slice of load, reconciled, with the CPU time that the contender's process took for it. */
export async function measure(
  contender: Contender,
  run: (load: Load) => Promise<Slice>,
): Promise<Measured> {
  const before = contender.workerd.cpuUs();
  const slice = await run(contender.load);
  const { length } = slice.answered;
  const arrivals = (await contender.subscribers?.collect(length)) ?? [];
  const cpuUsPerEvent = (contender.workerd.cpuUs() - before) / length;
  if (contender.subscribers !== null) checkArrivals(contender.name, slice.answered, arrivals);
  await contender.reconcile(slice.answered);
  return { perSecond: length / slice.seconds, cpuUsPerEvent, slice, arrivals };
}

/** Every event once, and those of a station in the order of their seq, without a hole. */
function checkArrivals(
  name: string,
  answered: readonly SignedWebhook[],
  arrivals: readonly Arrival[],
): void {
  const ids = new Set(arrivals.map(({ id }) => id));
  if (ids.size !== arrivals.length) throw new Error(`${name}: a frame brought an event twice`);
  for (const { id } of answered) if (!ids.has(id)) throw new Error(`${name}: ${id} was lost`);
  if (ids.size !== answered.length) throw new Error(`${name}: frames brought what was never sent`);
  checkOrder(name, new Map(), arrivals);
}

/** `seqs` has the newest seq of each station so far, and is kept up to date. */
export function checkOrder(
  name: string,
  seqs: Map<string, number>,
  events: readonly Pick<Arrival, "station" | "seq">[],
): void {
  for (const { station, seq } of events) {
    if (station === null || seq === null) continue;
    const before = seqs.get(station);
    if (before !== undefined && seq !== before + 1) {
      throw new Error(`${name}: ${station} went from ${before} to ${seq}`);
    }
    seqs.set(station, seq);
  }
}
