import { once } from "node:events";
import { type ParseArgsConfig, parseArgs } from "node:util";

import { UsageError } from "../simulator/command-line.ts";
import { RelayError } from "./relay.ts";

/** Pressed by a person twice; npm passes one Ctrl-C on a second time within milliseconds. */
const SAME_INTERRUPT_MS = 500;

/** Aborted by the first Ctrl-C or request to end; a second one ends the process at once. */
export function listenForInterrupt(): AbortSignal {
  const controller = new AbortController();
  let firstMs = 0;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (!controller.signal.aborted) firstMs = Date.now();
      else if (Date.now() - firstMs > SAME_INTERRUPT_MS) process.exit(130);
      controller.abort();
    });
  }
  return controller.signal;
}

export async function aborted(signal: AbortSignal): Promise<true> {
  if (!signal.aborted) await once(signal, "abort");
  return true;
}

/** The given options as typed. Throws a {@link UsageError} for what is not among `options`. */
export function readOptions<T extends NonNullable<ParseArgsConfig["options"]>>(options: T) {
  try {
    return parseArgs({ args: process.argv.slice(2), options, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function readPort(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new UsageError(`--port is a number from 1 to 65535, not "${text}"`);
}

/** Runs a command to its exit code: 2 for what was typed wrong, 1 for a relay that cannot be had. */
export async function runCommand(script: string, main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\nSee npm run ${script} -- --help`);
      process.exitCode = 2;
    } else if (error instanceof RelayError) {
      console.error(error.message);
      process.exitCode = 1;
    } else if (isAbort(error)) {
      process.exitCode = 130;
    } else {
      throw error;
    }
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
