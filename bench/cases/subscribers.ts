import { type BenchCase, type BenchContext, closedSlice, withContenders } from "../case.ts";
import { takeTurns } from "../rounds.ts";
import { comparison, type Finding } from "../table.ts";
import type { Place } from "../workerd.ts";

const STATIONS = 16;
/** On disk the wait for it hides the frames; of many sockets only memory shows what they cost. */
const COUNTS: readonly { count: number; place: Place; pushed: string }[] = [
  { count: 1, place: "disk", pushed: "" },
  { count: 10, place: "disk", pushed: "1.5" },
  { count: 100, place: "memory", pushed: "3.2" },
  { count: 1_000, place: "memory", pushed: "7" },
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
  { count, place, pushed }: (typeof COUNTS)[number],
): Promise<Finding> {
  return withContenders(context, place, ["pushed", "gathered"], async (relay, floors) => {
    for (const contender of [relay, ...floors]) await contender.subscribe(count);
    const entries = [relay, ...floors].map((contender) => ({
      name: contender.name,
      turn: () => closedSlice(context, contender, { stations: STATIONS }),
    }));
    const turns = await takeTurns(entries, context.rounds, context.onTurn);
    const title = `Ingest with ${count} subscriber${count === 1 ? "" : "s"}, ${STATIONS} stations, ${place === "disk" ? "on disk" : "in memory"}`;
    return comparison(`subscribers ${count}`, title, turns, { pushed });
  });
}
