import { accountsTable } from "../../cli/relay/reconciliation-table.ts";
import type { CrashReport } from "./crash-run.ts";

/** The accounts as a table, and below it what else the run came to. */
export function crashTable(report: CrashReport): string {
  const { kills, killsInStart, startMs, sending, accounts, last, resumedCount, findings } = report;
  const [all, sessions, gated] = last.owed;
  const { connection = 0 } = sending.statuses;
  return [
    ...accountsTable(accounts),
    "",
    `killed        ${kills} times by SIGKILL, ${killsInStart} of them while it was starting`,
    `back          after ${startMs.at(0.5).toFixed(0)} ms (p50), ${startMs.max.toFixed(0)} ms at most`,
    `sent          ${sending.events} events and ${sending.duplicates} copies in ${(sending.elapsedMs / 1000).toFixed(0)} s; ${connection} requests lost their connection, ${sending.retries} were sent again`,
    `acknowledged  ${sending.acknowledged} events; forged ones taken: ${sending.forgeries.accepted}`,
    `reconnected   ${resumedCount} times by the dropping subscriber`,
    `last kill     with ${all} deliveries owed, ${sessions} and ${gated} on the other routes; nothing sent afterwards; all made ${(last.elapsedMs / 1000).toFixed(1)} s after the start`,
    "",
    ...(findings.length === 0 ? ["Every event is accounted for."] : findings),
  ].join("\n");
}
