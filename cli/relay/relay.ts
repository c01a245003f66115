import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";

import { isFree } from "./free-port.ts";

export const PROJECT_DIR = join(import.meta.dirname, "../..");

const HOST = "127.0.0.1";
const WRANGLER = join(PROJECT_DIR, "node_modules/wrangler/bin/wrangler.js");
const HEALTH_INTERVAL_MS = 100;
const START_LIMIT_MS = 60_000;
/** How long the processes may take to end by themselves. */
const STOP_LIMIT_MS = 5_000;
const STOP_INTERVAL_MS = 25;

export interface RelayOptions {
  readonly port: number;
  /** Where the embedded storage lies; it is there again at the next start. */
  readonly stateDir: string;
  /** Gets everything that the relay prints, and starts anew with each start. */
  readonly logFile: string;
  /** A file of secrets; null leaves them to `.dev.vars`, which wrangler reads by itself. */
  readonly secretsFile: string | null;
  /** Gets the lines that a person should see: errors and warnings, not every request. */
  readonly onTrouble: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface Relay {
  readonly url: string;
  /** Everything the relay consists of runs in this process group. */
  readonly processGroup: number;
  /** Resolves when the relay has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Resolves when no process of it is left. */
  readonly stop: () => Promise<void>;
}

/** The relay could not be started, or what is there is not as it should be. */
export class RelayError extends Error {}

/** Runs the Worker in workerd by `wrangler dev`; resolves once it answers. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { port, stateDir, logFile, signal } = options;
  if (!(await isFree(port))) {
    throw new RelayError(
      `Port ${port} is taken. Stop what listens there, or choose another --port.`,
    );
  }
  mkdirSync(stateDir, { recursive: true });
  mkdirSync(dirname(logFile), { recursive: true });
  const child = launch(options);
  const processGroup = child.pid;
  if (processGroup === undefined) throw new RelayError(`${process.execPath} could not be run.`);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = stopper(processGroup);
  const relay: Relay = { url: `http://${HOST}:${port}`, processGroup, ended, stop };
  record(child, options);
  try {
    await untilHealthy(relay, signal);
  } catch (error) {
    await stop();
    throw error instanceof RelayError ? new RelayError(`${error.message} See ${logFile}`) : error;
  }
  return relay;
}

type Wrangler = ChildProcessByStdio<null, Readable, Readable>;

function launch({ port, stateDir, secretsFile }: RelayOptions): Wrangler {
  const args = ["dev", "--ip", HOST, "--port", String(port), "--persist-to", stateDir];
  args.push("--var", "DESTINATIONS:any", "--show-interactive-dev-session=false");
  // Any that is free: left to itself, wrangler picks one before it is used, and two that start
  // together pick the same.
  args.push("--inspector-port", "0");
  if (secretsFile !== null) args.push("--env-file", secretsFile);
  return spawn(process.execPath, [WRANGLER, ...args], {
    cwd: PROJECT_DIR,
    // A group of its own, so that it can be ended with everything it starts, and a Ctrl-C
    // in the terminal reaches it through us.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      NO_COLOR: "1",
      FORCE_COLOR: "0",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_WRITE_LOGS: "false",
      // Nothing is asked of the internet: no check for updates, no sample of a request's origin.
      WRANGLER_HIDE_BANNER: "true",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
    },
  });
}

/** Requests and greetings go to standard output, trouble to standard error. */
function record(child: Wrangler, { logFile, onTrouble }: RelayOptions): void {
  const log = createWriteStream(logFile, { mode: 0o600 });
  const readLines = (input: Readable, onLine: (line: string) => void) =>
    createInterface({ input }).on("line", (coloured) => {
      const line = stripVTControlCharacters(coloured);
      log.write(`${line}\n`);
      onLine(line);
    });
  readLines(child.stdout, () => {});
  readLines(child.stderr, (line) => {
    if (line.trim() !== "") onTrouble(line);
  });
  child.once("close", () => log.end());
}

async function untilHealthy({ url, ended }: Relay, signal: AbortSignal): Promise<void> {
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  for (const deadlineMs = Date.now() + START_LIMIT_MS; Date.now() < deadlineMs; ) {
    signal.throwIfAborted();
    if (hasEnded) throw new RelayError("The relay ended before it answered.");
    if (await isHealthy(url)) return;
    await sleep(HEALTH_INTERVAL_MS);
  }
  throw new RelayError(`The relay did not answer within ${START_LIMIT_MS / 1000} s.`);
}

/** Whether a relay there answers from its storage, within two seconds. */
export async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Ends the group once, however often it is called, and also when this process is about to exit. */
function stopper(processGroup: number): () => Promise<void> {
  const killNow = () => signalGroup(processGroup, "SIGKILL");
  process.once("exit", killNow);
  const stop = async () => {
    signalGroup(processGroup, "SIGTERM");
    if (!(await isGoneWithin(processGroup, STOP_LIMIT_MS))) {
      killNow();
      await isGoneWithin(processGroup, STOP_LIMIT_MS);
    }
    process.off("exit", killNow);
  };
  let stopped: Promise<void> | null = null;
  return () => {
    stopped ??= stop();
    return stopped;
  };
}

async function isGoneWithin(processGroup: number, limitMs: number): Promise<boolean> {
  for (const deadlineMs = Date.now() + limitMs; Date.now() < deadlineMs; ) {
    if (!signalGroup(processGroup, 0)) return true;
    await sleep(STOP_INTERVAL_MS);
  }
  return false;
}

/** False when no process of the group is left. Signal 0 only asks. */
function signalGroup(processGroup: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-processGroup, signal);
  } catch {
    return false;
  }
}
