import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";

import { UsageError } from "../simulator/command-line.ts";

/** Whether there is a person to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** One line from the person. Prompts go to standard error: the output may be piped. */
export async function ask(question: string): Promise<string> {
  return (await prompt(question, process.stderr)).trim();
}

/** What is typed is not shown. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await prompt("", nowhere);
  process.stderr.write("\n");
  return answer.trim();
}

/** A secret by whatever way there is: the variable, a pipe, or a person. */
export async function readSecret(what: string, variable: string): Promise<string> {
  const given = process.env[variable];
  if (given !== undefined && given !== "") return given;
  const secret = canAsk() ? await askSecret(`${what}: `) : (await piped()).trim();
  if (secret !== "") return secret;
  throw new UsageError(`${what} is missing: type it, pipe it in, or set ${variable}.`);
}

/**
 * True once a person has agreed, or has beforehand by `--yes`. Where nobody can be asked, agreeing
 * beforehand is the only way.
 */
export async function confirm(question: string, isAgreed: boolean): Promise<boolean> {
  if (isAgreed) return true;
  if (!canAsk()) throw new UsageError("There is nobody to ask here: --yes agrees beforehand.");
  return /^y(es)?$/i.test(await ask(`${question} [y/N] `));
}

async function piped(): Promise<string> {
  return process.stdin.isTTY === true ? "" : text(process.stdin);
}

async function prompt(question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  // Nobody answers any more: as if nothing had been said.
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  const answer = await Promise.race([lines.question(question), ended]);
  lines.close();
  return answer;
}
