import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { PROJECT_DIR } from "../../cli/relay/relay.ts";
import { Program } from "./program.ts";

/** The Node that the repository brings along, which is what `npx` runs the command by. */
export const NODE = join(PROJECT_DIR, "node_modules/.bin/node");
export const CHARGEWIRE = join(PROJECT_DIR, "cli/chargewire.mjs");

export interface Ran {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

/** What a person's own settings are must not matter here. */
const BARE = {
  CHARGEWIRE_URL: undefined,
  CHARGEWIRE_KEY: undefined,
  NO_COLOR: undefined,
  FORCE_COLOR: undefined,
};

export type Variables = Readonly<Record<string, string | undefined>>;

/** Runs the command line as a process of its own, to its end. */
export async function chargewire(
  args: readonly string[],
  env: Variables,
  input = "",
): Promise<Ran> {
  const child: ChildProcess = spawn(NODE, [CHARGEWIRE, ...args], {
    cwd: PROJECT_DIR,
    env: { ...process.env, ...BARE, ...env },
  });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error("no pipes");
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  // It may have ended without having read anything.
  stdin.on("error", () => {});
  stdin.end(input);
  const [exitCode, out, err] = await Promise.all([exit, text(stdout), text(stderr)]);
  return { exitCode, out, err };
}

/** The same, running until it is ended. */
export function startChargewire(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Program {
  return new Program(NODE, [CHARGEWIRE, ...args], env);
}
