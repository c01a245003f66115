import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import * as z from "zod";

import { parseJson } from "../../src/domain/webhook.ts";
import { UsageError } from "../simulator/command-line.ts";
import { writePrivately } from "./private-file.ts";

const Profile = z.strictObject({ url: z.url(), key: z.string().min(1) });
export type Profile = z.infer<typeof Profile>;

const ProfileFile = z.strictObject({ profiles: z.record(z.string(), Profile) });

export const DEFAULT_PROFILE = "default";

/** Who is asked, and with what. `origin` says where that comes from. */
export interface Connection extends Profile {
  readonly origin: string;
}

export interface ConnectionSources {
  /** From `--url`. */
  readonly url: string | undefined;
  /** From `--profile`; undefined means {@link DEFAULT_PROFILE}. */
  readonly profile: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The environment wins over a profile. A URL from elsewhere never gets the key of a profile: the
 * key of one relay is not to be shown to another.
 */
export function findConnection({ url, profile, env }: ConnectionSources): Connection {
  const file = profileFile(env);
  const name = profile ?? DEFAULT_PROFILE;
  const [givenUrl, givenKey] = [url ?? env.CHARGEWIRE_URL, env.CHARGEWIRE_KEY];
  if (givenUrl !== undefined && givenKey !== undefined) {
    return { url: readUrl(givenUrl), key: givenKey, origin: "the environment" };
  }
  const stored = readProfiles(file)[name];
  if (stored === undefined) {
    throw new UsageError(
      `There is no profile "${name}" in ${file}. ` +
        "Run `chargewire login`, or set CHARGEWIRE_URL and CHARGEWIRE_KEY.",
    );
  }
  if (givenUrl !== undefined && readUrl(givenUrl) !== stored.url) {
    throw new UsageError(
      `The URL is not that of the profile "${name}": set CHARGEWIRE_KEY for it as well.`,
    );
  }
  return { url: stored.url, key: givenKey ?? stored.key, origin: `the profile "${name}"` };
}

function readUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, "");
  throw new UsageError(`The relay's address is an http or https URL, not "${text}".`);
}

/** `$XDG_CONFIG_HOME/chargewire/config.json`, by default in `~/.config`. */
export function profileFile(env: ConnectionSources["env"]): string {
  const folder = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config");
  return join(folder, "chargewire", "config.json");
}

/** By name. None when there is no file yet. */
export function readProfiles(file: string): Readonly<Record<string, Profile>> {
  if (!existsSync(file)) return {};
  // It holds keys: should others have been let in, they are let out here.
  if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  const parsed = ProfileFile.safeParse(parseJson(readFileSync(file, "utf8")));
  if (parsed.success) return parsed.data.profiles;
  throw new UsageError(`${file} is not what \`chargewire login\` writes; mend or remove it.`);
}

export function storeProfile(file: string, name: string, profile: Profile): void {
  const profiles = { ...readProfiles(file), [name]: profile };
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writePrivately(file, JSON.stringify({ profiles }, null, 2));
}
