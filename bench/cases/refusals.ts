import { type BenchCase, CONNECTIONS, withContenders } from "../case.ts";
import { type Contender, type Measured, measure } from "../contender.ts";
import { takeTurns } from "../rounds.ts";
import { comparison } from "../table.ts";
import { signWebhooks } from "../webhooks.ts";

/** Webhooks whose signature does not verify, with limits that let all of them be looked at. */
export const refusals: BenchCase = {
  name: "refusals",
  about:
    "signatures that do not verify, beside floors that only verify, with and without a text in the answer",
  isQuick: true,
  run: (context) =>
    withContenders(context, "disk", ["verify", "refuse"], async (relay, floors) => {
      const entries = [relay, ...floors].map((contender) => ({
        name: contender.name,
        turn: () => forgedSlice(contender, context.sliceMs),
      }));
      const turns = await takeTurns(entries, context.rounds, context.onTurn);
      const title = `Refused signatures, ${CONNECTIONS} connections`;
      return [comparison("refusals", title, turns, { refuse: "0.85" })];
    }),
};

async function forgedSlice(contender: Contender, sliceMs: number): Promise<Measured> {
  const plan = { count: 9 * sliceMs, stations: 16, isForged: true };
  const webhooks = signWebhooks(contender.door, plan);
  const nothing = { ...contender, reconcile: async () => contender.reconcile([]) };
  return measure(nothing, (load) => load.closedLoop(webhooks, sliceMs, 401));
}
