import { buildRelay } from "../../bench/relay-server.ts";
import { listenForInterrupt, readOptions, runCommand } from "../../cli/relay/command-line.ts";
import { accountsTable } from "../../cli/relay/reconciliation-table.ts";
import { UsageError } from "../../cli/simulator/command-line.ts";
import { CLASSES } from "./mix.ts";
import { LAST_RELEASE } from "./releases.ts";
import { roll } from "./rolling-run.ts";

const HELP = `Rolls the present version out over ${LAST_RELEASE} and takes it back while a fleet sends events, with
old and new code side by side: objects of one class after the other, requests to both. Once for
each class that may be the first. Accounts for every event that was acknowledged.

npm run test:upgrade -- [options]

  --seed N        of the fleet and the faults (default: by the clock, printed)
  --help

Exit code: 0 when every event is accounted for, 1 when not, 2 for a wrong option.`;

const LOAD = { stations: 40, rate: 400, stepMs: 3_000 };

async function main(): Promise<number> {
  const { help, seed: given } = readOptions({
    seed: { type: "string" },
    help: { type: "boolean", default: false },
  });
  if (help) {
    console.log(HELP);
    return 0;
  }
  if (given !== undefined && !/^\d{1,9}$/.test(given)) throw new UsageError("--seed is a number");
  const seed = given === undefined ? Date.now() % 1_000_000 : Number(given);
  console.log(`seed ${seed}`);
  const signal = listenForInterrupt();
  const { code } = buildRelay();
  let findingCount = 0;
  for (const first of CLASSES.keys()) {
    const classes = [...CLASSES.slice(first), ...CLASSES.slice(0, first)];
    const order = classes.slice(0, -1).map((name) => [name]);
    const run = { code, order, isTakenBack: true, signal, seed: seed + first, ...LOAD };
    const { answered, sending, accounts, findings } = await roll(run);
    console.log(`\n${classes.join(", ")}: ${answered.length} steps`);
    console.log(accountsTable(accounts).join("\n"));
    console.log(`${sending.acknowledged} acknowledged, ${sending.retries} sent again`);
    for (const finding of findings) console.log(finding);
    findingCount += findings.length;
  }
  console.log(
    findingCount === 0 ? "\nEvery event is accounted for." : `\n${findingCount} findings.`,
  );
  return findingCount === 0 ? 0 : 1;
}

await runCommand("test:upgrade", main);
