import { listenForInterrupt, readOptions, runCommand } from "../../cli/relay/command-line.ts";
import { UsageError } from "../../cli/simulator/command-line.ts";
import { crash } from "./crash-run.ts";
import { crashTable } from "./crash-table.ts";

const HELP = `Kills the relay by SIGKILL at random instants while a fleet sends events, starts it again on the
same state, and accounts for every event that was acknowledged: at subscribers, in the list of
events, and at the destinations of three routes. A last kill comes with the senders stopped and
deliveries owed, which must be made without any new event.

npm run test:crash -- [options]

  --kills N       while events are sent (default 30)
  --stations N    (default 40)
  --rate N        events per second (default: as fast as they are taken)
  --seed N        of the fleet, the faults and the instants (default: by the clock, printed)
  --help

The process is killed, the machine is not: what the system had not yet put on disk survives here.
Exit code: 0 when every event is accounted for, 1 when not, 2 for a wrong option.`;

const TEXT = { type: "string" } as const;

async function main(): Promise<number> {
  const { help, ...values } = readOptions({
    ...{ kills: TEXT, stations: TEXT, rate: TEXT, seed: TEXT },
    help: { type: "boolean", default: false },
  });
  if (help) {
    console.log(HELP);
    return 0;
  }
  const seed = readCount("seed", values.seed) ?? Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const report = await crash({
    kills: readCount("kills", values.kills) ?? 30,
    stations: readCount("stations", values.stations) ?? 40,
    rate: readCount("rate", values.rate),
    seed,
    signal: listenForInterrupt(),
    onLine: (line) => console.log(line),
  });
  console.log(`\n${crashTable(report)}`);
  return report.findings.length === 0 ? 0 : 1;
}

function readCount(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} is a whole number, not "${text}"`);
}

await runCommand("test:crash", main);
