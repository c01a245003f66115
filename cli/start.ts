import { join, resolve } from "node:path";

import { listenForInterrupt, readOptions, readPort, runCommand } from "./relay/command-line.ts";
import { runDemo } from "./relay/demo-run.ts";
import { PROJECT_DIR } from "./relay/relay.ts";
import { parseCommandLine } from "./simulator/command-line.ts";
import { DEFAULT_SETTINGS, type SimulatorSettings } from "./simulator/settings.ts";

const HELP = `Runs the relay on this machine with everything around it: a simulated fleet that sends
webhooks, a subscriber, and a receiver that gets them delivered.

npm start -- [options]

  --port N              of the relay (default 8787)
  --stations N          simulated chargestations (default ${DEFAULT_SETTINGS.stations})
  --speed X             virtual seconds per second, or "max" (default ${DEFAULT_SETTINGS.speed})
  --rate N              events per second, whatever the speed
  --duration SECONDS    stop by itself after that (default: runs until Ctrl-C)
  --state DIR           where the relay keeps its data; the demo's keys and the relay's log
                        lie beside it (default .chargewire/state)
  --help

Ctrl-C stops everything. The data stays, and the next start goes on with it.`;

const TEXT = { type: "string" } as const;

async function main(): Promise<number> {
  const { help, port, state, ...simulation } = readOptions({
    ...{ port: TEXT, state: TEXT, help: { type: "boolean" } },
    ...{ stations: TEXT, speed: TEXT, rate: TEXT, duration: TEXT },
  });
  if (help === true) {
    console.log(HELP);
    return 0;
  }
  return runDemo({
    port: readPort(port, 8787),
    stateDir: resolve(state ?? join(PROJECT_DIR, ".chargewire/state")),
    settings: readSettings(simulation),
    signal: listenForInterrupt(),
  });
}

/** The simulator's own options mean here what they mean there; only its end is another. */
function readSettings(simulation: Record<string, string | undefined>): SimulatorSettings {
  const given = Object.entries(simulation).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  const settings = parseCommandLine(given)?.settings ?? DEFAULT_SETTINGS;
  return simulation.duration === undefined ? { ...settings, durationMs: null } : settings;
}

await runCommand("start", main);
