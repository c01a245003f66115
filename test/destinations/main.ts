import { listenForInterrupt, readOptions, runCommand } from "../../cli/relay/command-line.ts";
import { UsageError } from "../../cli/simulator/command-line.ts";
import { meetFaults } from "./fault-run.ts";
import { faultTable } from "./fault-table.ts";

const HELP = `Sends events through a relay to destinations that misbehave in every way that is in
test/destinations/faults.ts, one route each and all at once, beside one that is well; heals them, and
accounts for every event at each of them.

npm run test:destinations -- [options]

  --stations N        (default 10)
  --events N          (default 200)
  --faulty SECONDS    how long the faults last once each was met (default 20)
  --seed N            of the fleet (default 1)
  --help

Exit code: 0 when every event is accounted for, 1 when not, 2 for a wrong option.`;

const TEXT = { type: "string" } as const;

async function main(): Promise<number> {
  const { help, ...values } = readOptions({
    ...{ stations: TEXT, events: TEXT, faulty: TEXT, seed: TEXT },
    help: { type: "boolean", default: false },
  });
  if (help) {
    console.log(HELP);
    return 0;
  }
  const report = await meetFaults({
    stations: readCount("stations", values.stations, 10),
    events: readCount("events", values.events, 200),
    faultyMs: readCount("faulty", values.faulty, 20) * 1_000,
    seed: readCount("seed", values.seed, 1),
    signal: listenForInterrupt(),
  });
  console.log(faultTable(report));
  return report.findings.length === 0 ? 0 : 1;
}

function readCount(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} is a whole number, not "${text}"`);
}

await runCommand("test:destinations", main);
