import type { Percentiles } from "../simulator/percentiles.ts";
import { type Account, isInOrder } from "./ledger.ts";
import type { Reconciliation } from "./reconciliation.ts";

const COLUMNS: readonly (readonly [heading: string, cell: (account: Account) => string])[] = [
  ["expected", ({ expected }) => String(expected)],
  ["received", ({ received }) => String(received)],
  ["lost", ({ lost }) => String(lost)],
  ["unexpected", ({ unexpected }) => String(unexpected)],
  ["duplicated", ({ duplicated }) => String(duplicated)],
  ["repeated", ({ repeated }) => String(repeated)],
  ["out of order", ({ outOfOrder }) => String(outOfOrder)],
  ["gaps", ({ unannouncedGaps }) => String(unannouncedGaps)],
  ["body", ({ bodyMismatches }) => String(bodyMismatches)],
  ["signature", ({ badSignatures }) => String(badSignatures ?? "-")],
];

/** The accounts as lines of a table; what is wrong is pointed at. */
export function accountsTable(accounts: readonly Account[]): string[] {
  const rows = accounts.map((account) => [
    `${account.place}${isInOrder(account) ? "" : "  <-"}`,
    ...COLUMNS.map(([, cell]) => cell(account)),
  ]);
  return aligned([["", ...COLUMNS.map(([heading]) => heading)], ...rows]);
}

/** The accounts as a table, and below it what else the run came to. */
export function reconciliationTable(reconciliation: Reconciliation): string {
  const { accounts, simulation, latencies, elapsedMs, resumedCount, findings } = reconciliation;
  const { events, acknowledged, duplicates, forgeries, latencyMs: ack } = simulation;
  const seconds = elapsedMs / 1000;
  return [
    ...accountsTable(accounts),
    "",
    `sent          ${events} events, ${duplicates} of them twice, ${forgeries.sent} forged`,
    `accepted      ${acknowledged}; ${forgeries.refused} forged ones refused`,
    `throughput    ${simulation.eventsPerSecond.toFixed(0)} events/s accepted, ${(acknowledged / seconds).toFixed(0)} events/s everywhere, ${seconds.toFixed(1)} s`,
    `ack           p50 ${ack.p50.toFixed(0)} ms  p95 ${ack.p95.toFixed(0)} ms  p99 ${ack.p99.toFixed(0)} ms  max ${ack.max.toFixed(0)} ms`,
    `frame         ${spread(latencies.frame)}`,
    `delivery      ${spread(latencies.delivery)}`,
    `reconnected   ${resumedCount} times by the dropping subscriber`,
    "",
    ...(findings.length === 0 ? ["Every event is accounted for."] : findings),
  ].join("\n");
}

/** The first column to the left, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
}

function spread(latencies: Percentiles): string {
  const shares = [0.5, 0.95, 0.99].map((share) => `p${share * 100} ${ms(latencies.at(share))}`);
  return [...shares, `max ${ms(latencies.max)}`].join("  ");
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}
