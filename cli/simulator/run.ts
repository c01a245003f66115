import { once } from "node:events";
import { createWriteStream, existsSync, readFileSync } from "node:fs";
import * as z from "zod";

import { parseJson } from "../../src/domain/webhook.ts";
import { listenForInterrupt } from "../relay/command-line.ts";
import { parseCommandLine, type SimulateCommand, UsageError } from "./command-line.ts";
import { createReporter } from "./report.ts";
import { type SentEvent, simulate } from "./simulator.ts";
import { isClean } from "./summary.ts";

const DEMO_FILE = ".chargewire/demo.json";
const CLEAR_LINE = "\r\x1b[2K";

/** What the start command leaves for the others. */
const Demo = z.object({ ingestUrl: z.url(), secret: z.string().min(1) });

/** The receiver, from the options, and what they leave out from the running demo. */
function findReceiver({ url, secret }: SimulateCommand): { url: string; secret: string } {
  if (url !== null && secret !== null) return { url, secret };
  const missing = [...(url === null ? ["--url"] : []), ...(secret === null ? ["--secret"] : [])];
  if (!existsSync(DEMO_FILE)) {
    throw new UsageError(
      `${missing.join(" and ")} missing, and there is no ${DEMO_FILE} in this directory.\n` +
        "Give both, or run `npm start` in another terminal first: it writes that file.",
    );
  }
  const demo = Demo.safeParse(parseJson(readFileSync(DEMO_FILE, "utf8")));
  if (!demo.success) throw new UsageError(`${DEMO_FILE} is not what \`npm start\` writes.`);
  return { url: url ?? demo.data.ingestUrl, secret: secret ?? demo.data.secret };
}

async function openRecord(file: string | null) {
  if (file === null) return null;
  const stream = createWriteStream(file);
  await once(stream, "open").catch((error: Error) => {
    throw new UsageError(`--record cannot be written: ${error.message}`);
  });
  const write = ({ body: _, ...line }: SentEvent) => stream.write(`${JSON.stringify(line)}\n`);
  const close = async () => {
    stream.end();
    await once(stream, "close");
  };
  return { write, close };
}

/**
 * Runs the simulator as `args` say, to the exit code: 0 when all was acknowledged, 1 when not. Null
 * asks for its help. With `isJson` its report is printed as JSON, and nothing else is. Throws a
 * {@link UsageError}.
 */
export async function runSimulator(
  args: readonly string[],
  isJson: boolean,
): Promise<number | null> {
  const command = parseCommandLine(args);
  return command === null ? null : run({ ...command, isQuiet: command.isQuiet || isJson }, isJson);
}

async function run(command: SimulateCommand, isJson: boolean): Promise<number> {
  const receiver = findReceiver(command);
  const record = await openRecord(command.recordFile);
  const isTerminal = process.stdout.isTTY === true;
  const reporter = createReporter(isTerminal && !process.env.NO_COLOR);
  const showsProgress = isTerminal && !command.isQuiet;
  if (!command.isQuiet) console.log(`Sending to ${receiver.url}`);
  const report = await simulate({
    ...command.settings,
    ...receiver,
    signal: listenForInterrupt(),
    onAcknowledged: (event) => record?.write(event),
    onProgress: (progress) => {
      if (showsProgress) process.stdout.write(CLEAR_LINE + reporter.statusLine(progress));
    },
  });
  await record?.close();
  if (showsProgress) process.stdout.write(CLEAR_LINE);
  if (isJson) {
    console.log(JSON.stringify(report, null, 2));
    return isClean(report) ? 0 : 1;
  }
  const summary = reporter.summary(report);
  if (!isClean(report)) console.error(summary);
  else if (!command.isQuiet) console.log(summary);
  return isClean(report) ? 0 : 1;
}
