import { randomBytes } from "node:crypto";
import { parseEnv } from "node:util";

import { deriveIdKey } from "../../src/domain/sealing.ts";
import { UsageError } from "../simulator/command-line.ts";

/** What the Worker is to be given for a rotation, by the names of its secrets. */
export interface NextSecrets {
  readonly MASTER_KEY: string;
  readonly MASTER_KEY_PREVIOUS: string;
  /** The one in use: ids, API keys and tokens hang on it, and it never changes. */
  readonly ID_KEY: string;
}

/**
 * The secrets for a change of the master key. `present` has those of now; without an `ID_KEY` the
 * Worker derives one from its master key, and goes on with that.
 */
export async function nextSecrets(
  present: Readonly<Record<string, string | undefined>>,
  newKey: string = randomBytes(32).toString("base64"),
): Promise<NextSecrets> {
  const master = readKey("MASTER_KEY", present.MASTER_KEY);
  const { ID_KEY: idKey } = present;
  if (idKey !== undefined) readKey("ID_KEY", idKey);
  return {
    MASTER_KEY: newKey,
    MASTER_KEY_PREVIOUS: master.toString("base64"),
    ID_KEY: idKey ?? Buffer.from(await deriveIdKey(new Uint8Array(master))).toString("base64"),
  };
}

/** As a file of secrets that `wrangler secret bulk` and `wrangler dev --env-file` read. */
export function secretsFileText(secrets: NextSecrets, others: Record<string, string> = {}): string {
  return Object.entries({ ...others, ...secrets })
    .map(([name, value]) => `${name}="${value}"\n`)
    .join("");
}

/** Names and values of a file of secrets. */
export function readSecretsFile(text: string): Record<string, string> {
  const entries = Object.entries(parseEnv(text));
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Never repeats the value: it may be a secret that was put in the wrong place. */
function readKey(name: string, text: string | undefined): Buffer {
  if (text === undefined) throw new UsageError(`${name} is not set.`);
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 32) throw new UsageError(`${name} is not base64 of 32 bytes.`);
  return bytes;
}
