import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { runCommand } from "../cli/relay/command-line.ts";
import { PROJECT_DIR } from "../cli/relay/relay.ts";
import { UsageError } from "../cli/simulator/command-line.ts";
import type { BenchCase, BenchContext } from "./case.ts";
import { catchUp } from "./cases/catch-up.ts";
import { cost } from "./cases/cost.ts";
import { deliveries } from "./cases/deliveries.ts";
import { ingest } from "./cases/ingest.ts";
import { latency } from "./cases/latency.ts";
import { memory } from "./cases/memory.ts";
import { duplicates, filters, full, growth, routes } from "./cases/own-load.ts";
import { profiles } from "./cases/profile.ts";
import { refusals } from "./cases/refusals.ts";
import { subscribers } from "./cases/subscribers.ts";
import { timers } from "./cases/timers.ts";
import { buildRelay, readRelay } from "./relay-server.ts";
import { type Finding, markdownOf, printFinding } from "./table.ts";

const CASES: readonly BenchCase[] = [
  ingest,
  subscribers,
  latency,
  refusals,
  duplicates,
  growth,
  filters,
  full,
  routes,
  deliveries,
  catchUp,
  cost,
  memory,
  timers,
  profiles,
];

const HELP = `Measures the relay on bare workerd beside the least that a Worker can do of its work, in turns
in one run, so that what slows the machine slows both. A run in which an event is lost, doubled
or out of order is void.

npm run bench -- [cases] [options]

${CASES.map(({ name, about }) => `  ${name.padEnd(13)} ${about}`).join("\n")}

  --rounds N    turns of each (default 7)
  --quick       some of the cases, short: two minutes
  --worker DIR  measures the Worker that was built there by wrangler, in place of this one
  --write       puts the tables into docs/performance.md
  --help

The figures behind the tables are written to bench/results.`;

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const isQuick = values.quick === true;
  const chosen = CASES.filter(({ name, isQuick: inQuick }) =>
    positionals.length > 0 ? positionals.includes(name) : inQuick || !isQuick,
  );
  const unknown = positionals.find((name) => !CASES.some((each) => each.name === name));
  if (unknown !== undefined) throw new UsageError(`There is no case "${unknown}".`);
  const rounds = Number(values.rounds ?? (isQuick ? 3 : 7));
  if (!Number.isInteger(rounds) || rounds < 1) throw new UsageError("--rounds is a whole number.");
  console.log("Building the Worker …");
  const context: BenchContext = {
    ...(values.worker === undefined ? buildRelay() : readRelay(values.worker)),
    rounds,
    sliceMs: isQuick ? 500 : 1_000,
    isQuick,
    onTurn: () => process.stdout.write("."),
  };
  for (const each of chosen) {
    process.stdout.write(`\n${each.name} `);
    const findings = await each.run(context);
    console.log();
    findings.forEach(printFinding);
    store(each.name, findings);
    if (values.write) writeTables(each.name, findings);
  }
  return 0;
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: "string" },
        quick: { type: "boolean", default: false },
        worker: { type: "string" },
        write: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function store(name: string, findings: readonly Finding[]): void {
  const directory = join(PROJECT_DIR, "bench/results");
  mkdirSync(directory, { recursive: true });
  const text = JSON.stringify({ at: new Date().toISOString(), findings }, null, 2);
  writeFileSync(join(directory, `${name}.json`), `${text}\n`);
}

/** Between the case's markers; everything else of the page is written by hand. */
function writeTables(name: string, findings: readonly Finding[]): void {
  const path = join(PROJECT_DIR, "docs/performance.md");
  const page = readFileSync(path, "utf8");
  const [begin, end] = [`<!-- bench: ${name} -->`, `<!-- end: ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new UsageError(`docs/performance.md has no place for ${name}.`);
  const tables = findings.map(markdownOf).join("\n");
  writeFileSync(path, `${page.slice(0, from)}${begin}\n\n${tables}\n${page.slice(to)}`);
}

await runCommand("bench", main);
process.exit();
