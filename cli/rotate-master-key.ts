import { readFileSync, writeFileSync } from "node:fs";

import { Api } from "./relay/api.ts";
import { readOptions, runCommand } from "./relay/command-line.ts";
import { RelayError } from "./relay/relay.ts";
import { nextSecrets, readSecretsFile, secretsFileText } from "./rotation/next-secrets.ts";
import { resealAll } from "./rotation/reseal.ts";
import { UsageError } from "./simulator/command-line.ts";

const HELP = `Changes the key that seals all other secrets of a relay, in three steps.

npm run rotate-master-key -- --prepare [--from FILE] [--out FILE]

  Makes a new master key, and says what the Worker is to be given: MASTER_KEY (the new one),
  MASTER_KEY_PREVIOUS (the one of now) and ID_KEY (the one in use, so that ids, API keys and
  tokens go on working). Reads MASTER_KEY, and ID_KEY where one is set, from the environment or
  from FILE. Shows the secrets on a terminal alone; with --out it writes them to a new file that
  only its owner can read.

npm run rotate-master-key -- --url URL

  Once the Worker has them: has the secrets of every tenant sealed anew. Reads OPERATOR_KEY from
  the environment. May be broken off and repeated at any time. When it ends with 0, delete
  MASTER_KEY_PREVIOUS from the Worker, and destroy the old key.

  --help

Exit code: 0 when all is done, 1 when something could not be read or reached, 2 for a wrong option.`;

const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean", default: false } as const;

async function main(): Promise<number> {
  const values = readOptions({
    ...{ url: TEXT, from: TEXT, out: TEXT },
    ...{ prepare: FLAG, help: FLAG },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.prepare === (values.url !== undefined)) {
    throw new UsageError("Either --prepare or --url is needed.");
  }
  return values.url === undefined ? prepare(values.from, values.out) : reseal(values.url);
}

async function prepare(from: string | undefined, out: string | undefined): Promise<number> {
  const present = from === undefined ? process.env : readSecretsFile(readFileSync(from, "utf8"));
  const text = secretsFileText(await nextSecrets(present));
  if (out !== undefined) {
    writeNew(out, text);
    console.log(`Written to ${out}. Next: npx wrangler secret bulk ${out}`);
  } else if (process.stdout.isTTY) {
    console.log(text);
  } else {
    throw new UsageError("These are secrets: they are shown on a terminal, or written with --out.");
  }
  console.log("Then: npm run rotate-master-key -- --url URL");
  return 0;
}

/** Refuses a file that is there: it may hold the only copy of a key. */
function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RelayError(`${path} could not be written: ${reason}`);
  }
}

async function reseal(url: string): Promise<number> {
  if (!URL.canParse(url)) throw new UsageError(`--url is a URL, not "${url}"`);
  const key = process.env.OPERATOR_KEY;
  if (key === undefined) throw new UsageError("OPERATOR_KEY is not set.");
  const tenants = await resealAll(new Api(url.replace(/\/+$/, ""), key), (tenant) => {
    const trouble = tenant.unreadable === 0 ? "" : `, ${tenant.unreadable} cannot be opened`;
    console.log(`${tenant.id}: ${tenant.resealed} sealed anew${trouble}`);
  });
  const unreadable = tenants.reduce((sum, tenant) => sum + tenant.unreadable, 0);
  if (unreadable > 0) {
    console.error(`${unreadable} secrets cannot be opened: is MASTER_KEY_PREVIOUS set, and right?`);
    return 1;
  }
  console.log(
    `${tenants.length} tenants are done. Next: npx wrangler secret delete MASTER_KEY_PREVIOUS`,
  );
  return 0;
}

await runCommand("rotate-master-key", main);
