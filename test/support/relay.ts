import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { findFreePort } from "../../cli/relay/free-port.ts";
import { type Relay, startRelay } from "../../cli/relay/relay.ts";
import { MASTER_KEY, OPERATOR_KEY } from "./secrets.ts";

/** A relay on a port of its own, with its state in a temporary directory. */
export class TestRelay {
  readonly #directory: string;
  readonly #port: number;
  #relay: Relay;

  private constructor(directory: string, port: number, relay: Relay) {
    this.#directory = directory;
    this.#port = port;
    this.#relay = relay;
  }

  static async start(): Promise<TestRelay> {
    const directory = mkdtempSync(join(tmpdir(), "chargewire-"));
    const secrets = `OPERATOR_KEY=${OPERATOR_KEY}\nMASTER_KEY=${MASTER_KEY}\n`;
    writeFileSync(join(directory, "secrets"), secrets);
    const port = await findFreePort();
    return new TestRelay(directory, port, await launch(directory, port));
  }

  get url(): string {
    return this.#relay.url;
  }

  /** As a crash does it: no process gets to do anything more. */
  async kill(): Promise<void> {
    process.kill(-this.#relay.processGroup, "SIGKILL");
    // What has been killed holds its port until it is gone.
    await this.#relay.stop();
  }

  /** After {@link kill}: the same port, the same state. */
  async restart(): Promise<void> {
    this.#relay = await launch(this.#directory, this.#port);
  }

  /** Stopped, and started again with the secrets of that file, as after a deployment. */
  async restartWith(secretsFile: string): Promise<void> {
    await this.#relay.stop();
    copyFileSync(secretsFile, join(this.#directory, "secrets"));
    await this.restart();
  }

  async stop(): Promise<void> {
    await this.#relay.stop();
    rmSync(this.#directory, { recursive: true });
  }
}

function launch(directory: string, port: number): Promise<Relay> {
  return startRelay({
    port,
    stateDir: join(directory, "state"),
    logFile: join(directory, "relay.log"),
    secretsFile: join(directory, "secrets"),
    onTrouble: () => {},
    signal: AbortSignal.timeout(60_000),
  });
}
