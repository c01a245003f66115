import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSecretsFile, newSecrets } from "./dev-secrets.ts";
import { findFreePort } from "./free-port.ts";
import { startRelay } from "./relay.ts";

/** The relay that is reconciled, started for it or not. */
export interface Host {
  readonly url: string;
  readonly operatorKey: string;
  readonly relay: StartedRelay | null;
  readonly stop: () => Promise<void>;
}

export interface StartedRelay {
  readonly processGroup: number;
  readonly stateDir: string;
}

export interface HostOptions {
  /** Leaves the data where they are. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
  readonly onTrouble?: (line: string) => void;
}

/** A relay with data and secrets of its own. */
export async function startHost({ keep, signal, onTrouble }: HostOptions): Promise<Host> {
  const stateDir = await mkdtemp(join(tmpdir(), "chargewire-"));
  const secrets = newSecrets();
  const secretsFile = join(stateDir, "secrets");
  createSecretsFile(secretsFile, secrets);
  const removeState = () => (keep ? undefined : rm(stateDir, { recursive: true, force: true }));
  try {
    const { url, processGroup, stop } = await startRelay({
      port: await findFreePort(),
      stateDir,
      logFile: join(stateDir, "relay.log"),
      secretsFile,
      onTrouble: (line) => onTrouble?.(line),
      signal,
    });
    const stopAll = async () => {
      await stop();
      await removeState();
    };
    const relay = { processGroup, stateDir };
    return { url, operatorKey: secrets.operatorKey, relay, stop: stopAll };
  } catch (error) {
    await removeState();
    throw error;
  }
}

/** One that runs already, and goes on running. */
export function hostFor({ url, operatorKey }: { url: string; operatorKey: string }): Host {
  return { url, operatorKey, relay: null, stop: async () => {} };
}
