import { Command, CommanderError } from "commander";
import * as z from "zod";

import packageJson from "../../package.json" with { type: "json" };

import { ApiError } from "../relay/api.ts";
import { RelayError } from "../relay/relay.ts";
import { UsageError } from "../simulator/command-line.ts";
import { addCommands } from "./commands.ts";
import { problemOf } from "./resources.ts";

/** 0: done. 1: the relay refused or cannot be had, or what was asked for failed. 2: typed wrong. */
const FAILED = 1;
const USAGE = 2;

const EPILOGUE = `
Where the relay is and the key for it come from CHARGEWIRE_URL and CHARGEWIRE_KEY, else from the
profile that \`chargewire login\` has stored. Keys are never printed.

Exit code: 0 done, 1 refused or failed, 2 typed wrong.`;

async function buildProgram(): Promise<Command> {
  const program = new Command("chargewire")
    .description("Runs and watches a Chargewire relay.")
    .version(packageJson.version)
    .option("--profile <name>", "of several relays the one meant")
    .option("--url <url>", "where the relay is")
    .option("--json", "answer in JSON")
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(--help says what can be given)")
    .exitOverride()
    .addHelpText("after", EPILOGUE);
  await addCommands(program, process.argv.slice(2));
  return program;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    // Asked for help or the version, which has been printed, or told what was typed wrong.
    return error.exitCode === 0 ? 0 : USAGE;
  }
  if (error instanceof UsageError) return complain(USAGE, "usage", error.message);
  if (error instanceof ApiError) {
    const { code, detail, status } = problemOf(error);
    return complain(FAILED, code, detail, status);
  }
  if (error instanceof z.ZodError) {
    const detail = `The relay's answer is not what this version expects:\n${z.prettifyError(error)}`;
    return complain(FAILED, "unexpected_answer", detail);
  }
  if (error instanceof RelayError) return complain(FAILED, "failed", error.message);
  if (error instanceof Error && error.name === "TimeoutError") {
    return complain(FAILED, "timeout", "The relay did not answer in time.");
  }
  if (error instanceof Error && error.name === "AbortError") return 130;
  throw error;
}

function complain(exitCode: number, code: string, detail: string, status?: number): number {
  if (!process.argv.includes("--json")) console.error(detail);
  else console.error(JSON.stringify({ error: { code, detail, ...(status && { status }) } }));
  return exitCode;
}

// Whoever read the output has seen enough, as `| head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

try {
  const program = await buildProgram();
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
