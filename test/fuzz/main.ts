import { readOptions, runCommand } from "../../cli/relay/command-line.ts";
import { UsageError } from "../../cli/simulator/command-line.ts";
import { fuzz } from "./fuzz.ts";
import { findingsOf, fuzzSummary, surfaceRow, TABLE_HEAD } from "./table.ts";

const HELP = `Sends hostile input to a relay of its own, on workerd itself: signatures, ids, keys and tokens,
framings of HTTP, slow and compressed bodies, signed webhooks, queries and headers, documents and
filters, and frames. Nothing may be answered 500, hang, show a secret, or make an object for
somebody without a key.

npm run test:fuzz -- [options]

  --seconds N   for each half, those without a key and those with one (default 120)
  --seed N      same seed, same inputs (default: of the time)
  --only TEXT   surfaces with this in their name
  --help

Exit code: 0 when nothing was found, 1 when something was, 2 for a wrong option.`;

const TEXT = { type: "string" } as const;

async function main(): Promise<number> {
  const values = readOptions({
    ...{ seconds: TEXT, seed: TEXT, only: TEXT },
    help: { type: "boolean", default: false },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const seed = readNumber("--seed", values.seed ?? String(Date.now() % 2 ** 31));
  console.log(`seed ${seed}\n${TABLE_HEAD}`);
  const report = await fuzz({
    seed,
    limitMs: readNumber("--seconds", values.seconds ?? "120") * 1000,
    inputs: Number.MAX_SAFE_INTEGER,
    onSurface: (surface) => console.log(surfaceRow(surface)),
    ...(values.only === undefined ? {} : { only: values.only }),
  });
  console.log(fuzzSummary(report));
  return findingsOf(report).length === 0 ? 0 : 1;
}

function readNumber(name: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new UsageError(`${name} is a whole number, not "${text}"`);
}

await runCommand("test:fuzz", main);
