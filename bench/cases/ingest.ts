import { type BenchCase, type BenchContext, closedSlice, withContenders } from "../case.ts";
import { takeTurns } from "../rounds.ts";
import { comparison, type Finding } from "../table.ts";

/** With so many stations every step of the floor takes part. */
const STEP_BY_STEP = 16;
const TARGETS = { group: "0.65", gathered: "0.8" };

/** Ingest without subscribers, beside every step of the floor. */
export const ingest: BenchCase = {
  name: "ingest",
  about: "closed loop over 32 connections without subscribers, at 1, 16 and 256 stations",
  isQuick: true,
  run: async (context) => {
    const findings: Finding[] = [];
    for (const stations of context.isQuick ? [16] : [1, 16, 256]) {
      findings.push(await ingestAt(context, stations));
    }
    return findings;
  },
};

function ingestAt(context: BenchContext, stations: number): Promise<Finding> {
  const modes =
    context.isQuick || stations !== STEP_BY_STEP
      ? (["group", "gathered"] as const)
      : (["answer", "verify", "object", "insert", "group", "gathered"] as const);
  return withContenders(context, "disk", modes, async (relay, floors) => {
    const entries = [relay, ...floors].map((contender) => ({
      name: contender.name,
      turn: () => closedSlice(context, contender, { stations }),
    }));
    const turns = await takeTurns(entries, context.rounds, context.onTurn);
    const title = `Ingest without subscribers, ${stations} station${stations === 1 ? "" : "s"}, on disk`;
    return comparison(`ingest ${stations}`, title, turns, TARGETS);
  });
}
