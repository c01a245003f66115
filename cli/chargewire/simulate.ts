import type { Command } from "commander";

import { HELP } from "../simulator/command-line.ts";
import { runSimulator } from "../simulator/run.ts";
import { Context } from "./context.ts";

const NAME = "simulate";

/** Every option is the simulator's own, `--url` among them, which is the full ingest URL here. */
export function addSimulate(program: Command): void {
  program
    .command(NAME)
    .description("play eDRV: a fleet of chargestations that sends webhooks")
    .argument("[options...]", "the simulator's own; simulate --help lists them")
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_words: unknown, _options: unknown, command: Command) => {
      const { output } = new Context(command);
      const given = process.argv.slice(process.argv.indexOf(NAME) + 1);
      const args = given.filter((word) => word !== "--json");
      const exitCode = await runSimulator(args, output.isJson);
      if (exitCode === null) {
        console.log(HELP.replace("npm run simulate --", "chargewire simulate"));
      }
      process.exitCode = exitCode ?? 0;
    });
}
