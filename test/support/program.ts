import { type ChildProcess, spawn } from "node:child_process";

import { PROJECT_DIR } from "../../cli/relay/relay.ts";

/** A command run in the project's folder, and the lines that it prints. */
export class Program {
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #output = "";
  #errors = "";

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(command, args, {
      cwd: PROJECT_DIR,
      // A group of its own: a script's commands end with it.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve(code));
    });
  }

  /** Whole lines only. */
  get lines(): readonly string[] {
    return this.#output.split("\n").slice(0, -1);
  }

  get errors(): string {
    return this.#errors;
  }

  /** All processes of it; resolves with the exit code of the first. */
  end(signal: NodeJS.Signals = "SIGKILL"): Promise<number | null> {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, signal);
    } catch {
      // It has ended already.
    }
    return this.ended;
  }
}
