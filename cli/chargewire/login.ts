import type { Command } from "commander";
import * as z from "zod";

import { Api } from "../relay/api.ts";
import { UsageError } from "../simulator/command-line.ts";
import { readHttpUrl } from "./arguments.ts";
import { Context } from "./context.ts";
import { printable } from "./output.ts";
import { DEFAULT_PROFILE, profileFile, storeProfile } from "./profiles.ts";
import { ask, canAsk, readSecret } from "./prompt.ts";
import { identify } from "./status.ts";

const ProfileName = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);

const EXAMPLES = `
Examples:
  chargewire login
  chargewire login --url https://relay.example.com --profile production < key.txt
  CHARGEWIRE_URL=http://127.0.0.1:8787 CHARGEWIRE_KEY=cw_… chargewire login --profile local`;

export function addLogin(program: Command): void {
  program
    .command("login")
    .description("store where a relay is and a key for it, after trying them")
    .addHelpText("after", EXAMPLES)
    .action(async (_options: unknown, command: Command) => {
      const { output, profile = DEFAULT_PROFILE, url } = new Context(command);
      if (!ProfileName.safeParse(profile).success) {
        throw new UsageError(`A profile's name is letters, digits, ".", "_" and "-".`);
      }
      const relayUrl = await readUrl(url);
      const key = await readSecret("API key", "CHARGEWIRE_KEY");
      const identity = await identify(new Api(relayUrl, key), key);
      const file = profileFile(process.env);
      storeProfile(file, profile, { url: relayUrl, key });
      output.result({ profile, url: relayUrl, file, ...identity }, ({ tenant, name, role }) => [
        `Logged in to ${relayUrl}`,
        `Tenant ${tenant ?? "unknown"}, key ${printable(name ?? "unknown")} (${role ?? "unknown"})`,
        `Profile "${profile}" is in ${file}`,
      ]);
    });
}

async function readUrl(given: string | undefined): Promise<string> {
  const url = given ?? process.env.CHARGEWIRE_URL;
  if (url !== undefined) return readHttpUrl(url);
  if (!canAsk()) throw new UsageError("Where is the relay? Give --url, or set CHARGEWIRE_URL.");
  return readHttpUrl(await ask("Relay (https://…): "));
}
