import { listenForInterrupt, readOptions, runCommand } from "./relay/command-line.ts";
import { reconcile } from "./relay/reconciliation.ts";
import { reconciliationTable } from "./relay/reconciliation-table.ts";
import { Terminal } from "./relay/terminal.ts";
import { parseCommandLine, UsageError } from "./simulator/command-line.ts";
import { createReporter } from "./simulator/report.ts";
import { DEFAULT_SETTINGS } from "./simulator/settings.ts";

const HELP = `Accounts for every event: sends a storm of webhooks through a relay, with copies, events out
of order and forged ones among them, to subscribers whose connections break and to a receiver
that fails now and then, and compares what was accepted with what arrived at each place.

npm run reconcile -- [options]

  --stations N          (default 50)
  --events N            (default 5000)
  --seed N              same seed, same fleet and same faults (default 1)
  --keep                leave the relay's data where they are
  --url URL             a running relay, started with DESTINATIONS=any on this machine
  --operator-key KEY    of that relay
  --help

Exit code: 0 when every event is accounted for, 1 when not, 2 for a wrong option.`;

const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean", default: false } as const;

async function main(): Promise<number> {
  const values = readOptions({
    ...{ stations: TEXT, events: TEXT, seed: TEXT, url: TEXT, "operator-key": TEXT },
    ...{ keep: FLAG, help: FLAG },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const terminal = new Terminal();
  const reporter = createReporter(false);
  const reconciliation = await reconcile({
    ...readSizes(values),
    keep: values.keep,
    target: readTarget(values.url, values["operator-key"]),
    signal: listenForInterrupt(),
    onProgress: (progress) => {
      if (terminal.isInteractive) terminal.showStatus(reporter.statusLine(progress));
    },
    onTrouble: (line) => terminal.print([line]),
  }).finally(() => terminal.close());
  console.log(reconciliationTable(reconciliation));
  const { relay, findings } = reconciliation;
  if (values.keep && relay !== null) console.log(`\nThe relay's data: ${relay.stateDir}`);
  return findings.length === 0 ? 0 : 1;
}

/** Read as the simulator reads its own, which calls the number of events its count. */
function readSizes({ stations = "50", events = "5000", seed = "1" }) {
  const args = ["--stations", stations, "--count", events, "--seed", seed];
  try {
    const settings = parseCommandLine(args)?.settings ?? DEFAULT_SETTINGS;
    return { stations: settings.stations, seed: settings.seed, events: settings.count ?? 0 };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.message.replace("--count", "--events"));
  }
}

function readTarget(url: string | undefined, operatorKey: string | undefined) {
  if (url === undefined && operatorKey === undefined) return null;
  if (url === undefined || operatorKey === undefined) {
    throw new UsageError("--url and --operator-key go together");
  }
  if (!URL.canParse(url)) throw new UsageError(`--url is a URL, not "${url}"`);
  return { url: url.replace(/\/+$/, ""), operatorKey };
}

await runCommand("reconcile", main);
