import { type BenchCase, type BenchContext, closedSlice, withContenders } from "../case.ts";
import { takeTurns } from "../rounds.ts";
import { comparison, type Finding } from "../table.ts";
import type { Place } from "../workerd.ts";

const STATIONS = 16;
/**
 * On disk the wait for it hides the frames; of many sockets only memory shows what they cost. With a
 * thousand the floors take few events a second, so slices are longer: a few more or less are to
 * make no difference.
 */
const COUNTS: readonly { count: number; place: Place; pushed: string; slices: number }[] = [
  { count: 1, place: "disk", pushed: "", slices: 1 },
  { count: 10, place: "disk", pushed: "1.5", slices: 1 },
  { count: 100, place: "memory", pushed: "3.2", slices: 1 },
  { count: 1_000, place: "memory", pushed: "7", slices: 4 },
];

/** Ingest with subscribers, beside a floor that pushes each event and one that gathers. */
export const subscribers: BenchCase = {
  name: "subscribers",
  about: "closed loop with 1 and 10 subscribers on disk, 100 and 1,000 in memory",
  isQuick: true,
  run: async (context) => {
    const findings: Finding[] = [];
    for (const each of COUNTS) {
      if (context.isQuick && each.count !== 10 && each.count !== 100) continue;
      findings.push(await ingestFor(context, each));
    }
    return findings;
  },
};

function ingestFor(
  context: BenchContext,
  { count, place, pushed, slices }: (typeof COUNTS)[number],
): Promise<Finding> {
  return withContenders(context, place, ["pushed", "gathered"], async (relay, floors) => {
    for (const contender of [relay, ...floors]) await contender.subscribe(count);
    const long = { ...context, sliceMs: context.sliceMs * slices };
    const entries = [relay, ...floors].map((contender) => ({
      name: contender.name,
      turn: () => closedSlice(long, contender, { stations: STATIONS }),
    }));
    const turns = await takeTurns(entries, context.rounds, context.onTurn);
    const title = `Ingest with ${count} subscriber${count === 1 ? "" : "s"}, ${STATIONS} stations, ${place === "disk" ? "on disk" : "in memory"}`;
    return comparison(`subscribers ${count}`, title, turns, { pushed });
  });
}
