import { HELP, UsageError } from "./simulator/command-line.ts";
import { runSimulator } from "./simulator/run.ts";

async function main(): Promise<number> {
  try {
    const exitCode = await runSimulator(process.argv.slice(2), false);
    if (exitCode !== null) return exitCode;
    console.log(HELP);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\nSee npm run simulate -- --help`);
    return 2;
  }
}

process.exitCode = await main();
