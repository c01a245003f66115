import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

import { PROJECT_DIR, RelayError } from "./relay.ts";

export interface DevSecrets {
  readonly path: string;
  readonly isNew: boolean;
  readonly operatorKey: string;
}

/** The secrets of a relay on this machine: made at the first start, never overwritten. */
export function openDevSecrets(): DevSecrets {
  const path = join(PROJECT_DIR, ".dev.vars");
  const isNew = createSecretsFile(path, newSecrets());
  const { OPERATOR_KEY } = parseEnv(readFileSync(path, "utf8"));
  if (OPERATOR_KEY === undefined) {
    throw new RelayError(`${path} has no OPERATOR_KEY. Add it, or delete the file for a new one.`);
  }
  return { path, isNew, operatorKey: OPERATOR_KEY };
}

export interface Secrets {
  readonly operatorKey: string;
  readonly masterKey: string;
}

export function newSecrets(): Secrets {
  return {
    operatorKey: randomBytes(32).toString("base64url"),
    masterKey: randomBytes(32).toString("base64"),
  };
}

/** Readable by its owner alone. False when the file was there already, and is as it was. */
export function createSecretsFile(path: string, { operatorKey, masterKey }: Secrets): boolean {
  const text = `OPERATOR_KEY="${operatorKey}"\nMASTER_KEY="${masterKey}"\n`;
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
