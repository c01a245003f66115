import type { Command } from "commander";

type AddCommands = (program: Command) => void;

/** Read when they are asked for: it takes a moment to load what none of the others needs. */
const MODULES: readonly {
  readonly commands: readonly string[];
  readonly load: () => Promise<AddCommands>;
}[] = [
  { commands: ["login"], load: async () => (await import("./login.ts")).addLogin },
  { commands: ["status"], load: async () => (await import("./status.ts")).addStatus },
  { commands: ["tail"], load: async () => (await import("./tail.ts")).addTail },
  { commands: ["forward"], load: async () => (await import("./forward.ts")).addForward },
  {
    commands: ["config", "export", "apply"],
    load: async () => (await import("./apply.ts")).addApply,
  },
  { commands: ["routes"], load: async () => (await import("./routes.ts")).addRoutes },
  { commands: ["sources"], load: async () => (await import("./sources.ts")).addSources },
  { commands: ["lanes"], load: async () => (await import("./lanes.ts")).addLanes },
  { commands: ["replay", "replays"], load: async () => (await import("./replay.ts")).addReplay },
  {
    commands: ["dead-letters"],
    load: async () => (await import("./dead-letters.ts")).addDeadLetters,
  },
  { commands: ["simulate"], load: async () => (await import("./simulate.ts")).addSimulate },
];

/**
 * Adds the commands that `words` name, though one may be meant otherwise, and all of them where
 * none is named.
 */
export async function addCommands(program: Command, words: readonly string[]): Promise<void> {
  const isNamed = ({ commands }: (typeof MODULES)[number]) =>
    commands.some((name) => words.includes(name));
  const named = MODULES.filter(isNamed);
  const wanted = named.length === 0 || words[0] === "help" ? MODULES : named;
  for (const { load } of wanted) (await load())(program);
}
