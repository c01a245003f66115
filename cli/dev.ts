import { dirname, join, resolve } from "node:path";

import {
  aborted,
  listenForInterrupt,
  readOptions,
  readPort,
  runCommand,
} from "./relay/command-line.ts";
import { openDevSecrets } from "./relay/dev-secrets.ts";
import { PROJECT_DIR, type Relay, startRelay } from "./relay/relay.ts";

const HELP = `Runs the relay on this machine, alone, and again with every change of the sources.

npm run dev -- [options]

  --port N              (default 8787)
  --state DIR           where the relay keeps its data; its log lies beside it
                        (default .chargewire/state)
  --help

Its secrets are in .dev.vars, made at the first start. Ctrl-C ends it.`;

async function main(): Promise<number> {
  const values = readOptions({
    port: { type: "string" },
    state: { type: "string" },
    help: { type: "boolean" },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  const port = readPort(values.port, 8787);
  const signal = listenForInterrupt();
  const secrets = openDevSecrets();
  const stateDir = resolve(values.state ?? join(PROJECT_DIR, ".chargewire/state"));
  const logFile = join(dirname(stateDir), "relay.log");
  console.log(`Secrets: ${secrets.path}${secrets.isNew ? " (just made)" : ""}`);
  const relay = await startRelay({
    port,
    stateDir,
    logFile,
    secretsFile: null,
    onTrouble: (line) => console.error(line),
    signal,
  });
  console.log(
    `Console: ${relay.url}/\nRelay:   ${relay.url}\nLog:     ${logFile}\nCtrl-C ends it.`,
  );
  return untilEnd(relay, signal);
}

async function untilEnd(relay: Relay, signal: AbortSignal): Promise<number> {
  const isInterrupted = await Promise.race([relay.ended.then(() => false), aborted(signal)]);
  await relay.stop();
  if (!isInterrupted) console.error("The relay has ended by itself; its log says why.");
  return isInterrupted ? 0 : 1;
}

await runCommand("dev", main);
