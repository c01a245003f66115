import { accountsTable } from "../../cli/relay/reconciliation-table.ts";
import type { FaultReport } from "./fault-run.ts";

/** The accounts as a table, and below it what else the run came to. */
export function faultTable({ results, wellMs, healedMs, findings }: FaultReport): string {
  const width = Math.max(...results.map(({ fault }) => fault.name.length));
  const outcomesOf = ({ outcomes }: FaultReport["results"][number]) =>
    [...outcomes].map(([outcome, count]) => `${outcome} × ${count}`).join(", ");
  return [
    ...accountsTable(results.map(({ account }) => account)),
    "",
    "Attempts in the delivery log before the destinations were healed:",
    ...results.map((result) => `${result.fault.name.padEnd(width)}  ${outcomesOf(result)}`),
    "",
    `The one that was well had an event ${wellMs.at(0.5).toFixed(0)} ms (p50) and ${wellMs.max.toFixed(0)} ms at most after it was sent, beside all others.`,
    `All had everything ${(healedMs / 1000).toFixed(1)} s after they were healed.`,
    "",
    ...(findings.length === 0 ? ["Every event is accounted for."] : findings),
  ].join("\n");
}
